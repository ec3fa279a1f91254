"""Looks at a database before it is used: can it be reached, how old is it, what is in it.

DatabaseUnusable        its sentence says what is wrong and never shows a password
├── AddressUnusable     DATABASE_URL cannot be understood
├── NobodyAnswers       there is no PostgreSQL at that address, or the network is in between
├── LoginRefused        the user or the password is wrong, or may not come from here
├── DatabaseMissing     the server is there, the database is not
└── ServerTooOld
"""

import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

import asyncpg

from persistence.connections import ConnectionSettings, connect

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

OLDEST_POSTGRES = 15
# any constant will do: it lets processes that start together prepare the shop one after another
_LOCK = 7_065_109
_PINGS = 5


class DatabaseUnusable(Exception):
    """DATABASE_URL does not lead to a database that Souk can work with."""


class AddressUnusable(DatabaseUnusable):
    def __init__(self, reason: str) -> None:
        super().__init__(
            f"DATABASE_URL cannot be understood ({reason}): "
            "write it as postgresql://user:password@host:5432/database, with %40 for an @ in the password."
        )


class NobodyAnswers(DatabaseUnusable):
    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"No PostgreSQL answers at {place} ({reason}): start it there, or correct the address in DATABASE_URL."
        )


class LoginRefused(DatabaseUnusable):
    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"PostgreSQL at {place} does not let us in ({reason}): correct the user or the password in DATABASE_URL."
        )


class DatabaseMissing(DatabaseUnusable):
    def __init__(self, place: str, name: str) -> None:
        super().__init__(
            f'PostgreSQL at {place} has no database "{name}": '
            f'create it with `CREATE DATABASE "{name}";`, or correct the name in DATABASE_URL.'
        )


class ServerTooOld(DatabaseUnusable):
    def __init__(self, place: str, version: str) -> None:
        super().__init__(
            f"PostgreSQL {version} at {place} is too old: Souk needs {OLDEST_POSTGRES} or newer. "
            "Point DATABASE_URL at a newer one; nothing was changed."
        )


@dataclass(frozen=True, slots=True)
class Condition:
    """`revision` is the newest migration that ran, None when none did; `has_products` is whether there is one."""

    version: str
    revision: str | None
    has_products: bool
    latency_ms: float


async def examine(settings: ConnectionSettings) -> Condition:
    """Read what the shop's database is like, changing nothing.

    Raises:
        DatabaseUnusable: it cannot be reached, or is too old.
    """
    async with _connected(settings) as connection:
        return Condition(
            version=_version(connection, settings),
            revision=await _revision(connection),
            has_products=await _exists(connection, "products")
            and bool(await connection.fetchval("SELECT EXISTS (SELECT FROM products)")),
            latency_ms=await _latency(connection),
        )


@asynccontextmanager
async def turn(settings: ConnectionSettings) -> AsyncGenerator[None]:
    """Keep others who want their turn waiting until the block ends.

    Raises:
        DatabaseUnusable: it cannot be reached.
    """
    async with _connected(replace(settings, statement_timeout_ms=0, lock_timeout_ms=0)) as connection:
        await connection.execute(f"SELECT pg_advisory_lock({_LOCK})", timeout=3_600)
        yield


@asynccontextmanager
async def _connected(settings: ConnectionSettings) -> AsyncGenerator[Connection]:
    connection = await _connect(settings)
    try:
        yield connection
    finally:
        connection.terminate()  # nothing of it is needed any more, and a polite goodbye could wait for a dead server


async def _connect(settings: ConnectionSettings) -> Connection:
    place = _place(settings.dsn)
    try:
        return await connect(settings)
    except asyncpg.InvalidCatalogNameError as missing:
        raise DatabaseMissing(place, _name(settings.dsn)) from missing
    except asyncpg.InvalidAuthorizationSpecificationError as refused:
        raise LoginRefused(place, _sentence(refused)) from refused
    except asyncpg.ClientConfigurationError as wrong:
        raise AddressUnusable(_sentence(wrong)) from wrong
    except TimeoutError as late:
        raise NobodyAnswers(place, "it took longer than 2 seconds") from late
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as broken:
        raise NobodyAnswers(place, _sentence(broken)) from broken
    except ValueError as wrong:
        raise AddressUnusable(_sentence(wrong)) from wrong


def _version(connection: Connection, settings: ConnectionSettings) -> str:
    """What the server said when it let us in, without what a packager added to it."""
    found = connection.get_server_version()
    version = f"{found.major}.{found.micro}"  # since PostgreSQL 10, asyncpg counts minor versions there
    if found.major < OLDEST_POSTGRES:
        raise ServerTooOld(_place(settings.dsn), version)
    return version


async def _revision(connection: Connection) -> str | None:
    if not await _exists(connection, "alembic_version"):
        return None
    return await connection.fetchval("SELECT version_num FROM alembic_version")


async def _exists(connection: Connection, table: str) -> bool:
    return await connection.fetchval("SELECT to_regclass($1)", table) is not None


async def _latency(connection: Connection) -> float:
    """The shortest of a few round trips: the others met something else on their way."""
    shortest = float("inf")
    for _ in range(_PINGS):
        started = time.perf_counter()
        await connection.execute("SELECT 1")
        shortest = min(shortest, time.perf_counter() - started)
    return shortest * 1_000


def _place(dsn: str) -> str:
    parts = urlsplit(dsn)
    with suppress(ValueError):
        return f"{parts.hostname or 'localhost'}:{parts.port or 5432}"
    return "the address in DATABASE_URL"


def _name(dsn: str) -> str:
    parts = urlsplit(dsn)
    return unquote(parts.path.strip("/")) or unquote(parts.username or "")


def _sentence(error: BaseException) -> str:
    """The first line of what `error` says, to stand inside a sentence."""
    if isinstance(error, ConnectionError) and error.errno:
        return os.strerror(error.errno).lower()  # asyncio's own text names the address again
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
