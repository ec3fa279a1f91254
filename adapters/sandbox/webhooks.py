"""Webhooks as Stripe sends them: events, when they are due, their signatures, and what the shop reads of them."""

import hmac
import json
import re
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from adapters.sandbox.scenarios import Scenario
from adapters.sandbox.shapes import Shape
from domain.payments.gateway import BadSignature, Notice
from domain.payments.payment import PaymentId, PaymentProvider
from domain.payments.sandbox import SandboxDelivery
from domain.shared.clock import Clock
from domain.shared.errors import InvalidInput
from domain.shared.ids import uuid7
from domain.shared.money import Money

SIGNATURE_HEADER = "Souk-Sandbox-Signature"
TOLERANCE_SECONDS = 300
_LONGEST_SIGNATURE = 1_000
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_PAYMENT, _SETUP = "payment", "setup"


def deliveries(about: str, type_: str, thing: Shape, at: datetime, scenario: Scenario) -> Iterator[SandboxDelivery]:
    """What is sent of one event: nothing, it, or it twice. The client secret is nobody's business here."""
    event = {
        "id": f"evt_{secrets.token_hex(12)}",
        "object": "event",
        "created": int(at.timestamp()),
        "data": {"object": {name: value for name, value in thing.items() if name != "client_secret"}},
        "livemode": False,
        "type": type_,
    }
    payload = json.dumps(event, separators=(",", ":"))
    for due in scenario.arrivals(at):
        yield SandboxDelivery(uuid7(), about, payload, due, at)


def signature(secret: bytes, body: bytes, at: datetime) -> str:
    """What stands in the header."""
    seconds = int(at.timestamp())
    return f"t={seconds},v1={_mac(secret, seconds, body)}"


def _mac(secret: bytes, seconds: int, body: bytes) -> str:
    return hmac.digest(secret, b"%d.%b" % (seconds, body), "sha256").hex()


class SandboxNoticeReader:
    """Implements `domain.payments.gateway.NoticeReader`."""

    provider = PaymentProvider.SANDBOX

    def __init__(self, keys: Sequence[bytes], clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def read(self, body: bytes, signature: str) -> Notice:
        """Raises: BadSignature: it is not ours, too old or too new, or not readable."""
        self._verify(body, signature)
        try:
            text = body.decode()
            return _notice(json.loads(text), text)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InvalidInput) as unreadable:
            raise BadSignature("The event cannot be read.") from unreadable

    def _verify(self, body: bytes, signature: str) -> None:
        seconds, given = _parts(signature)
        if abs(self._clock().timestamp() - seconds) > TOLERANCE_SECONDS:
            raise BadSignature("The signature is too old, or of the future.")
        made = [_mac(key, seconds, body) for key in self._keys]
        if not any(hmac.compare_digest(mac, one) for mac in made for one in given):
            raise BadSignature("The signature is of nobody we know.")


def _parts(signature: str) -> tuple[int, Sequence[str]]:
    """The time, and every signature that was made then."""
    pairs = [part.strip().partition("=") for part in signature[:_LONGEST_SIGNATURE].split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    given = [value for name, _, value in pairs if name == "v1" and value.isascii()]
    if len(times) != 1 or not _SECONDS.fullmatch(times[0]) or not given:
        raise BadSignature("There is no signature that can be read.")
    return int(times[0]), given


def _notice(event: dict[str, Any], payload: str) -> Notice:
    thing = cast("dict[str, Any]", event["data"]["object"])
    of_intent = thing["object"] == "payment_intent"
    subject, reference = "", None
    if of_intent or thing.get("payment_intent"):
        subject, reference = _PAYMENT, str(thing["id"] if of_intent else thing["payment_intent"])
    elif thing["object"] == "setup_intent":
        subject, reference = _SETUP, str(thing["id"])
    return Notice(
        external_id=str(event["id"]),
        type=str(event["type"]),
        subject=subject,
        reference=reference,
        account=event.get("account"),
        is_live=event["livemode"] is True,
        payment_id=_payment_id(thing.get("metadata") or {}),
        amount=Money.of_units(int(thing["amount"]), thing["currency"].upper()) if of_intent else None,
        payload=payload,
    )


def _payment_id(metadata: dict[str, Any]) -> PaymentId | None:
    given = metadata.get("payment_id")
    return PaymentId(UUID(given)) if given else None
