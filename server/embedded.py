"""Chooses the database: the one that DATABASE_URL names, or a PostgreSQL of our own."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from adapters.embedded_postgres import EmbeddedPostgres
from persistence.connections import ConnectionSettings
from server.settings import Settings


@dataclass(frozen=True, slots=True)
class Chosen:
    """The database at `url`, which is also in `settings`; `embedded` tells that it is our own."""

    settings: Settings
    url: SecretStr
    embedded: bool

    @property
    def connection(self) -> ConnectionSettings:
        return connection_settings(self.settings)


def connection_settings(settings: Settings) -> ConnectionSettings:
    """Raises: RuntimeError: no database was chosen yet; `database` chooses one."""
    if settings.database_url is None:
        raise RuntimeError("DATABASE_URL is not set")
    return ConnectionSettings(settings.database_url.get_secret_value(), settings.database_pool_size)


def embedded_home(settings: Settings) -> Path:
    return settings.souk_home / "postgres"


@contextmanager
def database(settings: Settings) -> Generator[Chosen]:
    """The database for the block. Our own runs until the last process that uses it leaves its block.

    Raises:
        EmbeddedPostgresError: our own cannot be had.
    """
    if settings.database_url is not None:
        yield Chosen(settings, settings.database_url, embedded=False)
        return
    with EmbeddedPostgres(embedded_home(settings)) as url:
        # the loopback needs no encryption, and looking for certificates fails in a HOME that belongs to another user
        secret = SecretStr(f"{url}?sslmode=disable")
        yield Chosen(settings.model_copy(update={"database_url": secret}), secret, embedded=True)
