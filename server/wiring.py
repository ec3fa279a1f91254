"""The one place that chooses implementations. Tests call the same functions."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from domain.users.user import ANONYMOUS, Actor
from persistence.database import Database, Listener, bounded
from persistence.products.categories import SqlCategories
from persistence.products.readers import SqlMedia, SqlProducts, SqlVariants
from persistence.shop import SqlShop
from resolvers.context import context
from resolvers.loaders import Readers
from schema import root
from server.embedded import connection_settings
from server.graphql.engine import Answer, Engine, Prepared
from server.settings import Settings


@dataclass(frozen=True, slots=True)
class Shop:
    """A running shop, short of the transports that reach it."""

    settings: Settings
    database: Database
    readers: Readers
    engine: Engine

    async def execute(self, prepared: Prepared, actor: Actor = ANONYMOUS) -> Answer:
        """Execute one operation on behalf of `actor`, with loaders of its own."""
        made = context(self.readers, self.settings.address, actor, prepared.plan.wanted)
        with bounded():
            return await self.engine.execute(prepared, made)


def readers(database: Database) -> Readers:
    return Readers(
        products=SqlProducts(database),
        variants=SqlVariants(database),
        media=SqlMedia(database),
        categories=SqlCategories(database),
        shop=SqlShop(database),
    )


@asynccontextmanager
async def open_shop(settings: Settings, listener: Listener | None = None) -> AsyncGenerator[Shop]:
    """The shop that `settings` describe; `listener` is told of every SQL statement."""
    database = Database(connection_settings(settings), listener)
    await database.open()
    try:
        engine = Engine(root.build(), suggest=not settings.production)
        yield Shop(settings, database, readers(database), engine)
    finally:
        await database.close()
