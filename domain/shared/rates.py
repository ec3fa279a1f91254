"""How often something may be tried, and the port that counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many times in any `seconds`."""

    times: int
    seconds: int


class Limiter(Protocol):
    """Counts by the name of what is tried and a key, such as an address; several allowances hold together."""

    async def hit(self, name: str, key: str, allowances: Sequence[Allowance]) -> None:
        """Count one try, unless it is one too many: what is refused is not counted.

        Raises:
            RateLimited: it is one too many; it says when the next one is allowed.
        """
        ...

    async def check(self, name: str, key: str, allowances: Sequence[Allowance]) -> None:
        """Raises: RateLimited: one more try would be refused. Nothing is counted."""
        ...

    async def forget(self, name: str, key: str, allowances: Sequence[Allowance]) -> None:
        """Begin to count anew."""
        ...
