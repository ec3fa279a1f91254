"""Following one order: what happened to it, then what happens, in order, nothing missing and nothing twice.

What is true stands in the database. A follower reads on from the number of the last event it was told, so a lost
signal, a broken connection or a restart costs time only.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.orders.events import OrderEvent
from domain.orders.order import OrderId
from domain.shared.errors import NotFound
from domain.shared.following import POLL_SECONDS, Lookout, Next, Room, Together
from domain.shared.outages import Log
from domain.shared.signals import Signals
from domain.users.user import UserId

TOPIC = "orders.events"
"""Its messages name orders to which something happened: their ids in hexadecimal, separated by commas."""
PAGE = 100
"""Events of one order that are read at once."""
ACCESS_AT_ONCE, PAGES_AT_ONCE = 1_000, 20
"""What one read answers of those who come or lag behind, at most."""


@dataclass(frozen=True, slots=True)
class OrderAccess:
    """Whose an order is now, the secret in its access token if it has one, and the number of its newest event."""

    order_id: OrderId
    user_id: UserId | None
    nonce: bytes | None
    newest: int

    @property
    def owner(self) -> UUID:
        return self.user_id or self.order_id


Admits = Callable[[OrderAccess], bool]
"""Whether a follower may still see the order."""
Known = tuple[OrderAccess, OrderEvent]
Place = tuple[OrderId, int]
"""An order, and the number of one of its events; 0 stands before the first."""


class TrackedOrders(Protocol):
    """Both raise: Unavailable."""

    async def access(self, ids: Collection[OrderId]) -> Mapping[OrderId, OrderAccess]: ...
    async def after(self, places: Collection[Place]) -> Mapping[Place, Sequence[Known]]:
        """The events behind each of these places, up to PAGE of each, in order."""
        ...


class _Tracked(Room[OrderEvent]):
    def __init__(self, access: OrderAccess) -> None:
        super().__init__(access.newest)
        self.access = access

    def renew(self, access: OrderAccess) -> None:
        changed = (access.owner, access.nonce) != (self.access.owner, self.access.nonce)
        self.access = access
        if changed:
            self.wake()


class OrderTracking:
    """One for a process. However many follow an order, a new event of it is read once; `run` has to go on meanwhile."""

    def __init__(self, orders: TrackedOrders, signals: Signals, log: Log, poll_seconds: float = POLL_SECONDS) -> None:
        self._orders = orders
        self._access = Together(orders.access, ACCESS_AT_ONCE)
        self._after = Together(orders.after, PAGES_AT_ONCE)
        self._rooms = dict[OrderId, _Tracked]()
        self._lookout = Lookout[OrderId](signals, TOPIC, named, self._look, log, poll_seconds)

    @property
    def followed(self) -> int:
        """How many follow an order."""
        return sum(room.followers for room in self._rooms.values())

    async def run(self) -> None:
        await self._lookout.run()

    async def follow(self, order_id: OrderId, after: int, admits: Admits) -> AsyncGenerator[Next[OrderEvent]]:
        """What happened to the order after its event number `after`, and from then on all that happens.

        Raises:
            NotFound: it is not there, or not for this follower; also later, as soon as that is so.
            Unavailable: it cannot be read now.
        """
        access = await self._access.ask(order_id)
        if access is None:
            raise _missing()
        _require(admits, access)
        # nobody was told of events that are still to come: a number that is too high comes from elsewhere
        position = min(after, access.newest)
        with self._room(access) as room:
            while True:
                news = room.news
                known = await self._known(room, order_id, position)
                for number, (seen, event) in enumerate(known, 1):
                    _require(admits, seen)
                    yield Next(event, more=number < len(known))
                    position = event.sequence
                if not known:
                    _require(admits, room.access)
                    await news.wait()

    async def _known(self, room: _Tracked, order_id: OrderId, position: int) -> Sequence[Known]:
        """From the room, where the newest are kept; from the database, for who is far behind."""
        kept = room.after(position)
        if kept is None:
            return await self._after.ask((order_id, position)) or ()
        return [(room.access, event) for _, event in kept]

    @contextmanager
    def _room(self, access: OrderAccess) -> Generator[_Tracked]:
        order_id = access.order_id
        room = self._rooms.setdefault(order_id, _Tracked(access))
        room.followers += 1
        try:
            with self._lookout.watching(order_id):
                # what was committed before the room was there, or was not signalled yet, is found by looking once
                if room.followers == 1 or access.newest > room.newest:
                    self._lookout.expect([order_id])
                yield room
        finally:
            room.followers -= 1
            if not room.followers:
                del self._rooms[order_id]

    async def _look(self, ids: Collection[OrderId], everything: bool) -> None:  # noqa: FBT001  (see `Look`)
        due = [order_id for order_id in ids if order_id in self._rooms]
        if everything and due:
            due = await self._behind(due)
        places = [(order_id, self._rooms[order_id].newest) for order_id in due if order_id in self._rooms]
        if not places:
            return
        found = await self._orders.after(places)
        for (order_id, _), events in found.items():
            room = self._rooms.get(order_id)
            if room is not None:
                room.renew(events[-1][0])
                room.add((event.sequence, event) for _, event in events)
                if len(events) == PAGE:
                    self._lookout.expect([order_id])
        # a signal without an event: a token was revoked, and who has it is not to see it until the next poll
        quiet = [place[0] for place in places if place not in found]
        if quiet:
            await self._behind(quiet)

    async def _behind(self, ids: Collection[OrderId]) -> list[OrderId]:
        """Of these, the orders with events that nobody has told us of. Who may see them is known anew for all."""
        behind = list[OrderId]()
        for order_id, access in (await self._orders.access(ids)).items():
            room = self._rooms.get(order_id)
            if room is not None:
                room.renew(access)
                if access.newest > room.newest:
                    behind.append(order_id)
        return behind


def named(message: str) -> Sequence[OrderId]:
    """The ids in a message; what is no list of ids names none."""
    try:
        return [OrderId(UUID(hex=one)) for one in message.split(",")]
    except ValueError:
        return ()


def _require(admits: Admits, access: OrderAccess) -> None:
    if not admits(access):
        raise _missing()


def _missing() -> NotFound:
    """The same, whether it never was there or is somebody else's by now."""
    return NotFound("orderId", "order")
