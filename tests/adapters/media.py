"""What carries signals between processes, real, and made to be broken."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from adapters.redis_connections import redis_client
from adapters.redis_signals import RedisSignals
from domain.shared.broadcasting import CHANNEL, QUIET_SECONDS, BroadcastSignals
from persistence.connections import ConnectionSettings
from persistence.database import Database
from persistence.signals import SqlSignals
from tests.valkey import Valkey

PATIENCE = 60.0

LISTENERS = "FROM pg_stat_activity WHERE datname = $1 AND application_name = 'souk signals'"


class Medium(Protocol):
    def process(self, quiet_seconds: float = QUIET_SECONDS) -> BroadcastSignals:
        """Signals as one more process has them, not open yet."""
        ...

    async def listeners(self) -> int: ...

    async def cut(self) -> None:
        """Break the connection of every listener."""
        ...

    async def stop(self) -> None: ...

    async def start(self) -> None: ...

    async def freeze(self) -> None:
        """Connections stay, and nothing comes through them any more."""
        ...

    async def thaw(self) -> None: ...

    async def shout(self, payload: str) -> None:
        """Say on the channel what we would not."""
        ...


class RedisMedium:
    def __init__(self, server: Valkey) -> None:
        self._server = server

    def process(self, quiet_seconds: float = QUIET_SECONDS) -> BroadcastSignals:
        return RedisSignals(self._server.url, quiet_seconds)

    async def listeners(self) -> int:
        return str(await self._ask("CLIENT LIST TYPE pubsub")).count("sub=1 ")

    async def cut(self) -> None:
        await self._ask("CLIENT KILL TYPE pubsub")

    async def stop(self) -> None:
        self._server.kill()

    async def start(self) -> None:
        self._server.start()

    async def freeze(self) -> None:
        self._server.pause()

    async def thaw(self) -> None:
        self._server.resume()

    async def shout(self, payload: str) -> None:
        await self._ask("PUBLISH", CHANNEL, payload)

    async def _ask(self, command: str, *arguments: str) -> Any:
        client: Any = redis_client(self._server.url, PATIENCE)
        try:
            return await client.execute_command(*command.split(), *arguments)
        finally:
            await client.aclose()


class OwnDatabase(SqlSignals):
    """Opens and closes the database along with the signals, as a process does."""

    async def open(self) -> None:
        await self._database.open()
        await super().open()

    async def close(self) -> None:
        await super().close()
        await self._database.close()


class SqlMedium:
    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        parts = urlsplit(settings.dsn)
        self._name = parts.path.removeprefix("/")
        self._admin_url = urlunsplit(parts._replace(path="/postgres"))
        self._frozen: list[int] = []

    def process(self, quiet_seconds: float = QUIET_SECONDS) -> BroadcastSignals:
        return OwnDatabase(Database(self._settings), quiet_seconds)

    async def listeners(self) -> int:
        async with self._admin() as admin:
            return len(await admin.fetch(f"SELECT pid {LISTENERS}", self._name))

    async def cut(self) -> None:
        async with self._admin() as admin:
            await admin.execute(f"SELECT pg_terminate_backend(pid) {LISTENERS}", self._name)

    async def stop(self) -> None:
        """For one database, what a server that is down is for all: others' tests use the server too."""
        async with self._admin() as admin:
            await admin.execute(f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS false")
            await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", self._name)

    async def start(self) -> None:
        async with self._admin() as admin:
            await admin.execute(f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS true")

    async def freeze(self) -> None:
        async with self._admin() as admin:
            found = await admin.fetch("SELECT pid FROM pg_stat_activity WHERE datname = $1", self._name)
        self._frozen = [row["pid"] for row in found]
        for pid in self._frozen:
            os.kill(pid, signal.SIGSTOP)

    async def thaw(self) -> None:
        for pid in self._frozen:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    async def shout(self, payload: str) -> None:
        connection = await asyncpg.connect(self._settings.dsn)
        await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)
        await connection.close()

    @asynccontextmanager
    async def _admin(self) -> AsyncGenerator[asyncpg.Connection[asyncpg.Record]]:
        admin = await asyncpg.connect(self._admin_url)
        try:
            yield admin
        finally:
            await admin.close()
