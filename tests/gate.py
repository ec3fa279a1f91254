"""A way to a server that can be cut or held up, for all who went through it, and opened again."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"


class Gate:
    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._writers = set[asyncio.StreamWriter]()
        self._server: asyncio.Server | None = None
        self._port = 0
        self._flows = asyncio.Event()
        self._flows.set()

    @property
    def url(self) -> str:
        login = f"{self._url.username}:{self._url.password}"
        return f"{self._url.scheme}://{login}@{LOOPBACK}:{self._port}{self._url.path}?sslmode=disable"

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._pass, LOOPBACK, self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Nobody gets through, and whoever was through hears no goodbye."""
        if self._server is not None:
            self._server.close()
            for writer in self._writers:
                writer.transport.abort()
            await self._server.wait_closed()
            self._server = None

    def hold(self) -> None:
        """Nothing gets through, and nobody is told."""
        self._flows.clear()

    def release(self) -> None:
        self._flows.set()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._url.hostname, self._url.port)
        self._writers |= {writer, back}
        try:
            await asyncio.gather(self._pour(reader, back), self._pour(there, writer))
        finally:
            self._writers -= {writer, back}

    async def _pour(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(65_536):
                await self._flows.wait()
                writer.write(piece)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def gate(url: str) -> AsyncGenerator[Gate]:
    made = Gate(url)
    await made.open()
    try:
        yield made
    finally:
        await made.cut()
