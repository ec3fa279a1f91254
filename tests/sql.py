"""SQL that a test writes out, in a transaction of its own on a database that is open."""

from typing import Any

from sqlalchemy import text

from persistence.database import Database, Rows
from persistence.statements import Statement


async def run(database: Database, *statements: str, **values: object) -> None:
    """One after the other, and all of them kept."""
    async with database.transaction() as transaction:
        for sql in statements:
            await transaction.run(Statement(text(sql)), values)
        await transaction.commit()


async def rows(database: Database, sql: str, **values: object) -> Rows:
    async with database.transaction() as transaction:
        return await transaction.fetch(Statement(text(sql)), values)


async def value(database: Database, sql: str, **values: object) -> Any:
    """The only one that is found."""
    ((found,),) = await rows(database, sql, **values)
    return found
