"""Following what goes on without everybody asking for it: one look answers all who wait for the same thing."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.shared.outages import Log, Outage
from domain.shared.signals import Signals

POLL_SECONDS = 4.0
"""A lost signal is made up for within 5 s: looking takes the rest."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 1.0
"""Seconds, after a look that failed."""
KEPT = 100
"""Of the newest things, for those who are a little behind."""

K = TypeVar("K")
T = TypeVar("T")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Next(Generic[T]):
    """What a stream tells. `more`: what comes next is known already, so whoever passes it on may take its time."""

    value: T
    more: bool = False


class Room(Generic[T]):
    """The newest of a row of numbered things, for all of this process who follow it."""

    def __init__(self, newest: int) -> None:
        self.newest = newest
        self._start = newest
        self._kept = deque[tuple[int, T]]()
        self._news = asyncio.Event()
        self.followers = 0

    def add(self, found: Iterable[tuple[int, T]]) -> None:
        """What comes after `newest`, in order. Wakes the followers if there is anything."""
        new = [one for one in found if one[0] > self.newest]
        if not new:
            return
        self._kept.extend(new)
        self.newest = new[-1][0]
        while len(self._kept) > KEPT:
            self._start = self._kept.popleft()[0]
        self.wake()

    def after(self, position: int) -> Sequence[tuple[int, T]] | None:
        """What is known after `position`; None when that is too long ago."""
        if position >= self.newest:
            return ()
        if position < self._start:
            return None
        return [one for one in self._kept if one[0] > position]

    @property
    def news(self) -> asyncio.Event:
        """Set at the next change. Whoever waits takes it before looking at the room."""
        return self._news

    def wake(self) -> None:
        told, self._news = self._news, asyncio.Event()
        told.set()


class Together(Generic[K, V]):
    """Reads what many ask for at once: who asks while a read is running is answered by the next one, with all others.

    A thousand clients that come back after a restart are a few reads, one after the other, and not a thousand.
    """

    def __init__(self, read: Callable[[Collection[K]], Awaitable[Mapping[K, V]]], most: int) -> None:
        self._read = read
        self._most = most
        self._asked = dict[K, asyncio.Future[V | None]]()
        self._reading: asyncio.Task[None] | None = None

    async def ask(self, key: K) -> V | None:
        """What there is now for `key`. Raises what the read raises."""
        answer = self._asked.get(key)
        if answer is None:
            answer = self._asked[key] = asyncio.get_running_loop().create_future()
        if self._reading is None or self._reading.done():
            # in a context of its own: it goes on for others when the limits of who asked first should not hold any more
            self._reading = asyncio.create_task(self._answer(), context=Context())
        return await asyncio.shield(answer)

    async def close(self) -> None:
        """Let go of a read that is running. Who waits for it must be gone already."""
        if self._reading is not None and self._reading.cancel():
            await asyncio.wait({self._reading})

    async def _answer(self) -> None:
        while self._asked:
            some = {key: self._asked.pop(key) for key in list(self._asked)[: self._most]}
            try:
                found = await self._read(some)
            except Exception as failure:  # noqa: BLE001  (it belongs to those who asked)
                for answer in some.values():
                    answer.set_exception(failure)
                    answer.exception()  # asyncio complains of those that nobody waits for any more
            else:
                for key, answer in some.items():
                    answer.set_result(found.get(key))


Look = Callable[[Collection[K], bool], Awaitable[None]]
"""Gets what to look at, and whether that is everything, without a reason to look: a signal may have been lost."""


class Lookout(Generic[K]):
    """Looks when a signal on `topic` says so, and every few seconds. `keys` tells what a message is about.

    There is one for a process: one subscription to the signals and one look at a time, however many wait. What is
    signalled during a look comes together in the next one.
    """

    def __init__(
        self,
        signals: Signals,
        topic: str,
        keys: Callable[[str], Iterable[K]],
        look: Look[K],
        log: Log,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._signals = signals
        self._topic = topic
        self._keys = keys
        self._look = look
        self._poll_seconds = poll_seconds
        self._outage = Outage(log, f"looking for news of {topic}")
        self._watched = dict[K, int]()
        self._due = set[K]()
        self._news = asyncio.Event()

    def watch(self, key: K) -> None:
        """Look at `key`, too, until it is forgotten as often."""
        self._watched[key] = self._watched.get(key, 0) + 1

    def forget(self, key: K) -> None:
        self._watched[key] -= 1
        if not self._watched[key]:
            del self._watched[key]

    @contextmanager
    def watching(self, key: K) -> Generator[None]:
        self.watch(key)
        try:
            yield
        finally:
            self.forget(key)

    def expect(self, keys: Iterable[K]) -> None:
        """There may be news of these."""
        self._due.update(key for key in keys if key in self._watched)
        if self._due:
            self._news.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with self._signals.subscribe(self._topic) as messages:
            hearing = asyncio.create_task(self._hear(messages))
            try:
                await self._keep_looking()
            finally:
                hearing.cancel()

    async def _hear(self, messages: AsyncIterator[str]) -> None:
        async for message in messages:
            self.expect(self._keys(message) if message else list(self._watched))

    async def _keep_looking(self) -> None:
        clock = asyncio.get_running_loop().time
        poll_at, pause = clock() + self._poll_seconds, SHORTEST_PAUSE
        while True:
            await self._wait(poll_at - clock())
            everything = clock() >= poll_at
            due = set(self._watched) if everything else self._due
            self._due = set[K]()
            self._news.clear()
            try:
                if due:
                    await self._look(due, everything)
            except Exception as failure:  # noqa: BLE001  (it must go on: nobody else would tell those who wait)
                self._outage.noticed(failure)
                self._due |= due
                await asyncio.sleep(pause)
                self.expect(list(self._due))
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                self._outage.over()
                pause = SHORTEST_PAUSE
                poll_at = clock() + self._poll_seconds if everything else poll_at

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await self._news.wait()
        except TimeoutError:
            return
