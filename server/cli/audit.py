"""`souk audit`."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import asyncpg

from domain.shared.errors import Unavailable
from persistence.audit import LAWS, SECONDS, violations
from persistence.connections import ConnectionSettings
from persistence.database import Database
from persistence.payments.books import SqlBooks
from server.cli.screen import Screen
from server.embedded import database
from server.failures import Failure
from server.payment_wiring import gateway
from server.provider_audit import AT_ONCE, ProviderAudit
from server.settings import Settings, read_settings
from server.starting import condition, require_current


def run(screen: Screen, provider: bool) -> None:  # noqa: FBT001  (the command passes what was typed)
    settings = read_settings()
    with database(settings) as chosen:
        found = asyncio.run(_audit(chosen.connection, screen))
        differing = asyncio.run(_ask_provider(chosen.settings, chosen.connection, screen)) if provider else 0
    if found:
        raise Failure(f"The books do not agree: {found:,} violations, listed above.")
    if differing:
        raise Failure(f"The provider's books are not ours: {differing:,} differences, listed above.")
    screen.line(f"The books agree: {len(LAWS)} laws hold.")
    if provider:
        screen.line("The provider's books are ours.")


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


async def _ask_provider(settings: Settings, connection: ConnectionSettings, screen: Screen) -> int:
    patient = replace(connection, pool_size=AT_ONCE, statement_timeout_ms=int(SECONDS * 1_000))
    database, found = Database(patient), 0
    async with AsyncExitStack() as stack:
        await database.open()
        stack.push_async_callback(database.close)
        audit = ProviderAudit(SqlBooks(database), gateway(settings, database, stack))
        advance = stack.enter_context(screen.progress("Asking the provider", "payments"))
        try:
            async for difference in audit.run(advance):
                found += 1
                screen.line(f"{difference}.")
        except Unavailable as away:
            raise Failure(f"The provider's books could not be read to the end ({away}): try again.") from away
    return found
