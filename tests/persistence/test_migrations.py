"""The database's way up and down."""

import asyncio
from collections.abc import Generator
from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from persistence import migrations, schema_state
from persistence.connections import ConnectionSettings, connect
from persistence.metadata import METADATA
from persistence.products.tables import shop
from persistence.users.tables import users
from tests.conftest import Templates


@pytest.fixture
def blank(templates: Templates) -> Generator[ConnectionSettings]:
    """A database without a table."""
    with templates.clone("template0") as settings:
        yield settings


async def left(settings: ConnectionSettings) -> set[str]:
    """Names of what somebody made in the database."""
    connection = await connect(settings)
    rows = await connection.fetch(
        "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace "
        "UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    )
    await connection.close()
    return {row["name"] for row in rows}


async def differences(settings: ConnectionSettings) -> list[object]:
    found: list[object] = []

    def compare(connection: Connection) -> None:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True, "compare_type": True})
        found.extend(compare_metadata(context, METADATA))

    await migrations.run(settings, compare)
    return found


async def test_up_down_and_up_again_ends_where_the_metadata_is(blank: ConnectionSettings) -> None:
    assert {shop, users} <= {*METADATA.tables.values()}
    await migrations.migrate(blank)
    once = await left(blank)
    assert await differences(blank) == []
    await migrations.downgrade(blank, "base")
    assert await migrations.current(blank) is None
    assert await left(blank) == {"alembic_version", "alembic_version_pkc"}
    await migrations.migrate(blank)
    assert await left(blank) == once
    assert await migrations.current(blank) == schema_state.newest()
    assert await differences(blank) == []


def test_what_the_scripts_say_is_what_alembic_runs() -> None:
    scripts = ScriptDirectory.from_config(migrations.configuration()).walk_revisions()
    assert list(schema_state.revisions()) == [script.revision for script in scripts]


async def test_every_single_step_can_be_taken_back(blank: ConnectionSettings) -> None:
    seen: list[tuple[str | None, set[str]]] = []
    for _ in ScriptDirectory.from_config(migrations.configuration()).walk_revisions():
        seen.append((await migrations.current(blank), await left(blank)))
        await migrations.migrate(blank, "+1")
    assert await migrations.current(blank) == schema_state.newest()
    for revision, there in reversed(seen):
        await migrations.downgrade(blank, "-1")
        assert await migrations.current(blank) == revision
        assert await left(blank) - {"alembic_version", "alembic_version_pkc"} == there - {
            "alembic_version",
            "alembic_version_pkc",
        }


async def test_processes_that_start_together_migrate_once(blank: ConnectionSettings) -> None:
    await asyncio.gather(*(migrations.migrate(blank) for _ in range(4)))
    assert await differences(blank) == []


async def test_who_finds_another_migrating_waits_however_long_it_takes(blank: ConnectionSettings) -> None:
    """Longer than any statement may take, and any lock may be waited for."""
    other = await connect(blank)
    await other.execute("SELECT pg_advisory_lock($1)", 7_065_107)
    hasty = replace(blank, statement_timeout_ms=100, lock_timeout_ms=50)
    waiting = asyncio.ensure_future(migrations.migrate(hasty))
    await asyncio.wait([waiting], timeout=0.5)
    await other.execute("SELECT pg_advisory_unlock($1)", 7_065_107)
    await other.close()
    await waiting
    assert await migrations.current(blank) == schema_state.newest()


async def test_a_server_that_is_too_old_is_refused_before_anything_is_done(
    blank: ConnectionSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "OLDEST_POSTGRES", 1_000)
    with pytest.raises(migrations.TooOld, match="needs 1000 or newer"):
        await migrations.migrate(blank)
    assert await left(blank) == set()


async def test_a_template_is_what_a_migration_makes(
    empty_database: ConnectionSettings, blank: ConnectionSettings
) -> None:
    await migrations.migrate(blank)
    assert await left(blank) == await left(empty_database)
