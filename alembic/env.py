"""Runs migrations on the connection that `persistence.migrations` hands over."""

from alembic import context
from sqlalchemy import Connection

from persistence import effects
from persistence.carts import tables as carts
from persistence.metadata import METADATA
from persistence.orders import tables as orders
from persistence.payments import tables as payments
from persistence.pricing import tables as pricing
from persistence.products import tables as products
from persistence.sandbox import tables as sandbox
from persistence.users import tables as users

# a table is known to METADATA once its module is imported
TABLES = (carts, effects, orders, payments, pricing, products, sandbox, users)


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
