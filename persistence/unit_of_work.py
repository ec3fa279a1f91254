"""Units of work in PostgreSQL."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import asyncpg
import sqlalchemy.exc
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.shared.clock import Clock
from domain.shared.errors import Unavailable
from domain.shared.events import Event
from domain.shared.signals import Signals
from domain.shared.work import Once
from persistence import outbox, results
from persistence.database import NO_ANSWER, Database, cause
from persistence.users.repositories import SqlAddresses, SqlOneTimeTokens, SqlSessions, SqlUsers

TOPIC = "outbox"
"""The signal that there is something in the outbox."""
_IN_THE_WAY = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""Somebody else was first. Nothing was done, and it can be tried again."""


class SqlUnitOfWork:
    """One transaction. Implements the ports `…Work` of the domain."""

    def __init__(self, connection: AsyncConnection, once: Once | None) -> None:
        self._connection = connection
        self._once = once
        self._events: list[Event] = []
        self.told = False
        self.users = SqlUsers(connection)
        self.sessions = SqlSessions(connection)
        self.one_time_tokens = SqlOneTimeTokens(connection)
        self.addresses = SqlAddresses(connection)

    def happened(self, event: Event) -> None:
        self._events.append(event)

    async def commit(self, result: object = None) -> None:
        if self._once is not None:
            await results.keep(self._connection, self._once, result)
        if self._events:
            await outbox.write(self._connection, self._events)
        await self._connection.commit()
        self.told = bool(self._events)


class SqlUnitsOfWork:
    """Begins them. Implements `domain.shared.work.Begin`."""

    def __init__(self, database: Database, signals: Signals, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._nudge = _Nudge(signals)

    @asynccontextmanager
    async def __call__(self, once: Once | None = None) -> AsyncGenerator[SqlUnitOfWork]:
        with _explained():
            async with self._database.transaction() as connection:
                if once is not None:
                    await results.claim(connection, once, self._clock)
                work = SqlUnitOfWork(connection, once)
                yield work
        if work.told:
            self._nudge()


@contextmanager
def _explained() -> Generator[None]:
    try:
        yield
    except sqlalchemy.exc.DBAPIError as failure:
        if isinstance(cause(failure), _IN_THE_WAY):
            raise Unavailable(NO_ANSWER) from failure
        raise


class _Nudge:
    """Tells the relays that there is work, without anybody waiting for it, and once for many commits."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._running: asyncio.Task[None] | None = None
        self._again = False

    def __call__(self) -> None:
        if self._running is not None and not self._running.done():
            self._again = True
            return
        self._running = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        await self._signals.publish(TOPIC, "")
        while self._again:
            self._again = False
            await self._signals.publish(TOPIC, "")
