"""Units of work meet a database that is not there; and what they put off is written when it has to be."""

import asyncio
import copy
from collections.abc import AsyncGenerator

import asyncpg
import pytest
from sqlalchemy import text

from domain.shared.errors import Unavailable
from persistence.connections import ConnectionSettings, connect
from persistence.database import Database
from persistence.statements import Statement
from tests import sql

NAME = "SELECT name FROM shop"
PID = Statement(text("SELECT pg_backend_pid()"))
RENAME = Statement(text("UPDATE shop SET name = 'Cut off'"))
LEAVE = Statement(text("UPDATE seats SET is_taken = false"))
SIT_DOWN = Statement(text("INSERT INTO seats (number, is_taken) VALUES (1, true)"))


@pytest.fixture
async def database(empty_database: ConnectionSettings) -> AsyncGenerator[Database]:
    opened = Database(empty_database)
    await opened.open()
    yield opened
    await opened.close()


async def test_a_transaction_without_a_server_is_unavailable() -> None:
    database = Database(ConnectionSettings("postgresql://souk@127.0.0.1:1/souk"))
    await database.open()
    with pytest.raises(Unavailable):
        await sql.run(database, "SELECT 1")
    await database.close()


async def test_a_transaction_whose_connection_is_cut_is_unavailable_and_the_next_one_works(database: Database) -> None:
    admin = await asyncpg.connect(database.settings.dsn)

    async def cut_off() -> None:
        async with database.transaction() as transaction:
            ((pid,),) = await transaction.fetch(PID, {})
            await admin.execute("SELECT pg_terminate_backend($1)", pid)
            await transaction.run(RENAME, {})

    with pytest.raises(Unavailable):
        await cut_off()
    assert await sql.value(database, NAME) == "Souk"
    await admin.close()


async def test_a_connection_that_is_cut_while_idle_is_replaced(database: Database) -> None:
    assert await sql.value(database, NAME) == "Souk"
    admin = await asyncpg.connect(database.settings.dsn)
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'souk' AND datname = current_database()"
    )
    await admin.close()
    assert await sql.value(database, NAME) == "Souk"


async def test_what_went_wrong_in_a_transaction_never_shows_its_values(database: Database) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="currency_code") as failure:
        await sql.run(database, "UPDATE shop SET currency_code = :code", code="zzz")
    assert "zzz" not in f"{failure.value!s}{failure.value!r}{vars(failure.value)}"


@pytest.fixture
async def seats(database: Database) -> None:
    """A table that holds nobody, of which one row at a time may be taken."""
    admin = await connect(database.settings)
    await admin.execute("CREATE TABLE seats (number integer NOT NULL, is_taken boolean NOT NULL)")
    await admin.execute("CREATE UNIQUE INDEX ON seats (number) WHERE is_taken")
    await admin.close()


@pytest.mark.usefixtures("seats")
async def test_a_row_that_takes_what_a_change_sets_free_is_added_after_it(database: Database) -> None:
    await sql.run(database, "INSERT INTO seats (number, is_taken) VALUES (1, true)")
    async with database.transaction() as transaction:
        await transaction.write(LEAVE, {})
        await transaction.write(SIT_DOWN, {})
        await transaction.commit()
    assert await sql.value(database, "SELECT count(*) FROM seats") == 2


@pytest.mark.usefixtures("seats")
async def test_what_is_put_off_is_written_before_others_have_to_wait(empty_database: ConnectionSettings) -> None:
    written = asyncio.Event()
    database = Database(empty_database, lambda told, _: written.set() if "INTO seats" in told else None)
    await database.open()

    async def second() -> None:
        async with database.transaction() as transaction:
            await transaction.write(SIT_DOWN, {})
            assert not written.is_set()
            await transaction.turn("seat")
            await transaction.commit()

    async with database.transaction() as first:
        await first.turn("seat")
        waiting = asyncio.create_task(second())
        async with asyncio.timeout(10):
            await written.wait()
    await waiting
    await database.close()


def test_a_statement_can_be_copied_before_and_after_its_first_use() -> None:
    statement = Statement(text("DELETE FROM shop"))
    assert copy.copy(statement).sql == statement.sql == copy.copy(statement).sql == "DELETE FROM shop"
    assert not hasattr(statement, "__nothing__")
