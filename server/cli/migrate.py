"""`souk migrate`."""

import asyncio

from persistence.connections import ConnectionSettings
from persistence.schema_state import revisions
from server.cli.screen import Screen
from server.embedded import database
from server.failures import UsageFailure
from server.migrating import migrate
from server.settings import read_settings
from server.starting import condition


def run(screen: Screen, to: str) -> None:
    settings = read_settings()
    if to not in {"head", *revisions()}:
        raise UsageFailure(f"There is no migration {to}; there are: {', '.join(reversed(revisions()))}.")
    with screen.step("Migrating the database") as note, database(settings) as chosen:
        note(f"Schema: {asyncio.run(_migrate(chosen.connection, to))}.")


async def _migrate(connection: ConnectionSettings, to: str) -> str:
    return await migrate(connection, await condition(connection), to)
