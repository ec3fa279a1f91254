"""Units of work meet a database that is not there."""

import asyncpg
import pytest
from sqlalchemy import text

from domain.shared.errors import Unavailable
from persistence.database import ConnectionSettings, Database


async def test_a_transaction_without_a_server_is_unavailable() -> None:
    database = Database(ConnectionSettings("postgresql://souk@127.0.0.1:1/souk"))
    with pytest.raises(Unavailable):
        async with database.begin():
            pass
    await database.close()


async def test_a_transaction_whose_connection_is_cut_is_unavailable_and_the_next_one_works(
    empty_database: ConnectionSettings,
) -> None:
    database = Database(empty_database)
    admin = await asyncpg.connect(empty_database.dsn)

    async def cut_off() -> None:
        async with database.begin() as connection:
            found = await connection.execute(text("SELECT pg_backend_pid()"))
            await admin.execute("SELECT pg_terminate_backend($1)", found.scalar_one())
            await connection.execute(text("UPDATE shop SET name = 'Cut off'"))

    with pytest.raises(Unavailable):
        await cut_off()
    async with database.begin() as connection:
        assert (await connection.execute(text("SELECT name FROM shop"))).scalar_one() == "Souk"
    await admin.close()
    await database.close()


async def test_what_went_wrong_in_a_transaction_never_shows_its_values(empty_database: ConnectionSettings) -> None:
    database = Database(empty_database)
    with pytest.raises(Exception, match="currency_code") as failure:
        async with database.begin() as connection:
            await connection.execute(text("UPDATE shop SET currency_code = :code"), {"code": "secret"})
    assert "'secret'" not in str(failure.value)
    await database.close()
