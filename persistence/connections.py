"""Connections to PostgreSQL, and pools of them.

They are few: past a dozen connections PostgreSQL gets slower, and hot rows slow down first. Who finds all of them
taken waits in a row, as long as an operation may take.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg

from persistence.turns import Seats

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

CONNECT_SECONDS = 2.0
IDLE_SECONDS = 30.0
COMMAND_SECONDS = 10.0
EACH_TIME = "force_custom_plan"
"""For pages and searches: with one plan for all values, a filtered page of 20,000 products took 120 ms, not 6."""
ONCE = "force_generic_plan"
"""For what is found by keys: to plan it again each time costs as much as to do it, a seventh of a checkout."""
LOST = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server hung up between two messages of ours
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
)
BUSY = (TimeoutError, asyncpg.TooManyConnectionsError, asyncpg.QueryCanceledError)


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


async def connect(settings: ConnectionSettings, plans: str = EACH_TIME, seconds: float = CONNECT_SECONDS) -> Connection:
    """One connection, with the session's limits set. Raises: TimeoutError: it is not there in so many seconds."""
    return await asyncpg.connect(settings.dsn, timeout=seconds, **_arguments(settings, plans))


def _arguments(settings: ConnectionSettings, plans: str) -> dict[str, Any]:
    return {
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
    """Connections on which statements are planned in one way, for so many at once; the others wait in a row.

    asyncpg's own makes a task, two timers and a proxy for each use of a connection: a sixteenth of a checkout. Here
    who takes a connection gives it back by `give_back`, `settle` or `drop`, once, and leaves nothing in its session.
    """

    def __init__(self, settings: ConnectionSettings, size: int, plans: str, idle_seconds: float = IDLE_SECONDS) -> None:
        self._settings = settings
        self._size = size
        self._plans = plans
        self._idle_seconds = idle_seconds
        self._is_open = False
        self._seats = Seats(size)
        self._connections: set[Connection] = set()
        self._idle: deque[tuple[float, Connection]] = deque()
        """Since when, and which; the last one used is the last."""
        self._clearing: asyncio.TimerHandle | None = None
        self._settling = set[asyncio.Task[None]]()

    def open(self) -> None:
        """From now on connections can be taken; there is none before somebody wants it."""
        self._is_open = True

    async def take(self, seconds: float, waiting: float | None = None) -> Connection:
        """A connection in so many seconds, of which only so many may be spent waiting for others.

        Raises:
            TimeoutError: there is none in time.
            RuntimeError: the pool is not open.
            one of LOST: PostgreSQL does not answer, or the pool was closed meanwhile.
        """
        if not self._is_open:
            raise RuntimeError("Database.open() was not called")
        end = time.perf_counter() + seconds
        await self._seats.take(seconds if waiting is None else waiting)
        try:
            return self._last_used(end) or await self._new(min(end - time.perf_counter(), CONNECT_SECONDS))
        except BaseException:
            self._seats.leave()
            raise

    def may_do_better_than(self, failure: BaseException) -> bool:
        """Whether a try on another connection may help, where this one was lost."""
        # a TimeoutError is an OSError, too, but waiting twice as long helps nobody
        return self._is_open and not isinstance(failure, TimeoutError)

    def give_back(self, connection: Connection) -> None:
        """For the next one: all that ran there has ended."""
        if connection.is_closed():
            self.drop(connection)
            return
        self._idle.append((time.perf_counter(), connection))
        if self._clearing is None:
            self._clear_in(self._idle_seconds)
        self._seats.leave()

    def drop(self, connection: Connection) -> None:
        """It is of no further use; the server ends what its client leaves behind."""
        if connection.is_closed():  # the server was restarted, perhaps, and no idle one was used since
            while self._idle:
                self._part_with(self._idle.pop()[1])
        self._part_with(connection)
        self._seats.leave()

    def settle(self, connection: Connection, sql: str = "SELECT 1") -> asyncio.Task[None]:
        """Give back what somebody was cut off from, once the server has given that up and run this statement instead.

        Whoever is cut off once may be so again, so that this is a task of its own; it has the seat till then, or the
        server would do more at once than there are seats.
        """
        task = asyncio.get_running_loop().create_task(self._settle(connection, sql))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)
        return task

    async def close(self) -> None:
        """Let all connections go. What is in use has CONNECT_SECONDS to be given back, and is cut then."""
        self._is_open = False
        seats = 0
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                while seats < self._size:
                    await self._seats.take(CONNECT_SECONDS)
                    seats += 1
                await asyncio.gather(*(one.close() for one in self._connections), return_exceptions=True)
        except TimeoutError:
            pass
        finally:
            self._idle.clear()
            for connection in list(self._connections):
                self._part_with(connection)
            if self._clearing is not None:
                self._clearing.cancel()
                self._clearing = None
            for _ in range(seats):
                self._seats.leave()
        if self._settling:
            await asyncio.wait(self._settling)

    def _last_used(self, end: float) -> Connection | None:
        if not self._is_open:
            raise asyncpg.InterfaceError("the pool was closed")
        if time.perf_counter() >= end:  # or what it is wanted for would be cut off at once, and cost the connection
            raise TimeoutError
        while self._idle:
            _, connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._part_with(connection)
        return None

    async def _new(self, seconds: float) -> Connection:
        connection = await connect(self._settings, self._plans, seconds)
        if not self._is_open:
            connection.terminate()
            raise asyncpg.InterfaceError("the pool was closed")
        self._connections.add(connection)
        return connection

    async def _settle(self, connection: Connection, sql: str) -> None:
        end_by = self.drop
        try:
            with suppress(*LOST, asyncpg.PostgresError):
                await connection.execute(sql, timeout=CONNECT_SECONDS)  # begins when what was cut off has ended
                end_by = self.give_back
        finally:
            end_by(connection)

    def _part_with(self, connection: Connection) -> None:
        self._connections.discard(connection)
        connection.terminate()

    def _clear_in(self, seconds: float) -> None:
        self._clearing = asyncio.get_running_loop().call_later(seconds, self._clear)

    def _clear(self) -> None:
        """Close what nobody used for a while. One timer does for all, and only while there are any."""
        self._clearing = None
        now = time.perf_counter()
        while self._idle:
            since, connection = self._idle[0]
            remaining = since + self._idle_seconds - now
            if remaining > 0.0:
                self._clear_in(remaining)
                return
            self._idle.popleft()
            self._part_with(connection)
