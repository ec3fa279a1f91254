"""Hashes passwords by argon2id."""

import asyncio

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP asks for 19 MiB and two passes at least; this is 70 ms of one core.
MEMORY_KIB = 65_536
PASSES = 2
_AT_ONCE = 2
"""Hashes that may be made at the same time in one process: each needs its memory and a core of its own."""


class Argon2PasswordHasher:
    """Implements `domain.users.passwords.PasswordHasher`."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> None:
        self._hasher = argon2.PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def hash(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password: str, hashed: str) -> bool:
        async with self._turns:
            return await asyncio.to_thread(self._matches, password, hashed)

    def _matches(self, password: str, hashed: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False
