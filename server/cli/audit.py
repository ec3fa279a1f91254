"""`souk audit`."""

import asyncio

import asyncpg

from persistence.audit import LAWS, violations
from persistence.database import ConnectionSettings
from server.cli.screen import Screen
from server.embedded import database
from server.failures import Failure
from server.settings import read_settings
from server.starting import condition, require_current


def run(screen: Screen) -> None:
    with database(read_settings()) as chosen:
        found = asyncio.run(_audit(chosen.connection, screen))
    if found:
        raise Failure(f"The books do not agree: {found:,} violations, listed above.")
    screen.line(f"The books agree: {len(LAWS)} laws hold.")


async def _audit(connection: ConnectionSettings, screen: Screen) -> int:
    require_current(await condition(connection))
    found = 0
    try:
        async for violation in violations(connection):
            found += 1
            screen.line(f"{violation.law}; but {violation.where}.")
    except (OSError, asyncpg.PostgresError) as unreadable:
        raise Failure(f"The books could not be read to the end ({unreadable}): try again.") from unreadable
    return found
