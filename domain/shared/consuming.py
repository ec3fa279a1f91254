"""How events reach those who act on them: groups of handlers, of which each gets every event of its topics.

A group is a consumer: it gets its own copy of an event, fails for itself, is tried again for itself, and remembers in
the inbox what it has done, so that a copy that comes twice has its effect once.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from domain.shared.events import Event, Handler
from domain.shared.work import Begin, Work

MOST_ATTEMPTS = 5
"""Of what fails for no reason that will pass. Then the event is parked: kept, and tried no more by itself."""
AT_ONCE = 20
"""Events that one process handles side by side."""
HANDLING_SECONDS = 40.0
"""After which a handler is given up, as if it had failed."""
EVERYBODY = ""
"""The consumer of an event that has not been given to each of its consumers yet."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to one consumer, or to EVERYBODY who wants it."""

    event: Event
    consumer: str
    occurred_at: datetime
    is_noted: bool = False
    """Whether whoever brings it has looked for a note that the consumer has done it, and will write that note."""


class AlreadyHandled(Exception):
    """This consumer has done this before."""


class Inbox(Protocol):
    """What consumers have done, for effects outside of the database."""

    async def has(self, delivery: Delivery) -> bool:
        """Raises: Unavailable."""
        ...

    async def add(self, delivery: Delivery) -> None:
        """Raises: Unavailable."""
        ...


class ReceivingWork(Work, Protocol):
    async def receive(self, delivery: Delivery) -> None:
        """Remember, in this transaction, that the consumer has done it.

        Raises:
            AlreadyHandled: it had before.
            Unavailable: somebody else is just doing it.
        """
        ...


class Parking(Protocol):
    """Where events are put that are given up, for people to look at: `souk events list` and `replay`."""

    async def park(self, delivery: Delivery, attempts: int, error: str) -> None:
        """Raises: Unavailable."""
        ...


Handling = Callable[[Delivery], Awaitable[None]]
"""Raises: Unavailable: something is away, and it is to be tried again for as long as that takes. Hopeless: never."""


class Hopeless(Exception):
    """Trying again is of no use."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """`name` is part of its queue's name, and of what it remembers: it stays as it is."""

    name: str
    handlers: Mapping[str, Handling]


class Carrier(Protocol):
    """Takes events from the outbox to where they are handled."""

    @property
    def consumers(self) -> Sequence[str]:
        """Whose notes are kept by who gives events to it."""
        ...

    async def ready(self) -> bool:
        """Whether it is of any use to take events out now."""
        ...

    def parts(self, delivery: Delivery) -> Sequence[Delivery]:
        """What has to be carried of it, each for itself; of what nobody wants, nothing."""
        ...

    async def carry(self, part: Delivery) -> None:
        """Have it handled.

        Raises:
            Unavailable: not now.
            Hopeless: never.
        """
        ...


def routes(consumers: Sequence[Consumer], unanswered: Sequence[str] = ()) -> Mapping[str, Sequence[str]]:
    """By topic, the names of those who want it; nobody wants what is `unanswered`."""
    topics = {*unanswered, *(topic for consumer in consumers for topic in consumer.handlers)}
    return {topic: [one.name for one in consumers if topic in one.handlers] for topic in sorted(topics)}


def outside(inbox: Inbox, handler: Handler) -> Handling:
    """For what has its effect elsewhere, such as a letter.

    It happens once, or once more when the process dies between the effect and the note of it. Whoever can, recognises
    the second time by the event's id.
    """

    async def handle(delivery: Delivery) -> None:
        if delivery.is_noted:
            await handler(delivery.event)
        elif not await inbox.has(delivery):
            await handler(delivery.event)
            await inbox.add(delivery)

    return handle


W = TypeVar("W", bound=ReceivingWork)


def inside(begin: Begin[W], effect: Callable[[W, Event], Awaitable[None]]) -> Handling:
    """For what has its effect in the database: effect and note are one transaction, so it happens exactly once."""

    async def handle(delivery: Delivery) -> None:
        with suppress(AlreadyHandled):
            async with begin() as work:
                await work.receive(delivery)
                await effect(work, delivery.event)
                await work.commit()

    return handle
