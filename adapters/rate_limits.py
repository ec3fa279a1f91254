"""Rate limits with the library `limits`: moving windows, in memory or in Redis."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from hashlib import sha256
from itertools import islice
from math import floor
from typing import Any, cast

import structlog
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.storage.memory import Entry
from limits.aio.strategies import MovingWindowRateLimiter

from adapters.redis_connections import redis_client
from domain.shared.errors import RateLimited
from domain.shared.outages import Outage
from domain.shared.rates import Allowance

MOST_KEYS = 100_000
"""Windows that one process keeps; past that, those that were untouched for longest are forgotten. About 60 MB."""
FEWEST_KEYS = 1_000
ANSWER_SECONDS = 0.5
"""For all that one try asks of Redis."""
PAUSE_SECONDS = 1.0
KEY_DIGITS = 32


class _Memory(MemoryStorage):
    """Forgets what is over by looking through all windows whenever they have doubled.

    The library's own way is to look after every try, in a thread for each window: with 20,000 windows, 2.2 s of a core
    for one try.
    """

    def __init__(self) -> None:
        super().__init__()
        self._most = FEWEST_KEYS

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        begin = time.time() - expiry
        entries = self.events.pop(key, [])
        while entries and entries[-1].atime < begin:
            entries.pop()
        allowed = len(entries) + amount <= limit
        if allowed:
            entries[:0] = [Entry(expiry) for _ in range(amount)]
        if entries:
            self.events[key] = entries  # at the end: the first are those untouched for longest
        if len(self.events) > self._most:
            self._forget()
        return allowed

    def _forget(self) -> None:
        now = time.time()
        self.events = {key: entries for key, entries in self.events.items() if entries[0].expiry > now}
        # a tenth at a time, so that a flood of keys does not cost a look through all of them for each
        for key in list(islice(self.events, max(0, len(self.events) - MOST_KEYS * 9 // 10))):
            del self.events[key]
        self._most = min(MOST_KEYS, max(FEWEST_KEYS, 2 * len(self.events)))


class _Windows:
    """Implements `domain.shared.rates.Limiter` over a storage of the library.

    Keys are hashed: what they name, addresses and e-mails, is nothing that a dump of Redis should tell.
    """

    def __init__(self, storage: MemoryStorage | RedisStorage) -> None:
        self._strategy = MovingWindowRateLimiter(storage)

    async def hit(self, name: str, key: str, allowances: Sequence[Allowance]) -> None:
        items, who = _items(allowances), (name, _hashed(key))
        # to count by the first is a test of its own; when another one is used up in between, one try too many is
        # counted, and none too many is allowed
        for item in items[1:]:
            if not await self._strategy.test(item, *who):
                await self._refuse(items, who)
        for item in items:
            if not await self._strategy.hit(item, *who):
                await self._refuse(items, who)

    async def check(self, name: str, key: str, allowances: Sequence[Allowance]) -> None:
        items, who = _items(allowances), (name, _hashed(key))
        for item in items:
            if not await self._strategy.test(item, *who):
                await self._refuse(items, who)

    async def forget(self, name: str, key: str, allowances: Sequence[Allowance]) -> None:
        for item in _items(allowances):
            await self._strategy.clear(item, name, _hashed(key))

    async def _refuse(self, items: Sequence[RateLimitItem], who: tuple[str, str]) -> None:
        """Raises: RateLimited: always, until all windows have room again."""
        stats = [await self._strategy.get_window_stats(item, *who) for item in items]
        room_at = max((one.reset_time for one in stats if one.remaining < 1), default=0.0)
        # at that very instant a try is still refused
        raise RateLimited(max(1, floor(room_at - time.time()) + 1))


class MemoryLimiter(_Windows):
    """For one process alone."""

    def __init__(self) -> None:
        self._memory = _Memory()
        super().__init__(self._memory)

    @property
    def windows(self) -> int:
        """How many are kept, at most MOST_KEYS."""
        return len(self._memory.events)


class RedisLimiter:
    """Implements `domain.shared.rates.Limiter` for all processes together.

    While Redis does not answer, each process counts by itself and allows half as much; one request a second finds out
    whether Redis is back, and only that one waits for it. It has failed when a try took `answer_seconds`.
    """

    def __init__(self, url: str, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._answer_seconds = answer_seconds
        self._client = redis_client(url, answer_seconds / 2)
        self._shared = _Windows(
            RedisStorage(
                "async+redis://",
                implementation="redispy",
                key_prefix="souk",
                connection_pool=cast("Any", self._client.connection_pool),
            )
        )
        self._local = MemoryLimiter()
        self._outage = Outage(structlog.stdlib.get_logger("souk.rates"), "Redis")
        self._next_try = 0.0

    async def close(self) -> None:
        await self._client.aclose()

    async def hit(self, name: str, key: str, allowances: Sequence[Allowance]) -> None:
        if not await self._done(partial(self._shared.hit, name, key, allowances)):
            await self._local.hit(name, key, _halves(allowances))

    async def check(self, name: str, key: str, allowances: Sequence[Allowance]) -> None:
        if not await self._done(partial(self._shared.check, name, key, allowances)):
            await self._local.check(name, key, _halves(allowances))

    async def forget(self, name: str, key: str, allowances: Sequence[Allowance]) -> None:
        await self._local.forget(name, key, _halves(allowances))
        await self._done(partial(self._shared.forget, name, key, allowances))

    async def _done(self, ask: Callable[[], Awaitable[None]]) -> bool:
        """Whether Redis did it. Raises: RateLimited: Redis refused."""
        clock = asyncio.get_running_loop().time
        if self._outage.lasts:
            if clock() < self._next_try:
                return False
            self._next_try = clock() + PAUSE_SECONDS
        try:
            async with asyncio.timeout(self._answer_seconds):
                await ask()
        except RateLimited:
            self._outage.over()
            raise
        except Exception as failure:  # noqa: BLE001  (a Redis that is full, or loading, must not stop the shop either)
            self._next_try = clock() + PAUSE_SECONDS
            self._outage.noticed(failure)
            return False
        self._outage.over()
        return True


def _items(allowances: Sequence[Allowance]) -> list[RateLimitItem]:
    return [RateLimitItemPerSecond(one.times, one.seconds, namespace="rates") for one in allowances]


def _halves(allowances: Sequence[Allowance]) -> list[Allowance]:
    return [Allowance(max(1, one.times // 2), one.seconds) for one in allowances]


def _hashed(key: str) -> str:
    return sha256(key.encode(errors="surrogatepass")).hexdigest()[:KEY_DIGITS]
