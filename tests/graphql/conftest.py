import asyncio
from collections.abc import AsyncGenerator, Generator

import httpx
import pytest

from server.app import build_app
from server.settings import read_settings
from server.wiring import Shop, open_shop
from tests import selling
from tests.conftest import Statements, Templates
from tests.generous import GenerousLimiter
from tests.graphql import crowd, crowd_carts, crowd_orders, crowd_payments, provider_events
from tests.graphql.access_world import World, world
from tests.graphql.market import furnish
from tests.graphql.ordering import Counter


@pytest.fixture(scope="session")
def crowded_url(templates: Templates) -> Generator[str]:
    """A demo shop that gets people, for all tests of this worker that only read."""
    with templates.clone("demo") as settings:
        yield settings.url


@pytest.fixture(scope="session")
async def crowded(crowded_url: str, statements: Statements) -> AsyncGenerator[Shop]:
    """The demo shop with people in it; `statements` sees what SQL it runs."""
    settings = read_settings(database_url=crowded_url, public_url="http://shop.example")
    async with open_shop(settings, statements, GenerousLimiter()) as opened:
        await crowd.gather(opened)
        await crowd_orders.gather(opened)
        await crowd_carts.gather(opened)
        await crowd_payments.gather(opened)
        await provider_events.gather(opened)
        yield opened


@pytest.fixture(scope="session")
def market_url(templates: Templates) -> Generator[str]:
    """A database for all tests of this worker that look at their own carts and settings only."""
    with templates.clone("empty") as settings:
        yield settings.url


@pytest.fixture(scope="session")
async def market(market_url: str, statements: Statements) -> AsyncGenerator[Shop]:
    settings = read_settings(database_url=market_url, public_url="http://shop.example")
    async with open_shop(settings, statements, GenerousLimiter()) as opened:
        await furnish(opened)
        yield opened


@pytest.fixture(scope="session")
def guarded_url(templates: Templates) -> Generator[str]:
    with templates.clone("demo") as settings:
        yield settings.url


@pytest.fixture(scope="session")
async def access_world(guarded_url: str) -> AsyncGenerator[World]:
    """The whole application over a demo shop of its own, without what goes on in the background."""
    settings = read_settings(database_url=guarded_url, public_url="http://shop.example")
    app = build_app(settings)
    async with open_shop(settings, None, GenerousLimiter()) as app.state.shop:
        await _ready(app.state.shop)
        transport = httpx.ASGITransport(app, client=("198.51.100.1", 40_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
            yield await world(app.state.shop, client)


async def _ready(shop: Shop) -> None:
    """Until it knows which sessions were revoked, it believes no token."""
    while not shop.identities.revoked.loaded:  # noqa: ASYNC110  (nobody is told when it knows)
        await asyncio.sleep(0.01)


@pytest.fixture
async def counter(own_shop: Shop) -> Counter:
    return Counter(own_shop, await selling.market(own_shop.database))
