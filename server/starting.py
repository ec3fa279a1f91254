"""What happens between the command and the first answer: the database gets its schema, the shop gets its goods."""

from dataclasses import dataclass

import asyncpg
from sqlalchemy.exc import DBAPIError

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
                note(f"Schema {await migrate(self._connection, before)}")
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


async def migrate(connection: ConnectionSettings, before: Condition, revision: str = "head") -> str:
    """Upgrade, and tell from where to where.

    Raises:
        Failure: PostgreSQL refuses, which undoes the migration that it refused.
    """
    from persistence import migrations  # noqa: PLC0415  (Alembic takes 0.2 s to load, and hardly a start migrates)

    try:
        await migrations.migrate(connection, revision)
    except migrations.TooOld as old:
        raise Failure(str(old)) from old
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, DBAPIError) as refused:
        raise Failure(_why_not_migrated(refused)) from refused
    after = await migrations.current(connection)
    return f"{after} (was {before.revision or 'empty'})" if after != before.revision else f"{after}, nothing to do"


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
