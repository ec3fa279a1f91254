"""Brings a database to the newest schema, or tells how far it is."""

import io
from collections.abc import Callable

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from persistence.condition import OLDEST_POSTGRES
from persistence.connections import ConnectionSettings, connect
from persistence.schema_state import SCRIPTS

# any constant will do: it keeps two processes that start together from migrating at the same time
_LOCK = 7_065_107


class TooOld(Exception):
    """The server is older than what Souk is tested with."""


def configuration(connection: Connection | None = None) -> Config:
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    config.attributes["connection"] = connection
    return config


async def migrate(settings: ConnectionSettings, revision: str = "head") -> None:
    """Upgrade to `revision`; safe to call from several processes at once.

    Raises:
        TooOld: the server is older than PostgreSQL 15.
    """

    def upgrade(connection: Connection) -> None:
        version = int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000
        if version < OLDEST_POSTGRES:
            raise TooOld(f"PostgreSQL {version} is too old: Souk needs {OLDEST_POSTGRES} or newer.")
        # another process may be at it for minutes: only tables are waited for briefly
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SET lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        connection.execute(text("SET lock_timeout = '2s'"))
        connection.commit()
        command.upgrade(configuration(connection), revision)

    await run(settings, upgrade)


async def downgrade(settings: ConnectionSettings, revision: str) -> None:
    await run(settings, lambda connection: command.downgrade(configuration(connection), revision))


async def run(settings: ConnectionSettings, work: Callable[[Connection], None]) -> None:
    """Do `work` on a synchronous connection, which is what alembic understands."""
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: connect(settings), poolclass=pool.NullPool
    )
    try:
        async with engine.connect() as connection:
            await connection.run_sync(work)
            await connection.commit()
    finally:
        await engine.dispose()


async def current(settings: ConnectionSettings) -> str | None:
    """The revision the database has, or none."""
    found: list[str | None] = []

    def read(connection: Connection) -> None:
        found.append(MigrationContext.configure(connection).get_current_revision())

    await run(settings, read)
    return found[0]
