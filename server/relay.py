"""Carries events from the outbox to where they are handled: in this process, or by way of a broker."""

import asyncio
from collections.abc import AsyncIterator, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

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
from persistence.outbox import Fate, Left, SqlOutbox, Taken
from persistence.unit_of_work import TOPIC

LEASE = timedelta(seconds=60)
"""More than HANDLING_SECONDS: who gives up does so before anybody else may begin."""
FINISHING_SECONDS = 2.0
"""For what is under way when the process is told to stop."""
SETTLING_SECONDS, SETTLING_PAUSE_SECONDS = 15.0, 0.5
"""For writing down what became of an event, while the database is away: less than LEASE leaves after handling it."""
POLL_SECONDS = 1.0
PAUSE_SECONDS = 0.05
"""Between two times that events are taken, unless there are more than fit: what comes meanwhile is taken together.

Who is alone is taken at once, and so is the next one of a key.
"""
TOGETHER_SECONDS = 0.5
"""After which consumers of an event that are done wait no longer for those that are not."""
_LOG = structlog.stdlib.get_logger("souk.relay")


class InProcess:
    """Calls the handlers itself, each consumer's for itself. Implements `domain.shared.consuming.Carrier`."""

    def __init__(self, consumers: Sequence[Consumer], unanswered: Sequence[str] = ()) -> None:
        self._routes: Mapping[str, Sequence[str]] = routes(consumers, unanswered)
        self.consumers = [one.name for one in consumers]
        self._handlings = {(one.name, topic): handle for one in consumers for topic, handle in one.handlers.items()}

    async def ready(self) -> bool:
        return True

    def parts(self, delivery: Delivery) -> Sequence[Delivery]:
        """One for each consumer; what is of a topic that nobody here knows stays as it is."""
        wanted = self._routes.get(delivery.event.topic)
        if delivery.consumer != EVERYBODY or wanted is None:
            return (replace(delivery, is_noted=True),)
        return [replace(delivery, consumer=consumer, is_noted=True) for consumer in wanted]

    async def carry(self, part: Delivery) -> None:
        handle = self._handlings.get((part.consumer, part.event.topic))
        if handle is None:  # a newer version wrote it, and will handle it
            raise Unavailable(f"Nobody here knows {part.event.topic}.")
        await handle(part)


class Relay:
    """Several may run side by side, in one process or many. Each event is carried once, or more often after a crash."""

    def __init__(self, outbox: SqlOutbox, carrier: Carrier, signals: Signals) -> None:
        self._outbox = outbox
        self._carrier = carrier
        self._signals = signals
        self._beginning: asyncio.Task[int] | None = None
        self._under_way = set[asyncio.Task[None]]()
        self._is_full = False
        self._due = asyncio.Event()
        self._at_once = asyncio.Event()
        """There is more than fitted, or a next one of its key."""
        self._outage = Outage(_LOG, "taking events")

    async def run(self) -> None:
        """Until cancelled: what is under way then may finish, and what takes too long is taken again after its lease.

        A handler that is slow keeps its own place, and nobody else waiting.
        """
        async with self._signals.subscribe(TOPIC) as messages:
            hearing = asyncio.create_task(self._hear(messages))
            try:
                while True:
                    self._beginning = asyncio.create_task(self._begin())
                    await asyncio.shield(self._beginning)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(PAUSE_SECONDS):
                            await self._at_once.wait()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(POLL_SECONDS):
                            await self._due.wait()
            finally:
                hearing.cancel()
                await self._finish()

    async def turn(self) -> int:
        """Carry what is due now, up to a number. How many there were."""
        begun = await self._begin()
        if self._under_way:
            await asyncio.wait(self._under_way)
        return begun

    async def _hear(self, messages: AsyncIterator[str]) -> None:
        async for _ in messages:
            self._due.set()

    async def _begin(self) -> int:
        """Take as much as there is room for. How many it was."""
        self._due.clear()
        self._at_once.clear()
        room = AT_ONCE - len(self._under_way)
        self._is_full = not room
        if not room or not await self._carrier.ready():
            return 0
        try:
            taken = await self._outbox.take(room, LEASE, self._carrier.consumers)
        except Unavailable as failure:
            self._outage.noticed(failure)
            return 0
        self._outage.over()
        self._is_full = len(taken) == room
        for one in taken:
            task = asyncio.create_task(self._carry(one))
            self._under_way.add(task)
            task.add_done_callback(self._ended)
        return len(taken)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if self._is_full:
            self._go_on()

    def _go_on(self) -> None:
        self._due.set()
        self._at_once.set()

    async def _finish(self) -> None:
        """What is just being taken is carried, too: nobody else may do that before its lease is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FINISHING_SECONDS):
                while unfinished := [task for task in self._all() if not task.done()]:
                    await asyncio.wait(unfinished)
        late = self._all()
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _all(self) -> Sequence[asyncio.Task[Any]]:
        return [*self._under_way, *([] if self._beginning is None else [self._beginning])]

    async def _carry(self, taken: Taken) -> None:
        with _noticed(taken, self._outage):
            await self._act(taken)

    async def _act(self, taken: Taken) -> None:
        """Have everybody handle it who wants it. Who is slow, or fails, is left with a copy and holds up no others."""
        parts = [part for part in self._carrier.parts(taken.delivery) if part.consumer not in taken.noted]
        now = [part for part in parts if part.consumer not in taken.behind]
        tries = {asyncio.create_task(self._try(part, taken.attempts)): part for part in now}
        try:
            # a copy of what is for one consumer would be nothing new; what is for all stands before others of its key
            alone = all(part.consumer == taken.delivery.consumer for part in parts)
            done, late = await asyncio.wait(tries, timeout=None if alone else TOGETHER_SECONDS) if tries else ((), ())
            left = [Left(part.consumer, Fate.DUE, 0) for part in parts if part not in now]
            left += [failed for task in done if (failed := task.result()) is not None]
            left += [Left(tries[task].consumer, Fate.HELD, taken.attempts) for task in late]
            await self._settle(taken, left, [tries[task] for task in done if task.result() is None])
            await asyncio.gather(*(self._end(replace(taken, delivery=tries[task]), task) for task in late))
        finally:
            for task in tries:
                task.cancel()

    async def _end(self, own: Taken, trying: asyncio.Task[Left | None]) -> None:
        """Of several who are late, each goes on as soon as it is done."""
        with _noticed(own, self._outage):
            failed = await trying
            await (self._settle(own, [], [own.delivery]) if failed is None else self._settle(own, [failed], []))

    async def _settle(self, taken: Taken, left: Sequence[Left], done: Sequence[Delivery]) -> None:
        """Tried while the lease lasts: what was done, and is not written down, would be done once more."""
        noted = [part.consumer for part in done if part.is_noted]
        clock = asyncio.get_running_loop().time
        end = clock() + SETTLING_SECONDS
        while True:
            try:
                if await self._written(taken, left, noted):
                    self._go_on()
            except Unavailable as failure:
                self._outage.noticed(failure)
                if clock() > end:
                    raise
            else:
                return
            await asyncio.sleep(SETTLING_PAUSE_SECONDS)

    async def _written(self, taken: Taken, left: Sequence[Left], noted: Sequence[str]) -> bool:
        """Whether others of its key may be due now. Does nothing when it was done before, and the answer was lost."""
        if not left:
            return await self._outbox.done(taken, noted)
        await self._outbox.leave(taken, *left, noted=noted)
        return True

    async def _try(self, part: Delivery, attempts: int) -> Left | None:
        """What is left to do; None if nothing is."""
        consumer, facts = part.consumer, _facts(part)
        try:
            async with asyncio.timeout(HANDLING_SECONDS):
                await self._carrier.carry(part)
        except Unavailable as failure:
            return Left(consumer, Fate.WAIT, attempts - 1, told(failure))
        except Hopeless as failure:
            error = told(failure)
        except Exception as failure:  # noqa: BLE001  (whatever a handler raises, the others go on)
            _LOG.exception("event not handled", **facts)
            error = told(failure)
            if attempts < MOST_ATTEMPTS:
                return Left(consumer, Fate.AGAIN, attempts, error, timedelta(seconds=2 ** (attempts - 1)))
        else:
            return None
        _LOG.error("event parked", **facts, attempts=attempts)
        return Left(consumer, Fate.PARKED, attempts, error)


@contextmanager
def _noticed(taken: Taken, outage: Outage) -> Generator[None]:
    """Nothing fails the block: what cannot be written down comes again after its lease."""
    try:
        yield
    except Unavailable as failure:
        outage.noticed(failure)
    except Exception:  # noqa: BLE001  (see above)
        _LOG.exception("event not settled", topic=taken.event.topic, id=str(taken.event.id))


def told(failure: Exception) -> str:
    """What kind of failure it was. Its words may hold what somebody wrote, or an address."""
    return type(failure).__name__


def _facts(part: Delivery) -> Mapping[str, str]:
    return {"topic": part.event.topic, "id": str(part.event.id), "consumer": part.consumer}
