"""Brings a database to the schema of this version, and says why where that cannot be."""

import asyncpg
from sqlalchemy.exc import DBAPIError

from persistence import migrations
from persistence.condition import Condition
from persistence.connections import ConnectionSettings
from server.failures import Failure


async def migrate(connection: ConnectionSettings, before: Condition, revision: str = "head") -> str:
    """Upgrade, and tell from where to where.

    Raises:
        Failure: PostgreSQL refuses, which undoes the migration that it refused.
    """
    try:
        await migrations.migrate(connection, revision)
    except migrations.TooOld as old:
        raise Failure(str(old)) from old
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, DBAPIError) as refused:
        raise Failure(_why_not_migrated(refused)) from refused
    after = await migrations.current(connection)
    return f"{after} (was {before.revision or 'empty'})" if after != before.revision else f"{after}, nothing to do"


def _why_not_migrated(refused: BaseException) -> str:
    """PostgreSQL's own words; SQLAlchemy wraps them, and adds the statement and a link."""
    cause = refused.orig.__cause__ or refused.orig if isinstance(refused, DBAPIError) and refused.orig else refused
    said = (str(cause).splitlines() or [type(cause).__name__])[0]
    match cause:
        case asyncpg.InsufficientPrivilegeError():
            advice = "let the user in DATABASE_URL create tables, or name the database's owner there"
        case asyncpg.DuplicateTableError() | asyncpg.DuplicateObjectError():
            advice = "something else lives in this database; give Souk an empty one"
        case asyncpg.LockNotAvailableError():
            advice = "another program keeps a table locked; migrate again when it has finished"
        case _:
            advice = "mend that and migrate again"
    return f"PostgreSQL refused the migration ({said}): {advice}. Nothing of it was kept."
