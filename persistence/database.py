"""Connections to PostgreSQL: a pool that only reads, and an engine for units of work.

Both are small: past a dozen connections PostgreSQL gets slower, and hot rows slow down first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import asyncpg
import sqlalchemy.exc
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from domain.shared.errors import Unavailable
from persistence.statements import Statement

Rows = Sequence[Sequence[Any]]
"""What a statement found: values by position."""

Listener = Callable[[str, float], None]
"""Told of every statement: its text (never its parameters) and the seconds it took."""

CONNECT_SECONDS = 2.0
IDLE_SECONDS = 30.0
COMMAND_SECONDS = 10.0
MOST_AT_ONCE = 4
LOST = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server hung up between two messages of ours
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
)
NO_ANSWER = "The database does not answer right now; try again in a moment."
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


async def connect(settings: ConnectionSettings) -> asyncpg.Connection[asyncpg.Record]:
    """One connection, with the session's limits set."""
    return await asyncpg.connect(settings.dsn, **_arguments(settings))


def _arguments(settings: ConnectionSettings) -> dict[str, Any]:
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
            # from its sixth run on, a prepared statement may get a plan that fits no value: a filtered page of 20,000
            # products then took 120 ms instead of 6
            "plan_cache_mode": "force_custom_plan",
        },
    }


_SLOTS: ContextVar[asyncio.Semaphore | None] = ContextVar("slots", default=None)


@contextmanager
def bounded(connections: int = MOST_AT_ONCE) -> Generator[None]:
    """Let the block, and the tasks it starts, read on so many connections at once and no more.

    One operation with many root fields would otherwise take the whole pool, and everybody else would wait for it.
    """
    token = _SLOTS.set(asyncio.Semaphore(connections))
    try:
        yield
    finally:
        _SLOTS.reset(token)


class Database:
    """Opened once per process. `fetch` reads; `begin` gives one transaction."""

    def __init__(self, settings: ConnectionSettings, listener: Listener | None = None) -> None:
        self.settings = settings
        self._listener = listener
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._engine = _engine(settings, self._told)

    async def open(self) -> None:
        self._pool = await asyncpg.create_pool(
            self.settings.dsn,
            min_size=0,
            max_size=self.settings.pool_size,
            max_inactive_connection_lifetime=IDLE_SECONDS,
            # readers change nothing in a session, and the usual reset is a round trip per statement
            reset=_leave_as_is,
            **_arguments(self.settings),
        )

    async def close(self) -> None:
        await self._engine.dispose()
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), CONNECT_SECONDS)
            except TimeoutError:
                self._pool.terminate()
            self._pool = None

    async def fetch(self, statement: Statement, values: Mapping[str, Any]) -> Rows:
        """Run one reading statement on a connection of its own.

        A connection that broke while idle (the server was restarted) is replaced once: reading twice is harmless.

        Raises:
            Unavailable: PostgreSQL does not answer, or not in time.
        """
        arguments = statement.arguments(values)
        try:
            try:
                return await self._fetch(statement.sql, arguments)
            except TimeoutError:  # is an OSError too, but waiting twice as long helps nobody
                raise
            except LOST:
                return await self._fetch(statement.sql, arguments)
        except (*LOST, *BUSY) as failure:
            raise Unavailable(NO_ANSWER) from failure

    async def _fetch(self, sql: str, arguments: Sequence[Any]) -> Rows:
        slots = _SLOTS.get()
        if slots is None:
            return await self._run(sql, arguments)
        async with slots:
            return await self._run(sql, arguments)

    async def _run(self, sql: str, arguments: Sequence[Any]) -> Rows:
        if self._pool is None:
            raise RuntimeError("Database.open() was not called")
        connection = await self._pool.acquire(timeout=CONNECT_SECONDS)
        started = time.perf_counter()
        try:
            return cast("Rows", await connection.fetch(sql, *arguments))
        finally:
            self._told(sql, time.perf_counter() - started)
            await self._pool.release(connection)

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[AsyncConnection]:
        """One transaction: committed at the end of the block, rolled back when it raises.

        Raises:
            Unavailable: PostgreSQL does not answer, or not in time; nothing was committed as far as can be known.
        """
        with _explained():
            async with self._engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncConnection]:
        """One transaction, rolled back at the end of the block unless it was committed there. Raises: Unavailable."""
        with _explained():
            async with self._engine.connect() as connection:
                yield connection

    def _told(self, sql: str, seconds: float) -> None:
        if self._listener is not None:
            self._listener(sql, seconds)


@contextmanager
def _explained() -> Generator[None]:
    try:
        yield
    except sqlalchemy.exc.TimeoutError as failure:
        raise Unavailable(NO_ANSWER) from failure
    except sqlalchemy.exc.DBAPIError as failure:
        if failure.connection_invalidated or isinstance(cause(failure), (*LOST, *BUSY)):
            raise Unavailable(NO_ANSWER) from failure
        raise


async def _connect_to_write(settings: ConnectionSettings) -> asyncpg.Connection[asyncpg.Record]:
    try:
        return await connect(settings)
    except (*LOST, *BUSY) as failure:
        raise Unavailable(NO_ANSWER) from failure


def cause(failure: sqlalchemy.exc.DBAPIError) -> BaseException | None:
    """The exception of asyncpg itself, which SQLAlchemy wraps twice."""
    return failure.orig.__cause__ if failure.orig is not None else None


async def _leave_as_is(_: object) -> None:
    return None


def _engine(settings: ConnectionSettings, told: Listener) -> AsyncEngine:
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=partial(_connect_to_write, settings),
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        pool_recycle=1_800,
        pool_pre_ping=True,
        hide_parameters=True,
    )

    # SQLAlchemy passes connection, cursor, statement, parameters, context, executemany
    def before(*happening: Any) -> None:
        happening[4].souk_started = time.perf_counter()

    def after(*happening: Any) -> None:
        told(happening[2], time.perf_counter() - happening[4].souk_started)

    event.listen(engine.sync_engine, "before_cursor_execute", before)
    event.listen(engine.sync_engine, "after_cursor_execute", after)
    return engine
