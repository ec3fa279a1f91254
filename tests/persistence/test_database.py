"""Connections that break, hang, or are given up."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
from sqlalchemy import Integer, func, select, text

from domain.shared.errors import Unavailable
from persistence.connections import ConnectionSettings, connect
from persistence.database import Database, bounded
from persistence.statements import Statement, parameter
from tests import sql

SLEEP = Statement(select(func.pg_sleep(parameter("seconds", Integer()))))
ONE = Statement(select(parameter("one", Integer())))
RENAME = Statement(text("UPDATE shop SET name = :name"))
NAME = "SELECT name FROM shop"
MINE = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'souk' AND datname = current_database()"


@pytest.fixture
async def database(empty_database: ConnectionSettings) -> AsyncGenerator[Database]:
    opened = Database(replace(empty_database, pool_size=5))
    await opened.open()
    yield opened
    await opened.close()


async def ones(database: Database, count: int) -> list[object]:
    return [rows[0][0] for rows in await asyncio.gather(*(database.fetch(ONE, {"one": n}) for n in range(count)))]


async def test_connections_that_are_cut_while_idle_are_replaced(database: Database) -> None:
    assert await ones(database, 20) == list(range(20))
    admin = await connect(replace(database.settings, application_name="admin"))
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'souk' AND datname = current_database()"
    )
    assert await ones(database, 20) == list(range(20))
    await admin.close()


async def test_a_statement_that_takes_too_long_is_unavailable(empty_database: ConnectionSettings) -> None:
    database = Database(replace(empty_database, statement_timeout_ms=50))
    await database.open()
    with pytest.raises(Unavailable, match="does not answer"):
        await database.fetch(SLEEP, {"seconds": 10})
    assert await ones(database, 3) == [0, 1, 2]
    await database.close()


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    database = Database(ConnectionSettings("postgresql://nobody@127.0.0.1:1/nothing"))
    await database.open()
    with pytest.raises(Unavailable, match="does not answer"):
        await database.fetch(ONE, {"one": 1})
    await database.close()


async def test_reads_that_are_given_up_leave_no_connection_behind(database: Database) -> None:
    for round_ in range(20):
        reads = [asyncio.ensure_future(database.fetch(SLEEP, {"seconds": 5})) for _ in range(10)]
        await asyncio.sleep(0.002 * (round_ % 5))
        for read in reads:
            read.cancel()
        assert all(
            isinstance(one, asyncio.CancelledError) for one in await asyncio.gather(*reads, return_exceptions=True)
        )
    assert await ones(database, 20) == list(range(20))
    admin = await connect(replace(database.settings, application_name="admin"))
    assert await admin.fetchval(MINE) <= 5
    assert await admin.fetchval(f"{MINE} AND state <> 'idle'") == 0
    await admin.close()


async def test_one_operation_leaves_half_of_the_connections_for_searches_to_others(
    empty_database: ConnectionSettings,
) -> None:
    database = Database(empty_database)
    await database.open()
    admin = await connect(replace(empty_database, application_name="admin"))
    with bounded():
        searches = [asyncio.ensure_future(database.fetch(SLEEP, {"seconds": 60})) for _ in range(8)]
    seen = {await admin.fetchval(f"{MINE} AND state = 'active'")}
    while 2 not in seen:
        seen.add(await admin.fetchval(f"{MINE} AND state = 'active'"))
    for _ in range(20):
        await asyncio.sleep(0.01)
        seen.add(await admin.fetchval(f"{MINE} AND state = 'active'"))
    assert seen <= {0, 1, 2}
    assert await ones(database, 1) == [0]
    for search in searches:
        search.cancel()
    await asyncio.gather(*searches, return_exceptions=True)
    await admin.close()
    await database.close()


async def test_a_transaction_that_raises_is_rolled_back(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as transaction:
            await transaction.run(RENAME, {"name": "Changed"})
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await sql.value(database, NAME) == "Souk"


async def test_a_transaction_that_is_not_committed_is_rolled_back(database: Database) -> None:
    for keeps, name in ((False, "Souk"), (True, "Kept")):
        async with database.transaction() as transaction:
            assert await transaction.run(RENAME, {"name": "Kept"}) == 1
            if keeps:
                await transaction.commit()
        assert await sql.value(database, NAME) == name
