"""Connections to PostgreSQL, and pools of them.

They are few: past a dozen connections PostgreSQL gets slower, and hot rows slow down first. Who finds all of them
taken waits in a row, as long as an operation may take.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg

from persistence.turns import Seats

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]

CONNECT_SECONDS = 2.0
IDLE_SECONDS = 30.0
COMMAND_SECONDS = 10.0
EACH_TIME = "force_custom_plan"
"""For pages and searches: with one plan for all values, a filtered page of 20,000 products took 120 ms, not 6."""
ONCE = "force_generic_plan"
"""For what is found by keys: to plan it again each time costs as much as to do it, a seventh of a checkout."""


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Where the database is and how long anything may take there (milliseconds where the name says so)."""

    url: str
    pool_size: int = 10
    application_name: str = "souk"
    statement_timeout_ms: int = 3_000
    lock_timeout_ms: int = 1_000
    idle_in_transaction_timeout_ms: int = 5_000

    @property
    def dsn(self) -> str:
        scheme, separator, rest = self.url.partition("://")
        return f"postgresql://{rest}" if separator and scheme.startswith("postgres") else self.url


async def connect(settings: ConnectionSettings) -> Connection:
    """One connection, with the session's limits set."""
    return await asyncpg.connect(settings.dsn, **_arguments(settings, EACH_TIME))


def _arguments(settings: ConnectionSettings, plans: str) -> dict[str, Any]:
    return {
        "timeout": CONNECT_SECONDS,
        "command_timeout": COMMAND_SECONDS,
        "statement_cache_size": 512,
        "max_cached_statement_lifetime": 0,
        "server_settings": {
            "application_name": settings.application_name,
            "statement_timeout": str(settings.statement_timeout_ms),
            "lock_timeout": str(settings.lock_timeout_ms),
            "idle_in_transaction_session_timeout": str(settings.idle_in_transaction_timeout_ms),
            "timezone": "UTC",
            "jit": "off",
            "plan_cache_mode": plans,
        },
    }


class ConnectionPool:
    """Connections on which statements are planned in one way, and the seats of those who may use them."""

    def __init__(self, settings: ConnectionSettings, size: int, plans: str) -> None:
        self._settings = settings
        self._size = size
        self._plans = plans
        self._opened: Pool | None = None
        self.seats = Seats(size)

    @property
    def connections(self) -> Pool:
        if self._opened is None:
            raise RuntimeError("Database.open() was not called")
        return self._opened

    async def open(self) -> None:
        self._opened = await asyncpg.create_pool(
            self._settings.dsn,
            min_size=0,
            max_size=self._size,
            max_inactive_connection_lifetime=IDLE_SECONDS,
            # nobody leaves anything behind in a session, and the usual reset is a round trip per statement
            reset=_leave_as_is,
            **_arguments(self._settings, self._plans),
        )

    async def close(self) -> None:
        opened, self._opened = self._opened, None
        if opened is None:
            return
        try:
            await asyncio.wait_for(opened.close(), CONNECT_SECONDS)
        except TimeoutError:
            opened.terminate()


async def _leave_as_is(_: object) -> None:
    return None
