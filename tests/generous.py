"""Rate limits for tests that are not about them: real ones, a million times as high."""

from collections.abc import Sequence
from dataclasses import replace

from adapters.rate_limits import MemoryLimiter
from domain.shared.rates import Allowance

FACTOR = 1_000_000


class GenerousLimiter:
    """Implements `domain.shared.rates.Limiter`."""

    def __init__(self) -> None:
        self._real = MemoryLimiter()

    async def hit(self, name: str, key: str, allowances: Sequence[Allowance]) -> None:
        await self._real.hit(name, key, _raised(allowances))

    async def check(self, name: str, key: str, allowances: Sequence[Allowance]) -> None:
        await self._real.check(name, key, _raised(allowances))

    async def forget(self, name: str, key: str, allowances: Sequence[Allowance]) -> None:
        await self._real.forget(name, key, _raised(allowances))


def _raised(allowances: Sequence[Allowance]) -> list[Allowance]:
    return [replace(one, times=one.times * FACTOR) for one in allowances]
