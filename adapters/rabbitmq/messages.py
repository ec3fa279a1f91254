"""Events as messages: the facts are the body, in JSON, and everything else stands in the properties.

`correlation_id` is the key of the event: what the event is about, and so do all others that are about the same.
Messages are written anew for every way they go. With the headers that the broker adds to what waited, it would take a
third wait for a circle, and drop the message without a word.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractIncomingMessage

from domain.shared.consuming import Delivery
from domain.shared.events import Event, Fact


class Unreadable(Exception):
    """It is no message of ours."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A delivery, and how often it failed: `attempts` for no reason that would pass, `waits` as something was away."""

    delivery: Delivery
    attempts: int = 0
    waits: int = 0
    error: str = ""

    def message(self) -> Message:
        event = self.delivery.event
        return Message(
            json.dumps(dict(event.facts)).encode(),
            content_type="application/json",
            delivery_mode=DeliveryMode.PERSISTENT,
            message_id=str(event.id),
            correlation_id=str(event.key),
            timestamp=self.delivery.occurred_at,
            type=event.topic,
            app_id="souk",
            headers={
                "occurred_at": self.delivery.occurred_at.isoformat(),  # the timestamp has whole seconds
                "attempts": self.attempts,
                "waits": self.waits,
                "error": self.error,
            },
        )


def letter(message: AbstractIncomingMessage, consumer: str) -> Letter:
    """Raises: Unreadable."""
    headers = cast("Mapping[str, object]", message.headers)
    try:
        facts: Mapping[str, Fact] = dict(json.loads(message.body))
        event = Event(message.type or "", UUID(message.correlation_id), facts, UUID(message.message_id))
        occurred_at = datetime.fromisoformat(str(headers["occurred_at"]))
        attempts, waits = _number(headers, "attempts"), _number(headers, "waits")
    except (KeyError, ValueError, TypeError, AttributeError) as odd:
        raise Unreadable from odd
    return Letter(Delivery(event, consumer, occurred_at), attempts, waits, str(headers.get("error", "")))


def _number(headers: Mapping[str, object], name: str) -> int:
    number = headers.get(name, 0)
    if not isinstance(number, int):
        raise TypeError(name)
    return number
