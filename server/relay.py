"""Carries events from the outbox to where they are handled: in this process, or by way of a broker."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta

import structlog

from domain.shared.consuming import (
    AT_ONCE,
    EVERYBODY,
    HANDLING_SECONDS,
    MOST_ATTEMPTS,
    Carrier,
    Consumer,
    Delivery,
    Hopeless,
    routes,
)
from domain.shared.errors import Unavailable
from domain.shared.outages import Outage
from domain.shared.signals import Signals
from persistence.outbox import SqlOutbox, Taken
from persistence.unit_of_work import TOPIC

LEASE = timedelta(seconds=60)
"""More than HANDLING_SECONDS: who gives up does so before anybody else may begin."""
FINISHING_SECONDS = 2.0
"""For what is under way when the process is told to stop."""
POLL_SECONDS = 1.0
_LOG = structlog.stdlib.get_logger("souk.relay")


class InProcess:
    """Calls the handlers itself, each consumer's for itself. Implements `domain.shared.consuming.Carrier`."""

    def __init__(self, consumers: Sequence[Consumer], unanswered: Sequence[str] = ()) -> None:
        self._routes: Mapping[str, Sequence[str]] = routes(consumers, unanswered)
        self._handlings = {(one.name, topic): handle for one in consumers for topic, handle in one.handlers.items()}

    async def ready(self) -> bool:
        return True

    async def carry(self, delivery: Delivery) -> Sequence[str]:
        topic = delivery.event.topic
        if delivery.consumer == EVERYBODY and topic in self._routes:
            return self._routes[topic]
        handle = self._handlings.get((delivery.consumer, topic))
        if handle is None:  # a newer version wrote it, and will handle it
            raise Unavailable(f"Nobody here knows {topic}.")
        await handle(delivery)
        return ()


class Relay:
    """Several may run side by side, in one process or many. Each event is carried once, or more often after a crash."""

    def __init__(self, outbox: SqlOutbox, carrier: Carrier, signals: Signals) -> None:
        self._outbox = outbox
        self._carrier = carrier
        self._signals = signals
        self._under_way = set[asyncio.Task[None]]()
        self._outage = Outage(_LOG, "taking events")

    async def run(self) -> None:
        """Until cancelled: what is under way then may finish, and what takes too long is taken again after its lease.

        A handler that is slow keeps its own place, and nobody else waiting.
        """
        async with self._signals.subscribe(TOPIC) as messages:
            told = asyncio.ensure_future(_heard(messages))
            try:
                while True:
                    if told.done():
                        told = asyncio.ensure_future(_heard(messages))
                    if not await self._begin():
                        sooner = (told, *self._under_way)
                        await asyncio.wait(sooner, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            finally:
                told.cancel()
                await self._finish()

    async def turn(self) -> int:
        """Carry what is due now, up to a number. How many there were."""
        begun = await self._begin()
        if self._under_way:
            await asyncio.wait(self._under_way)
        return begun

    async def _begin(self) -> int:
        """Take as much as there is room for. How many it was."""
        room = AT_ONCE - len(self._under_way)
        if not room or not await self._carrier.ready():
            return 0
        try:
            taken = await self._outbox.take(room, LEASE)
        except Unavailable as failure:
            self._outage.noticed(failure)
            return 0
        self._outage.over()
        for one in taken:
            task = asyncio.create_task(self._carry(one))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return len(taken)

    async def _finish(self) -> None:
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=FINISHING_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _carry(self, taken: Taken) -> None:
        """Never fails: what cannot be written down comes again after its lease."""
        try:
            await self._settle(taken)
        except Unavailable as failure:
            self._outage.noticed(failure)
        except Exception:  # noqa: BLE001  (see above)
            _LOG.exception("event not settled", topic=taken.event.topic, id=str(taken.event.id))

    async def _settle(self, taken: Taken) -> None:
        try:
            async with asyncio.timeout(HANDLING_SECONDS):
                left = await self._carrier.carry(taken.delivery)
        except Unavailable as failure:
            await self._outbox.wait(taken, told(failure))
        except Hopeless as failure:
            await self._park(taken, failure)
        except Exception as failure:  # noqa: BLE001  (whatever a handler raises, the others go on)
            _LOG.exception("event not handled", **_facts(taken))
            if taken.attempts < MOST_ATTEMPTS:
                await self._outbox.again(taken, timedelta(seconds=2 ** (taken.attempts - 1)), told(failure))
            else:
                await self._park(taken, failure)
        else:
            await (self._outbox.split(taken, left) if left else self._outbox.done(taken))

    async def _park(self, taken: Taken, failure: Exception) -> None:
        _LOG.error("event parked", **_facts(taken), attempts=taken.attempts)
        await self._outbox.give_up(taken, told(failure))


def told(failure: Exception) -> str:
    """What kind of failure it was. Its words may hold what somebody wrote, or an address."""
    return type(failure).__name__


def _facts(taken: Taken) -> Mapping[str, str]:
    return {"topic": taken.event.topic, "id": str(taken.event.id), "consumer": taken.delivery.consumer}


async def _heard(messages: AsyncIterator[str]) -> None:
    """Return when there is a message, and never when there will be none any more."""
    async for _ in messages:
        return
    await asyncio.get_running_loop().create_future()
