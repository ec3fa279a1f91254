"""What happens between the command and the first answer: the database gets its schema, the shop gets its goods."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module

import asyncpg

from adapters.passwords import Argon2PasswordHasher
from domain.shared.errors import Unavailable
from persistence.condition import Condition, DatabaseUnusable, examine, turn
from persistence.connections import ConnectionSettings
from persistence.database import Database
from persistence.schema_state import SchemaState, state_of
from persistence.users.administrators import SqlAdministrators
from server.demo.loading import DemoReport, load_demo
from server.demo.tables import BadCatalogue
from server.embedded import Chosen
from server.failures import Failure
from server.first_admin import FirstAdmin, FirstAdmins
from server.reporting import Reporter

NEWER = (
    "The database was migrated by a newer version of Souk (to {revision}): run that version, "
    "or point DATABASE_URL or SOUK_HOME at another database. Nothing was changed."
)
OUTDATED = "The database's schema is older than this version of Souk: run `souk migrate`, then start again."


@dataclass(frozen=True, slots=True)
class Start:
    """The steps that one start takes."""

    chosen: Chosen
    reporter: Reporter

    async def prepare(self) -> FirstAdmin | None:
        """Make the shop ready to be served. Processes that start together take turns. In production nothing is written.

        Raises:
            Failure: the database cannot be used as it is.
        """
        if self.chosen.settings.production:
            require_current(await condition(self._connection))
            return None
        try:
            async with turn(self._connection):
                return await self._develop()
        except DatabaseUnusable as unusable:
            raise Failure(str(unusable)) from unusable

    async def _develop(self) -> FirstAdmin:
        before = await condition(self._connection)
        if state_of(before.revision) is not SchemaState.CURRENT:
            with self.reporter.step("Preparing the database's schema") as note:
                note(f"Schema {await _migrate()(self._connection, before)}")
        ours = self.chosen.embedded or before.revision is None
        if ours and not before.has_products:
            loaded = await load(self._connection, None, self.reporter)
            self.reporter.result(f"Demo shop loaded: {loaded.products_added} products")
        return await self._admin()

    async def _admin(self) -> FirstAdmin:
        database = Database(self._connection)
        await database.open()
        try:
            place = self.chosen.settings.souk_home
            return await FirstAdmins(place, SqlAdministrators(database), Argon2PasswordHasher()).ensure()
        finally:
            await database.close()

    @property
    def _connection(self) -> ConnectionSettings:
        return self.chosen.connection


def _migrate() -> Callable[[ConnectionSettings, Condition], Awaitable[str]]:
    """Loaded by who has to migrate: Alembic takes 0.2 s, and hardly a start has to."""
    return import_module("server.migrating").migrate


async def condition(connection: ConnectionSettings) -> Condition:
    """Raises: Failure: the database cannot be used, or a newer version of Souk was there."""
    try:
        found = await examine(connection)
    except DatabaseUnusable as unusable:
        raise Failure(str(unusable)) from unusable
    if state_of(found.revision) is SchemaState.UNKNOWN:
        raise Failure(NEWER.format(revision=found.revision))
    return found


def require_current(found: Condition) -> None:
    """Raises: Failure: migrations are missing."""
    if state_of(found.revision) is not SchemaState.CURRENT:
        raise Failure(OUTDATED)


async def load(connection: ConnectionSettings, products: int | None, reporter: Reporter) -> DemoReport:
    """Load the demo shop, showing how far it is.

    Raises:
        Failure: the catalogue is wrong, or the database went away; what was loaded stays.
    """
    try:
        with reporter.progress("Loading the demo shop", "products") as advance:
            return await load_demo(connection, products, advance)
    except BadCatalogue as bad:
        raise Failure(f"The demo catalogue cannot be used: {bad}") from bad
    except Unavailable as unavailable:
        raise Failure(unavailable.message) from unavailable
    except asyncpg.DiskFullError as full:
        raise Failure("The database's disk is full: free some space there, and load again to continue.") from full
