"""Connections to PostgreSQL: a pool that only reads, and one for transactions.

Both are small: past a dozen connections PostgreSQL gets slower, and hot rows slow down first. Who finds all of them
taken waits in a row, as long as an operation may take.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator, Hashable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast
from uuid import UUID

import asyncpg

from domain.shared.errors import Unavailable
from persistence.statements import Statement, together
from persistence.turns import Seats, Turns, changed, left, left_to_begin, left_to_read, timed

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]

Rows = Sequence[Sequence[Any]]
"""What a statement found: values by position."""

Listener = Callable[[str, float], None]
"""Told of every statement: its text (never its parameters) and the seconds it took."""

CONNECT_SECONDS = 2.0
IDLE_SECONDS = 30.0
COMMAND_SECONDS = 10.0
MOST_AT_ONCE = 4
MOST_TOGETHER = 5
"""Rows that are written in one statement with others: each number of them is a statement of its own to PostgreSQL."""
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
    """Let the block, and the tasks it starts, read on so many connections at once and no more, and in time.

    One operation with many root fields would otherwise take the whole pool, and everybody else would wait for it.
    """
    token = _SLOTS.set(asyncio.Semaphore(connections))
    try:
        with timed():
            yield
    finally:
        _SLOTS.reset(token)


class Database:
    """Opened once per process. `fetch` reads; `transaction` writes."""

    def __init__(self, settings: ConnectionSettings, listener: Listener | None = None) -> None:
        self.settings = settings
        self._listener = listener
        self._pool: Pool | None = None
        self._writers: Pool | None = None
        self._reading, self._writing = Seats(settings.pool_size), Seats(settings.pool_size)
        self.turns = Turns()

    async def open(self) -> None:
        self._pool = await self._new_pool()
        self._writers = await self._new_pool()

    async def _new_pool(self) -> Pool:
        return await asyncpg.create_pool(
            self.settings.dsn,
            min_size=0,
            max_size=self.settings.pool_size,
            max_inactive_connection_lifetime=IDLE_SECONDS,
            # nobody leaves anything behind in a session, and the usual reset is a round trip per statement
            reset=_leave_as_is,
            **_arguments(self.settings),
        )

    async def close(self) -> None:
        pools = [pool for pool in (self._pool, self._writers) if pool is not None]
        self._pool = self._writers = None
        await asyncio.gather(*map(_closed, pools))

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
        return await self._alone(self._pool, self._reading, sql, arguments, left_to_read())

    async def _alone(self, pool: Pool | None, seats: Seats, sql: str, arguments: Sequence[Any], seconds: float) -> Rows:
        """One statement on a connection of its own, in so many seconds with all waiting."""
        if pool is None:
            raise RuntimeError("Database.open() was not called")
        end = time.perf_counter() + seconds
        await seats.take(seconds)
        try:
            connection = await pool.acquire(timeout=min(CONNECT_SECONDS, end - time.perf_counter()))
            started = time.perf_counter()
            try:
                return cast("Rows", await connection.fetch(sql, *arguments, timeout=max(end - started, 0.0)))
            except TimeoutError:
                connection.terminate()  # it is no use waiting for the server to give the statement up, too
                raise
            finally:
                self._told(sql, time.perf_counter() - started)
                await pool.release(connection)
        finally:
            seats.leave()

    async def run(self, statement: Statement, values: Mapping[str, Any]) -> Rows:
        """Run one statement that changes something, and is a transaction by itself: one round trip instead of three.

        Raises:
            Unavailable: PostgreSQL does not answer, or not in time; it may have been done.
        """
        try:
            return await self._alone(self._writers, self._writing, statement.sql, statement.arguments(values), left())
        except (*LOST, *BUSY) as failure:
            raise Unavailable(NO_ANSWER) from failure

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """One transaction, rolled back at the end of the block unless it was committed there.

        Raises:
            Unavailable: PostgreSQL does not answer, or not in time; nothing was committed as far as can be known.
        """
        if self._writers is None:
            raise RuntimeError("Database.open() was not called")
        try:
            await self._writing.take(left_to_begin())
            try:
                begun = await self._begun(self._writers)
                try:
                    yield begun
                finally:
                    await begun.close()
            finally:
                self._writing.leave()
        except (*LOST, *BUSY) as failure:
            raise Unavailable(NO_ANSWER) from failure

    @asynccontextmanager
    async def turn(self, key: Hashable) -> AsyncGenerator[bool]:
        """One after the other, in this process, for what has this key; who waits has no connection yet.

        The block is told whether somebody else had the turn just before.

        Raises:
            Unavailable: it does not come in time.
        """
        try:
            async with self.turns.of(key, left_to_begin()) as waited:
                yield waited
        except TimeoutError as failure:
            raise Unavailable(NO_ANSWER) from failure

    async def _begun(self, pool: Pool) -> Transaction:
        """A connection that broke while idle is replaced once: nothing was done with it yet."""
        try:
            return await Transaction.begun(pool, self.turns, self._told)
        except TimeoutError:  # is an OSError too, but waiting twice as long helps nobody
            raise
        except LOST:
            return await Transaction.begun(pool, self.turns, self._told)

    def _told(self, sql: str, seconds: float) -> None:
        if self._listener is not None:
            self._listener(sql, seconds)


class Transaction:
    """Statements that last together or not at all."""

    def __init__(self, pool: Pool, connection: Connection, turns: Turns, told: Listener) -> None:
        self._pool = pool
        self._connection = connection
        self._turns = turns
        self._told = told
        self._open = True
        self.news: dict[str, set[UUID]] = {}
        """What other processes are told once it is committed: for each topic, what was changed."""
        self._answers = True
        self._later: list[tuple[Statement, Sequence[Any]]] = []
        self._held: set[Hashable] = set()
        self._ending = AsyncExitStack()

    @classmethod
    async def begun(cls, pool: Pool, turns: Turns, told: Listener) -> Self:
        connection = cast("Connection", await pool.acquire(timeout=min(CONNECT_SECONDS, left())))
        new = cls(pool, connection, turns, told)
        try:
            await connection.execute("BEGIN", timeout=left())
        except BaseException:
            new._answers = False  # nothing was begun that could be undone
            await new.close()
            raise
        return new

    def tell(self, topic: str, changed: UUID) -> None:
        """Signal on `topic` that this changed, if it is committed."""
        self.news.setdefault(topic, set()).add(changed)

    async def turn(self, key: Hashable) -> None:
        """Before a row that many want is locked: one after the other, in this process, until the transaction ends.

        Who needs several takes them in the order of the rows, and before the first row, or two wait for each other.
        """
        if key not in self._held:
            await self._catch_up()  # what can be written before is not for others to wait for
            await self._ending.enter_async_context(self._turns.of(key, left()))
            self._held.add(key)

    async def fetch(self, statement: Statement, values: Mapping[str, Any]) -> Rows:
        """Run one statement and return what it finds, or what a RETURNING tells."""
        arguments = statement.arguments(values)
        if self._later and statement.is_apart_from({one.changes for one, _ in self._later}):
            self._later.append((statement, arguments))
            return await self._catch_up()
        await self._catch_up()
        return await self._timed(statement.sql, self._connection.fetch, *arguments)

    async def run(self, statement: Statement, values: Mapping[str, Any]) -> int:
        """Run one statement and return how many rows it touched."""
        await self._catch_up()
        done: str = await self._timed(statement.sql, self._connection.execute, *statement.arguments(values))
        return int(done.rpartition(" ")[2])

    async def run_many(self, statement: Statement, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run one statement for each of many rows, in one round trip."""
        await self._catch_up()
        arguments = [statement.arguments(values) for values in rows]
        await self._timed(statement.sql, self._connection.executemany, arguments)

    async def fetch_many(self, statement: Statement, rows: Sequence[Mapping[str, Any]]) -> Rows:
        """Run one statement for each of many rows, in one round trip, and return what their RETURNING tells."""
        await self._catch_up()
        arguments = [statement.arguments(values) for values in rows]
        return await self._timed(statement.sql, self._connection.fetchmany, arguments)

    async def write(self, statement: Statement, *rows: Mapping[str, Any]) -> None:
        """Have one statement run for each of these rows, before anything else is, in one round trip with others.

        It must change one table, and not depend on the order of the rows. What it is refused for is told then.
        """
        if statement.changes is None:
            raise ValueError(f"not a statement that changes one table: {statement.sql}")
        # rows added to one table do not care for each other, but may need what a change of another row sets free
        added = {statement.changes} if statement.only_adds else set[str]()
        others = {one.changes for one, _ in self._later if not (one.only_adds and one.changes in added)}
        if not statement.is_apart_from(others):
            await self._catch_up()
        if len(rows) > (MOST_TOGETHER if statement.only_adds else 1):
            await self.run_many(statement, rows)
            return
        self._later += [(statement, statement.arguments(values)) for values in rows]

    async def _catch_up(self) -> Rows:
        """Run what was put off, together. What the last of it finds."""
        if not self._later:
            return ()
        later, self._later = self._later, []
        if len(later) == 1:
            statement, arguments = later[0]
            return await self._timed(statement.sql, self._connection.fetch, *arguments)
        texts = tuple(statement.sql for statement, _ in later)
        sql = together(texts, tuple(len(arguments) for _, arguments in later))
        return await self._timed(sql, self._connection.fetch, *(one for _, arguments in later for one in arguments))

    async def commit(self) -> None:
        await self._catch_up()
        await self._timed("COMMIT", self._connection.execute)
        self._open = False
        changed()

    async def close(self) -> None:
        """Undo what was not committed. A connection that cannot even do that is of no further use."""
        async with self._ending:
            try:
                if self._open:
                    await self._undo()
            finally:
                await self._pool.release(cast("Any", self._connection))

    async def _undo(self) -> None:
        undone = False
        try:
            if self._answers:
                await self._connection.execute("ROLLBACK", timeout=CONNECT_SECONDS)
                undone = True
        except (*LOST, *BUSY):
            pass  # the server undoes what its client leaves behind
        finally:
            if not undone:
                with suppress(asyncpg.InterfaceError):  # the pool has taken leave of it already
                    self._connection.terminate()

    async def _timed(self, sql: str, run: Callable[..., Any], *arguments: Any) -> Any:
        started = time.perf_counter()
        try:
            return await run(sql, *arguments, timeout=left())
        except asyncpg.PostgresError as failure:
            failure.detail = None  # it quotes the row that was refused, and would stand in the log
            raise
        except TimeoutError:
            self._answers = False
            raise
        finally:
            self._told(sql, time.perf_counter() - started)


async def _closed(pool: Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), CONNECT_SECONDS)
    except TimeoutError:
        pool.terminate()


async def _leave_as_is(_: object) -> None:
    return None
