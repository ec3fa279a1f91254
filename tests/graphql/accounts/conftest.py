from collections.abc import AsyncGenerator, Generator

import pytest

from server.wiring import Shop
from tests.conftest import Templates
from tests.graphql.accounts.mutations import opened


@pytest.fixture(scope="session")
def people_url(templates: Templates) -> Generator[str]:
    """A database for all tests of this worker that look at their own people only."""
    with templates.clone("empty") as settings:
        yield settings.url


@pytest.fixture(scope="session")
async def people_shop(people_url: str) -> AsyncGenerator[Shop]:
    async with opened(people_url) as shop:
        yield shop
