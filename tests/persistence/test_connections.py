"""Connections change hands, and none is lost, shared, or left behind, whoever is cut off and whenever."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import asyncpg
import pytest
from sqlalchemy import Numeric, func, select, text

from domain.shared.errors import Unavailable
from persistence.connections import ONCE, ConnectionPool, ConnectionSettings, connect
from persistence.database import Database, Transaction
from persistence.statements import Statement, parameter
from tests import sql
from tests.gate import gate

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from persistence.connections import Connection

SEATS = 4
ROUNDS = 15
CROWD = 3 * SEATS
SEARCHES = 1
"""Of so many seats, those for statements that only read and are no lookup."""
SLEEP = Statement(select(func.pg_sleep(parameter("seconds", Numeric()))))
PID = Statement(text("SELECT pg_backend_pid()"))
RENAME = Statement(text("UPDATE shop SET name = 'Cut off'"))
NAME = "SELECT name FROM shop"
MINE = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'souk' AND datname = current_database()"
PATIENCE = 10.0
LONG = 60.0
LIMIT_MS = 500
"""A request to give a statement up that reaches the server before the statement does has no effect; this limit has."""


@pytest.fixture
async def pool(empty_database: ConnectionSettings) -> AsyncGenerator[ConnectionPool]:
    opened = ConnectionPool(empty_database, SEATS, ONCE)
    opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def database(empty_database: ConnectionSettings) -> AsyncGenerator[Database]:
    opened = Database(replace(empty_database, pool_size=SEATS))
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def watcher(empty_database: ConnectionSettings) -> AsyncGenerator[Connection]:
    connection = await connect(replace(empty_database, application_name="watcher"))
    yield connection
    await connection.close()


async def until(watcher: Connection, query: str, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while await watcher.fetchval(query) != count:  # noqa: ASYNC110  (PostgreSQL tells nobody)
            await asyncio.sleep(0.01)


async def take_all(pool: ConnectionPool) -> list[Connection]:
    return [await pool.take(PATIENCE) for _ in range(SEATS)]


async def test_the_last_one_used_is_given_out_first(pool: ConnectionPool) -> None:
    connections = await take_all(pool)
    for connection in connections:
        pool.give_back(connection)
    assert await take_all(pool) == connections[::-1]
    for connection in connections:
        pool.give_back(connection)


async def test_what_nobody_uses_for_a_while_is_closed(empty_database: ConnectionSettings, watcher: Connection) -> None:
    pool = ConnectionPool(empty_database, SEATS, ONCE, idle_seconds=0.05)
    pool.open()
    for _ in range(2):
        connections = await take_all(pool)
        await until(watcher, MINE, SEATS)
        for connection in connections[1:]:
            pool.give_back(connection)
        await until(watcher, MINE, 1)
        assert not connections[0].is_closed()
        pool.give_back(connections[0])
        await until(watcher, MINE, 0)
    await pool.close()


async def test_what_is_closed_is_not_given_out_again(pool: ConnectionPool) -> None:
    for _ in range(2):
        connections = await take_all(pool)
        for connection in connections:
            pool.give_back(connection)
        connections[1].terminate()
        others = await take_all(pool)
        assert connections[1] not in others
        for connection in others:
            assert await connection.fetchval("SELECT 1") == 1
            pool.give_back(connection)


async def test_when_one_broke_those_that_nobody_used_since_are_not_given_out_either(pool: ConnectionPool) -> None:
    broken, *idle = await take_all(pool)
    for connection in idle:
        pool.give_back(connection)
    broken.terminate()
    pool.give_back(broken)
    others = await take_all(pool)
    assert not {broken, *idle} & {*others}
    for connection in others:
        pool.give_back(connection)


async def _cut_off(task: asyncio.Task[None], seed: random.Random) -> None:
    """Once; or again and again, as those do who cancel whatever is awaited."""
    insists = seed.random() < 0.5
    task.cancel()
    while not task.done():
        await asyncio.sleep(0)
        if insists:
            task.cancel()


async def _rename(database: Database, seconds: float) -> None:
    async with database.transaction() as transaction:
        await transaction.run(RENAME, {})
        await transaction.fetch(SLEEP, {"seconds": seconds})


async def _sleep(database: Database, seconds: float) -> None:
    await database.run(SLEEP, {"seconds": seconds})


async def _read(database: Database, seconds: float) -> None:
    await database.fetch(SLEEP, {"seconds": seconds})


async def _works(database: Database) -> None:
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(_sleep(database, 0.001) for _ in range(CROWD)))


async def test_whoever_is_cut_off_the_server_never_has_more_to_do_than_there_are_seats(
    empty_database: ConnectionSettings, watcher: Connection
) -> None:
    seed, most, done = random.Random(7), list[int](), asyncio.Event()
    database = Database(replace(empty_database, pool_size=SEATS, statement_timeout_ms=LIMIT_MS))
    await database.open()

    async def watch() -> None:
        while not done.is_set():
            most.append(await watcher.fetchval(MINE))

    await _works(database)
    watching = asyncio.create_task(watch())
    for _ in range(ROUNDS):
        tasks = [
            asyncio.create_task(seed.choice((_rename, _sleep))(database, seed.choice((0.0, 0.002, LONG))))
            for _ in range(CROWD)
        ]
        await asyncio.sleep(seed.random() * 0.01)
        seed.shuffle(tasks)
        for task in tasks:
            await _cut_off(task, seed)
        await asyncio.gather(*tasks, return_exceptions=True)
    await _works(database)
    done.set()
    await watching
    assert max(most) <= SEATS
    await until(watcher, f"{MINE} AND state <> 'idle'", 0)
    assert await sql.value(database, NAME) == "Souk"
    await database.close()


async def test_who_comes_next_has_nothing_to_do_with_what_somebody_was_cut_off_from(database: Database) -> None:
    ((pid,),) = await database.run(PID, {})
    sleeping = asyncio.create_task(_sleep(database, LONG))
    await asyncio.sleep(0.01)
    sleeping.cancel()
    await asyncio.wait([sleeping])
    ((other,),) = await database.run(PID, {})
    assert other != pid
    await _works(database)


async def test_who_is_cut_off_while_connecting_leaves_nothing_behind(
    empty_database: ConnectionSettings, watcher: Connection
) -> None:
    seed = random.Random(7)
    async with gate(empty_database.url) as way:
        pool = ConnectionPool(replace(empty_database, url=way.url), SEATS, ONCE)
        pool.open()
        for _ in range(ROUNDS):
            way.hold()
            takes = [asyncio.create_task(pool.take(PATIENCE)) for _ in range(CROWD)]
            await asyncio.sleep(seed.random() * 0.01)
            for take in takes:
                take.cancel()
            ends = await asyncio.gather(*takes, return_exceptions=True)
            assert {type(end) for end in ends} == {asyncio.CancelledError}
            way.release()
        await until(watcher, MINE, 0)
        connections = await take_all(pool)
        assert await watcher.fetchval(MINE) == SEATS
        for connection in connections:
            pool.give_back(connection)
        await pool.close()


async def test_a_server_that_does_not_let_anybody_in_is_given_up_in_time(empty_database: ConnectionSettings) -> None:
    async with gate(empty_database.url) as way:
        pool = ConnectionPool(replace(empty_database, url=way.url), SEATS, ONCE)
        pool.open()
        way.hold()
        ends = await asyncio.gather(*(pool.take(0.05) for _ in range(CROWD)), return_exceptions=True)
        assert {type(end) for end in ends} == {TimeoutError}
        way.release()
        for connection in await take_all(pool):
            pool.give_back(connection)
        await pool.close()


async def test_closing_ends_what_still_runs(database: Database, watcher: Connection) -> None:
    running = [asyncio.create_task(one(database, LONG)) for one in (_sleep, _rename) for _ in range(CROWD)]
    running += [asyncio.create_task(_read(database, LONG)) for _ in range(CROWD)]
    await until(watcher, f"{MINE} AND state = 'active'", SEATS + SEARCHES)
    await database.close()
    ends = await asyncio.gather(*running, return_exceptions=True)
    assert {type(end) for end in ends} == {Unavailable}
    with pytest.raises(RuntimeError, match="open"):
        await _sleep(database, 0.0)


async def test_closing_lets_those_finish_who_do_so_soon(database: Database, watcher: Connection) -> None:
    await _works(database)
    running = [asyncio.create_task(_sleep(database, 0.1)) for _ in range(SEATS)]
    await until(watcher, f"{MINE} AND state = 'active'", SEATS)
    await database.close()
    assert all(task.done() for task in running)
    await asyncio.gather(*running)
    assert await watcher.fetchval(MINE) == 0
    await database.open()
    await _works(database)


async def test_who_waits_for_a_pool_that_is_closed_is_told(pool: ConnectionPool) -> None:
    connections = await take_all(pool)
    waiting = asyncio.create_task(pool.take(LONG))
    await asyncio.sleep(0)
    closing = asyncio.create_task(pool.close())
    await asyncio.sleep(0)
    for connection in connections:
        pool.give_back(connection)
    with pytest.raises(asyncpg.InterfaceError, match="closed"):
        await waiting
    await closing
    assert all(connection.is_closed() for connection in connections)


async def test_a_transaction_that_has_ended_runs_nothing_more(database: Database) -> None:
    ended = list[Transaction]()
    async with database.transaction() as transaction:
        ended.append(transaction)
        await transaction.commit()
    with pytest.raises(RuntimeError, match="ended"):
        await ended[0].run(RENAME, {})
    assert await sql.value(database, NAME) == "Souk"
