from collections.abc import Generator

import pytest

from tests.command import Souk, fresh_home


@pytest.fixture
def souk() -> Generator[Souk]:
    """The command, with a home that does not exist yet."""
    with fresh_home() as home:
        yield Souk(home)
