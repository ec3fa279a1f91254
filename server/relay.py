"""Carries events from the outbox to those who act on them, in this process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import structlog

from domain.shared.clock import Clock
from domain.shared.errors import Unavailable
from domain.shared.events import Event
from domain.shared.mail import MailRefused
from domain.shared.signals import Signals
from persistence.outbox import SqlOutbox, Taken
from persistence.unit_of_work import TOPIC

Handler = Callable[[Event], Awaitable[None]]

AT_ONCE = 20
LEASE = timedelta(seconds=60)
HANDLING_SECONDS = 40.0
"""Less than the lease: who gives up does so before anybody else may begin."""
POLL_SECONDS = 1.0
MOST_ATTEMPTS = 5
"""Of what fails for no reason that will pass."""
LONGEST_PAUSE = timedelta(minutes=5)
_LOG = structlog.stdlib.get_logger("souk.relay")


@dataclass(frozen=True, slots=True)
class Relay:
    """Several may run side by side, in one process or many."""

    outbox: SqlOutbox
    handlers: Mapping[str, Handler]
    signals: Signals
    clock: Clock

    async def run(self) -> None:
        """Until cancelled. What is being handled then is given up, and taken again when its lease is over."""
        async with self.signals.subscribe(TOPIC) as messages:
            told = asyncio.ensure_future(_heard(messages))
            try:
                while True:
                    if told.done():
                        told = asyncio.ensure_future(_heard(messages))
                    if not await self.turn():
                        await asyncio.wait((told,), timeout=POLL_SECONDS)
            finally:
                told.cancel()

    async def turn(self) -> int:
        """Handle what is due now, up to a number. How many there were."""
        try:
            taken = await self.outbox.take(AT_ONCE, self.clock(), LEASE)
        except Unavailable:
            return 0
        await asyncio.gather(*(self._carry(one) for one in taken))
        return len(taken)

    async def _carry(self, taken: Taken) -> None:
        with suppress(Unavailable):  # nothing is known to be done then: the event comes again
            try:
                await self._handle(taken.event)
            except Unavailable as failure:
                await self._later(taken, failure)
            except MailRefused as failure:
                await self._park(taken, failure)
            except Exception as failure:  # noqa: BLE001  (whatever a handler raises, the others go on)
                _LOG.exception("event not handled", topic=taken.event.topic, id=str(taken.event.id))
                await (self._later if taken.attempts < MOST_ATTEMPTS else self._park)(taken, failure)
            else:
                await self.outbox.done(taken.event)

    async def _handle(self, event: Event) -> None:
        handler = self.handlers.get(event.topic)
        if handler is not None:
            async with asyncio.timeout(HANDLING_SECONDS):
                await handler(event)

    async def _later(self, taken: Taken, failure: Exception) -> None:
        pause = min(timedelta(seconds=2 ** min(taken.attempts, 10)), LONGEST_PAUSE)
        await self.outbox.postpone(taken.event, self.clock() + pause, _told(failure))

    async def _park(self, taken: Taken, failure: Exception) -> None:
        _LOG.error("event parked", topic=taken.event.topic, id=str(taken.event.id), attempts=taken.attempts)
        await self.outbox.park(taken.event, self.clock(), _told(failure))


async def _heard(messages: AsyncIterator[str]) -> None:
    with suppress(StopAsyncIteration):
        await anext(messages)


def _told(failure: Exception) -> str:
    """What kind of failure it was. Its words may hold what somebody wrote, or an address."""
    return type(failure).__name__
