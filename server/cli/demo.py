"""`souk demo`."""

import asyncio
import time

from persistence.connections import ConnectionSettings
from server.cli.screen import Screen
from server.demo.loading import DemoReport
from server.embedded import database
from server.settings import read_settings
from server.starting import condition, load, require_current


def run(screen: Screen, products: int | None) -> None:
    with database(read_settings()) as chosen:
        started = time.monotonic()
        report = asyncio.run(_load(chosen.connection, products, screen))
        seconds = time.monotonic() - started
    if not report.changed:
        screen.line(f"The demo shop is complete already: {report.products_kept:,} products.")
        return
    rate = report.products_added / seconds
    screen.line(
        f"Demo shop loaded: {report.categories_added:,} categories and {report.products_added:,} products added, "
        f"{report.products_kept:,} were there; {report.settings_added} rates and discount codes set; "
        f"{seconds:.1f} s, {rate:,.0f} products/s."
    )


async def _load(connection: ConnectionSettings, products: int | None, screen: Screen) -> DemoReport:
    require_current(await condition(connection))
    return await load(connection, products, screen)
