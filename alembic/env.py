"""Runs migrations on the connection that `persistence.migrations` hands over."""

from alembic import context
from sqlalchemy import Connection

import persistence.products.tables
import persistence.users.tables  # noqa: F401  (registers its tables)
from persistence.metadata import METADATA


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        transaction_per_migration=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


migrate(context.config.attributes["connection"])
