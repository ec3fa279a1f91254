"""Chooses the database: the one that DATABASE_URL names, or a PostgreSQL of our own."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from adapters.embedded_postgres import EmbeddedPostgres
from server.settings import Settings


@dataclass(frozen=True, slots=True)
class Chosen:
    """`settings` with their DATABASE_URL set; `embedded` tells that it is our own."""

    settings: Settings
    embedded: bool


def home(settings: Settings) -> Path:
    return settings.souk_home.expanduser().absolute()


def embedded_home(settings: Settings) -> Path:
    return home(settings) / "postgres"


@contextmanager
def database(settings: Settings) -> Generator[Chosen]:
    """The database for the block. Our own runs until the last process that uses it leaves its block.

    Raises:
        EmbeddedPostgresError: our own cannot be had.
    """
    if settings.database_url is not None:
        yield Chosen(settings, embedded=False)
        return
    with EmbeddedPostgres(embedded_home(settings)) as url:
        yield Chosen(settings.model_copy(update={"database_url": SecretStr(url)}), embedded=True)
