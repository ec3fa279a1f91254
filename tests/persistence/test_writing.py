"""Units of work meet a database that is not there."""

from collections.abc import AsyncGenerator

import asyncpg
import pytest
from sqlalchemy import text

from domain.shared.errors import Unavailable
from persistence.database import ConnectionSettings, Database
from persistence.statements import Statement
from tests import sql

NAME = "SELECT name FROM shop"
PID = Statement(text("SELECT pg_backend_pid()"))
RENAME = Statement(text("UPDATE shop SET name = 'Cut off'"))


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
