from collections.abc import AsyncGenerator, Callable

import pytest

from server.wiring import Shop
from tests.graphql.accounts.mutations import opened


@pytest.fixture(scope="session")
def people_url(templates: Callable[[str], str]) -> str:
    """A database for all tests of this worker that look at their own people only."""
    return templates("empty")


@pytest.fixture(scope="session")
async def people_shop(people_url: str) -> AsyncGenerator[Shop]:
    async with opened(people_url) as shop:
        yield shop
