"""What is counted about the shop, by whoever counts it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.shared.events import Event, Handler

TRACKED: Mapping[str, str] = {
    "user.created": "user_registered",
    "user.deleted": "user_deleted",
    "order.placed": "order_placed",
    "order.confirmed": "order_confirmed",
    "order.completed": "order_completed",
    "order.canceled": "order_canceled",
    "order.expired": "order_expired",
}
"""By topic, under which name it is tracked."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """`id` is the event's, by which a repetition can be told; `subject` is the user or order that it is about."""

    id: UUID
    name: str
    subject: UUID


class Analytics(Protocol):
    async def track(self, tracked: Tracked) -> None:
        """Raises: Unavailable: it is to be tried again."""
        ...


@dataclass(frozen=True, slots=True)
class Tracking:
    """Hands on who and what, by ids alone: addresses and names are nobody's statistics."""

    analytics: Analytics

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return dict.fromkeys(TRACKED, self.track)

    async def track(self, event: Event) -> None:
        await self.analytics.track(Tracked(event.id, TRACKED[event.topic], event.key))
