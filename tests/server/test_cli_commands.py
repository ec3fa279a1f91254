"""What each command does, in processes and on real databases."""

import asyncio
import json
import shutil
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from persistence import migrations, schema_state
from persistence.connections import ConnectionSettings
from server import sdl
from server.cli.settings import HIDDEN, listing, shown
from server.settings import CHECKOUT, Environment, Settings, read_settings
from tests.command import Souk


def value(database: ConnectionSettings, query: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(database.dsn)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(run())


def test_the_version_is_that_of_the_package(souk: Souk) -> None:
    assert souk.run("--version").stdout == f"Souk {metadata.version('souk')}\n"


def test_help_names_every_command_and_exit_code(souk: Souk) -> None:
    text = souk.run("--help").stdout
    for command in ("serve", "migrate", "demo", "schema", "settings", "doctor", "user"):
        assert f" {command} " in text
    assert "Exit codes" in text


def test_an_unknown_option_is_a_usage_error(souk: Souk) -> None:
    assert souk.run("serve", "--fast").returncode == 2


def test_the_schema_is_printed_as_the_server_has_it(souk: Souk) -> None:
    assert souk.run("schema").stdout == sdl.printed()


def test_an_outdated_schema_file_is_told_with_the_difference_and_can_be_written(souk: Souk, tmp_path: Path) -> None:
    for package in ("adapters", "alembic", "domain", "persistence", "resolvers", "schema", "server"):
        shutil.copytree(CHECKOUT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / "schema/schema.graphql"
    file.write_text(sdl.printed().replace("Everything that can be read.", "Some of it."))
    copy = replace(souk, code=tmp_path)
    stale = copy.run("schema", "--check")
    assert stale.returncode == 1
    assert '-"""Some of it.' in stale.stdout
    assert '+"""Everything that can be read.' in stale.stdout
    assert "souk schema --write" in stale.stderr
    assert copy.run("schema", "--write").returncode == 0
    assert file.read_text() == sdl.printed()


def test_migrations_stop_where_they_are_told_and_go_on(souk: Souk, empty_database: ConnectionSettings) -> None:
    asyncio.run(migrations.downgrade(empty_database, "base"))
    url = empty_database.url
    first = souk.run("migrate", "--to", "2026_11_23_catalogue", DATABASE_URL=url)
    assert first.stdout == "Schema: 2026_11_23_catalogue (was empty).\n"
    newest = souk.run("migrate", DATABASE_URL=url)
    assert newest.stdout == f"Schema: {schema_state.newest()} (was 2026_11_23_catalogue).\n"
    assert "nothing to do" in souk.run("migrate", DATABASE_URL=url).stdout


def test_an_unknown_migration_is_told_with_those_there_are(souk: Souk) -> None:
    assert schema_state.newest() in souk.refuses("migrate", "--to", "nowhere", code=2)


def test_the_demo_grows_to_the_wanted_number_and_no_further(souk: Souk, demo_database: ConnectionSettings) -> None:
    grown = souk.run("demo", "--products", "300", DATABASE_URL=demo_database.url)
    assert "products/s" in grown.stdout
    assert value(demo_database, "SELECT count(*) FROM products") == 300
    again = souk.run("demo", "--products", "300", DATABASE_URL=demo_database.url)
    assert "complete already: 300 products" in again.stdout


def test_the_demo_needs_the_newest_schema(souk: Souk, empty_database: ConnectionSettings) -> None:
    asyncio.run(migrations.downgrade(empty_database, "base"))
    assert "run `souk migrate`" in souk.refuses("demo", DATABASE_URL=empty_database.url)


def test_commands_use_the_embedded_database_when_no_server_runs(souk: Souk) -> None:
    assert souk.run("migrate").returncode == 0
    assert "is an administrator now" in create_admin(souk, "ann@example.com", given="a long password\n")
    assert "has the new password" in create_admin(souk, "Ann@example.com", given="another password\n")
    assert souk.gone()


def create_admin(souk: Souk, email: str, *, given: str) -> str:
    return souk.run("user", "create-admin", "--email", email, "--password-stdin", given=given).stdout


def test_settings_tell_value_source_and_meaning_without_the_password(souk: Souk) -> None:
    url = "postgresql://ann:hunter2%40@db.example:5432/shop"
    done = souk.run("settings", "--json", DATABASE_URL=url, PORT="9000")
    listed = {setting["name"]: setting for setting in json.loads(done.stdout)}
    assert listed.keys() == {name.upper() for name in Settings.model_fields}
    assert all(setting["meaning"] for setting in listed.values())
    assert (listed["PORT"]["value"], listed["PORT"]["source"]) == ("9000", "environment")
    assert (listed["HOST"]["value"], listed["HOST"]["source"]) == ("127.0.0.1", "default")
    assert listed["DATABASE_URL"]["value"] == f"postgresql://ann:{HIDDEN}@db.example:5432/shop"
    assert "hunter2" not in done.stdout + souk.run("settings", DATABASE_URL=url).stdout


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        (None, ""),
        ((), ""),
        (("a.example", "b.example"), "a.example,b.example"),
        (Environment.PRODUCTION, "production"),
        (8000, "8000"),
        (SecretStr("sk_live_1"), HIDDEN),
        (SecretStr("postgresql://ann@db/shop"), "postgresql://ann@db/shop"),
        (SecretStr("postgresql://ann:a@b@db/shop"), f"postgresql://ann:{HIDDEN}@db/shop"),
        (SecretStr("postgresql://db/shop?user=ann&password=x"), f"postgresql://db/shop?user=ann&password={HIDDEN}"),
        (SecretStr("postgresql://[broken/shop"), HIDDEN),
    ],
)
def test_a_value_is_shown_without_what_is_secret(setting: object, text: str) -> None:
    assert shown(setting) == text


def test_every_setting_is_listed_in_the_order_of_its_definition() -> None:
    assert [setting.name for setting in listing(read_settings())] == [name.upper() for name in Settings.model_fields]
