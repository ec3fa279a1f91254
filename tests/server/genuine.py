"""A real server that believes the accounts of the shop behind it, and that shop, for clients of all kinds."""

from collections.abc import AsyncGenerator

import pytest

from server.wiring import Shop
from tests import selling
from tests.graphql.ordering import Counter
from tests.server.sockets import Served, served


@pytest.fixture
async def server(own_shop: Shop) -> AsyncGenerator[Served]:
    async with served(own_shop) as started:
        started.shop.genuine = True
        yield started


@pytest.fixture
async def counter(own_shop: Shop) -> Counter:
    return Counter(own_shop, await selling.market(own_shop.database))
