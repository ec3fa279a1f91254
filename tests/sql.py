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


async def make_due(database: Database, condition: str) -> None:
    """As if the time were come for those events of which `condition` holds, but for those that somebody holds.

    To wait for these, while holding others, could be to wait in a circle.
    """
    free = f"SELECT id, consumer FROM outbox WHERE {condition} FOR UPDATE SKIP LOCKED"
    await run(database, f"UPDATE outbox SET due_at = now() WHERE (id, consumer) IN ({free})")


async def rows(database: Database, sql: str, **values: object) -> Rows:
    async with database.transaction() as transaction:
        return await transaction.fetch(Statement(text(sql)), values)


async def value(database: Database, sql: str, **values: object) -> Any:
    """The only one that is found."""
    ((found,),) = await rows(database, sql, **values)
    return found
