"""Waiting inside the process, in order of arrival, for what only so many may have at once.

PostgreSQL's queues are for the few who compete from several processes. A crowd that waited there would hold all
connections while it waits, and a lock that is not had within `lock_timeout` fails, however fairly it is passed on.
"""

import asyncio
from collections.abc import AsyncGenerator, Generator, Hashable
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic

OPERATION_SECONDS = 5.0
"""What a change may take from its first wait to its commit."""
TO_FINISH = 0.4
"""The part of that time that is kept for what has begun."""
SHOWING_SECONDS = 2.0
"""What reading may take even when that time is over: it may be showing what was just committed."""


@dataclass(slots=True)
class _Allowance:
    seconds: float
    end: float | None = None


_ALLOWANCE: ContextVar[_Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def timed(seconds: float = OPERATION_SECONDS) -> Generator[None]:
    """Let each change in the block, and in the tasks it starts, take so long in all, however often it is tried."""
    token = _ALLOWANCE.set(_Allowance(seconds))
    try:
        yield
    finally:
        _ALLOWANCE.reset(token)


def left() -> float:
    """The seconds that the change may still take; the first who asks begins it.

    Outside of `timed`, each wait may take as long as a whole change.
    """
    allowance = _ALLOWANCE.get()
    if allowance is None:
        return OPERATION_SECONDS
    now = monotonic()
    if allowance.end is None:
        allowance.end = now + allowance.seconds
    return max(allowance.end - now, 0.0)


def left_to_begin() -> float:
    """The seconds that the change may still wait before it begins.

    Who began with no time left would be cut off in the middle: the more wait, the fewer would be done.
    """
    allowance = _ALLOWANCE.get()
    seconds = OPERATION_SECONDS if allowance is None else allowance.seconds
    return max(left() - seconds * TO_FINISH, 0.0)


def left_to_read() -> float:
    """The seconds that one statement may take that only reads."""
    allowance = _ALLOWANCE.get()
    if allowance is None or allowance.end is None:
        return OPERATION_SECONDS
    return max(allowance.end - monotonic(), SHOWING_SECONDS)


def changed() -> None:
    """The change is committed: the next one has its own time."""
    allowance = _ALLOWANCE.get()
    if allowance is not None:
        allowance.end = None


class Seats:
    """So many at once; the others wait in a row."""

    def __init__(self, number: int) -> None:
        self._free = asyncio.Semaphore(number)

    async def take(self, seconds: float) -> bool:
        """Whether there was a wait. Raises: TimeoutError: none was free in time."""
        if not self._free.locked():
            await self._free.acquire()
            return False
        async with asyncio.timeout(seconds):
            await self._free.acquire()
        return True

    def leave(self) -> None:
        self._free.release()


class Turns:
    """For each key one at a time; the others wait in a row."""

    def __init__(self) -> None:
        self._rows: dict[Hashable, _Row] = {}

    def __len__(self) -> int:
        """How many keys anybody has or waits for."""
        return len(self._rows)

    @asynccontextmanager
    async def of(self, key: Hashable, seconds: float) -> AsyncGenerator[bool]:
        """The block runs while nobody else has the turn; it is told whether somebody else had it before.

        Raises:
            TimeoutError: it did not come in time.
        """
        row = self._rows.setdefault(key, _Row())
        row.people += 1
        try:
            waited = await row.seat.take(seconds)
            try:
                yield waited
            finally:
                row.seat.leave()
        finally:
            row.people -= 1
            if not row.people:
                del self._rows[key]


class _Row:
    def __init__(self) -> None:
        self.seat = Seats(1)
        self.people = 0
