"""What goes on behind the answers: events are carried out, and what nobody needs is removed."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from domain.shared.clock import now
from domain.shared.errors import Unavailable
from persistence.housekeeping import tidy
from server.wiring import Shop

TIDY_SECONDS = 300.0
_PAUSE_SECONDS = 1.0
"""Before work that failed is begun again."""
_LOG = structlog.stdlib.get_logger("souk.work")


@asynccontextmanager
async def at_work(shop: Shop) -> AsyncGenerator[None]:
    """Do it while the block runs."""
    tasks = [asyncio.create_task(_again_and_again(work)) for work in (shop.relay.run, lambda: _tidying(shop))]
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
