"""The migration that a running shop's database is at."""

from sqlalchemy import Boolean, String, column, literal_column, select, table

from persistence.database import Database
from persistence.statements import Statement

# `to_regclass` is null for a table that is not there, where selecting from it would fail
_MIGRATED = Statement(select(literal_column("to_regclass('alembic_version') IS NOT NULL", Boolean)))
_REVISION = Statement(select(column("version_num", String)).select_from(table("alembic_version")))


async def revision(database: Database) -> str | None:
    """None before the first migration. Raises: Unavailable."""
    [[migrated]] = await database.fetch(_MIGRATED, {})
    found = await database.fetch(_REVISION, {}) if migrated else ()
    return found[0][0] if found else None
