"""Following all orders: everything that happens to any of them, in one order, from a place that a cursor names."""

from collections.abc import AsyncGenerator, Collection, Sequence
from typing import Protocol

from domain.orders.events import OrderEvent, OrderEventId
from domain.orders.tracking import TOPIC
from domain.shared.errors import InvalidCursor
from domain.shared.following import POLL_SECONDS, Lookout, Next, Room
from domain.shared.outages import Log
from domain.shared.signals import Signals

PAGE = 200
"""Events that are read at once."""
_ALL = 0

Placed = tuple[int, OrderEvent]
"""An event and its place among all."""


class OrderedEvents(Protocol):
    """All raise: Unavailable."""

    async def settle(self) -> None:
        """Give a place to all events that were committed before this began."""
        ...

    async def newest(self) -> int:
        """The highest place that was given; 0 if none was."""
        ...

    async def place(self, event_id: OrderEventId) -> int | None: ...
    async def after(self, place: int, most: int) -> Sequence[Placed]: ...


class OrderStream:
    """One for a process, which reads a new event once for all who follow; `run` has to go on meanwhile."""

    def __init__(self, events: OrderedEvents, signals: Signals, log: Log, poll_seconds: float = POLL_SECONDS) -> None:
        self._events = events
        self._room: Room[OrderEvent] | None = None
        self._lookout = Lookout[int](signals, TOPIC, lambda _: (_ALL,), self._look, log, poll_seconds)

    @property
    def followed(self) -> int:
        """How many follow them."""
        return 0 if self._room is None else self._room.followers

    async def run(self) -> None:
        await self._lookout.run()

    async def follow(self, after: OrderEventId | None) -> AsyncGenerator[Next[OrderEvent]]:
        """What happens from now on; with `after`, everything since that event first.

        Raises:
            InvalidCursor: there is no event `after`.
            Unavailable: events cannot be read now.
        """
        await self._events.settle()
        position = await self._begin(after)
        room = self._room = self._room or Room(position)
        room.followers += 1
        try:
            with self._lookout.watching(_ALL):
                self._lookout.expect([_ALL])
                while True:
                    news = room.news
                    known = room.after(position)
                    if known is None:
                        known = await self._events.after(position, PAGE)
                    for number, (place, event) in enumerate(known, 1):
                        yield Next(event, more=number < len(known))
                        position = place
                    if not known:
                        await news.wait()
        finally:
            room.followers -= 1
            if not room.followers:
                self._room = None

    async def _begin(self, after: OrderEventId | None) -> int:
        if after is None:
            return await self._events.newest()
        place = await self._events.place(after)
        if place is None:
            raise InvalidCursor("after", "is not the cursor of an event; use one that an event has.")
        return place

    async def _look(self, _: Collection[int], __: bool) -> None:  # noqa: FBT001  (see `Look`)
        room = self._room
        if room is None:
            return
        await self._events.settle()
        found = await self._events.after(room.newest, PAGE)
        room.add(found)
        if len(found) == PAGE:
            self._lookout.expect([_ALL])
