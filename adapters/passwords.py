"""Hashes passwords by argon2id."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from domain.shared.errors import Unavailable

T = TypeVar("T")

# OWASP asks for 19 MiB and two passes at least; this is 70 ms of one core.
MEMORY_KIB = 65_536
PASSES = 2
_AT_ONCE = 2
"""Hashes that may be made at the same time in one process: each needs its memory and a core of its own."""
MOST_WAITING = 100
"""More would wait for longer than a client does."""


def _hasher(memory_kib: int, passes: int) -> argon2.PasswordHasher:
    return argon2.PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)


@cache
def _of_nobody(memory_kib: int, passes: int) -> str:
    """Verified for who does not exist, so that it takes the time of who does. One for a process will do."""
    return _hasher(memory_kib, passes).hash("nobody has this password")


class Argon2PasswordHasher:
    """Implements `domain.users.passwords.PasswordHasher`, on threads of its own."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> None:
        self._hasher = _hasher(memory_kib, passes)
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="argon2")
        self._waiting = 0
        self._nobody = _of_nobody(memory_kib, passes)

    async def hash(self, password: str) -> str:
        return await self._turn(lambda: self._hasher.hash(password))

    async def verify(self, password: str, hashed: str | None) -> bool:
        matches = await self._turn(lambda: self._matches(password, hashed or self._nobody))
        return matches and hashed is not None

    def is_outdated(self, hashed: str) -> bool:
        try:
            return self._hasher.check_needs_rehash(hashed)
        except InvalidHashError:
            return True

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _turn(self, work: Callable[[], T]) -> T:
        if self._waiting >= MOST_WAITING:
            raise Unavailable("Too many people sign in right now; try again in a moment.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1

    def _matches(self, password: str, hashed: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False
