"""What goes on behind the answers: events are carried out, and what was not paid or is not needed ends."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from domain.payments.reconciling import AT_ONCE, EVERY
from domain.shared.clock import now
from domain.shared.errors import Unavailable
from persistence.housekeeping import tidy
from server.wiring import Shop

TIDY_SECONDS = 300.0
EXPIRE_SECONDS = 10.0
RECONCILE_SECONDS = EVERY.total_seconds()
MOST_TURNS = 50
_PAUSE_SECONDS = 1.0
"""Before work that failed is begun again."""
_LOG = structlog.stdlib.get_logger("souk.work")


@asynccontextmanager
async def at_work(shop: Shop) -> AsyncGenerator[None]:
    """Do it while the block runs."""
    works: list[Callable[[], Awaitable[None]]] = [
        *(shop.relay.run, lambda: _tidying(shop), lambda: _expiring(shop), lambda: _reconciling(shop)),
    ]
    if shop.consuming is not None:
        works.append(shop.consuming.run)
    if shop.sandbox is not None:
        works.append(shop.sandbox.background.run)
    tasks = [asyncio.create_task(_again_and_again(work)) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _again_and_again(work: Callable[[], Awaitable[None]]) -> None:
    """What fails is begun anew: nobody would notice that it is missing."""
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001  (see above)
            _LOG.exception("background work failed")
        await asyncio.sleep(_PAUSE_SECONDS)


async def _tidying(shop: Shop) -> None:
    try:
        await tidy(shop.behind, now())
    except Unavailable:
        return
    await asyncio.sleep(TIDY_SECONDS)


async def _expiring(shop: Shop) -> None:
    try:
        while await shop.overdue.expire():
            pass
    except Unavailable:
        return
    await asyncio.sleep(EXPIRE_SECONDS)


async def _reconciling(shop: Shop) -> None:
    """Every minute, and again at once where more is left than is asked about in one turn."""
    with suppress(Unavailable):
        for _ in range(MOST_TURNS):
            if await shop.reconciler.turn() < AT_ONCE:
                break
    await asyncio.sleep(RECONCILE_SECONDS)
