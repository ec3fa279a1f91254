"""The database as everybody here uses it: statements that only read, and transactions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator, Hashable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Self, cast
from uuid import UUID

import asyncpg

from domain.shared.errors import Unavailable
from persistence.connections import BUSY, EACH_TIME, LOST, ONCE, ConnectionPool, ConnectionSettings
from persistence.statements import Statement, together
from persistence.turns import Turns, changed, left, left_to_begin, left_to_read, timed

if TYPE_CHECKING:
    from persistence.connections import Connection

Rows = Sequence[Sequence[Any]]
"""What a statement found: values by position."""

Listener = Callable[[str, float], None]
"""Told of every statement: its text (never its parameters) and the seconds it took."""

MOST_AT_ONCE = 4
MOST_TOGETHER = 5
"""Rows that are written in one statement with others: each number of them is a statement of its own to PostgreSQL."""
NO_ANSWER = "The database does not answer right now; try again in a moment."


class _Bounds:
    """`searches` may take half of the connections that there are for them, and so half of all that one may take."""

    def __init__(self, connections: int) -> None:
        self.reads = asyncio.Semaphore(connections)
        self.searches = asyncio.Semaphore(max(1, connections // 2))


_BOUNDS: ContextVar[_Bounds | None] = ContextVar("bounds", default=None)


@contextmanager
def bounded(connections: int = MOST_AT_ONCE) -> Generator[None]:
    """Let the block, and the tasks it starts, read on so many connections at once and no more, and in time.

    One operation with many root fields would otherwise take the whole pool, and everybody else would wait for it.
    """
    token = _BOUNDS.set(_Bounds(connections))
    try:
        with timed():
            yield
    finally:
        _BOUNDS.reset(token)


class Database:
    """Opened once per process. `fetch` reads; `transaction` writes."""

    def __init__(self, settings: ConnectionSettings, listener: Listener | None = None) -> None:
        self.settings = settings
        self._listener = listener
        size = settings.pool_size
        searches = max(1, size * 2 // 5)
        self._searches = ConnectionPool(settings, searches, EACH_TIME)
        self._lookups = ConnectionPool(settings, max(1, size - searches), ONCE)
        self._changes = ConnectionPool(settings, size, ONCE)
        self.turns = Turns()

    async def open(self) -> None:
        for pool in self._pools:
            pool.open()

    async def close(self) -> None:
        await asyncio.gather(*(pool.close() for pool in self._pools))

    @property
    def _pools(self) -> Sequence[ConnectionPool]:
        return (self._searches, self._lookups, self._changes)

    async def fetch(self, statement: Statement, values: Mapping[str, Any]) -> Rows:
        """Run one reading statement on a connection of its own.

        A connection that broke while idle (the server was restarted) is replaced once: reading twice is harmless.

        Raises:
            Unavailable: PostgreSQL does not answer, or not in time.
        """
        arguments = statement.arguments(values)
        try:
            pool = self._lookups if statement.is_lookup else self._searches
            try:
                return await self._fetch(pool, statement.sql, arguments)
            except LOST as failure:
                if not pool.may_do_better_than(failure):
                    raise
                return await self._fetch(pool, statement.sql, arguments)
        except (*LOST, *BUSY) as failure:
            raise Unavailable(NO_ANSWER) from failure

    async def _fetch(self, pool: ConnectionPool, sql: str, arguments: Sequence[Any]) -> Rows:
        bounds = _BOUNDS.get()
        if bounds is None:
            return await self._alone(pool, sql, arguments, left_to_read())
        async with bounds.searches if pool is self._searches else nullcontext(), bounds.reads:
            return await self._alone(pool, sql, arguments, left_to_read())

    async def _alone(self, pool: ConnectionPool, sql: str, arguments: Sequence[Any], seconds: float) -> Rows:
        """One statement on a connection of its own, in so many seconds with all waiting."""
        end = time.perf_counter() + seconds
        connection = await pool.take(seconds)
        end_by: Callable[[Connection], object] = pool.give_back
        started = time.perf_counter()
        try:
            return cast("Rows", await connection.fetch(sql, *arguments, timeout=max(end - started, 0.0)))
        except asyncio.CancelledError:
            end_by = pool.settle
            raise
        except LOST:  # or out of time: it is no use waiting for the server to give the statement up, too
            end_by = pool.drop
            raise
        finally:
            end_by(connection)
            self._told(sql, time.perf_counter() - started)

    async def run(self, statement: Statement, values: Mapping[str, Any]) -> Rows:
        """Run one statement that changes something, and is a transaction by itself: one round trip instead of three.

        Raises:
            Unavailable: PostgreSQL does not answer, or not in time; it may have been done.
        """
        try:
            return await self._alone(self._changes, statement.sql, statement.arguments(values), left())
        except (*LOST, *BUSY) as failure:
            raise Unavailable(NO_ANSWER) from failure

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """One transaction, rolled back at the end of the block unless it was committed there.

        Raises:
            Unavailable: PostgreSQL does not answer, or not in time; nothing was committed as far as can be known.
        """
        try:
            begun = await self._begun()
            try:
                yield begun
            finally:
                await begun.close()
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

    async def _begun(self) -> Transaction:
        """A connection that broke while idle is replaced once: nothing was done with it yet."""
        try:
            return await Transaction.begun(self._changes, self.turns, self._told)
        except LOST as failure:
            if not self._changes.may_do_better_than(failure):
                raise
            return await Transaction.begun(self._changes, self.turns, self._told)

    def _told(self, sql: str, seconds: float) -> None:
        if self._listener is not None:
            self._listener(sql, seconds)


class Transaction:
    """Statements that last together or not at all."""

    def __init__(self, pool: ConnectionPool, connection: Connection, turns: Turns, told: Listener) -> None:
        self._pool = pool
        self._taken: Connection | None = connection
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
    async def begun(cls, pool: ConnectionPool, turns: Turns, told: Listener) -> Self:
        connection = await pool.take(left(), left_to_begin())
        new = cls(pool, connection, turns, told)
        try:
            await connection.execute("BEGIN", timeout=left())
        except BaseException as failure:
            new._answers = not isinstance(failure, TimeoutError)
            await new.close()
            raise
        return new

    @property
    def _connection(self) -> Connection:
        if self._taken is None:
            raise RuntimeError("the transaction has ended")  # and its connection may be in another one
        return self._taken

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
            connection, self._taken = self._connection, None
            if not self._open:
                self._pool.give_back(connection)
            elif self._answers:
                await asyncio.shield(self._pool.settle(connection, "ROLLBACK"))
            else:
                self._pool.drop(connection)

    async def _timed(self, sql: str, run: Callable[..., Any], *arguments: Any) -> Any:
        self._open = True
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
