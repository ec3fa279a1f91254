from collections.abc import AsyncGenerator, Callable

import pytest

from server.settings import read_settings
from server.wiring import Shop, open_shop
from tests.conftest import Statements
from tests.generous import GenerousLimiter
from tests.graphql import crowd


@pytest.fixture(scope="session")
def crowded_url(templates: Callable[[str], str]) -> str:
    """A demo shop that gets people, for all tests of this worker that only read."""
    return templates("demo")


@pytest.fixture(scope="session")
async def crowded(crowded_url: str, statements: Statements) -> AsyncGenerator[Shop]:
    """The demo shop with people in it; `statements` sees what SQL it runs."""
    settings = read_settings(database_url=crowded_url, public_url="http://shop.example")
    async with open_shop(settings, statements, GenerousLimiter()) as opened:
        await crowd.gather(opened)
        yield opened
