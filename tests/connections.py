"""Many HTTP clients at once, each with a connection of its own: cheap enough not to be what the server waits for."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

MOST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: Any


class Client:
    """One kept connection, on which one request follows the other."""

    def __init__(self, address: str) -> None:
        self._where = urlsplit(address)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, wish: object) -> Reply:
        """Send a GraphQL request. Raises: OSError, asyncio.IncompleteReadError: the server is not there any more."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._where.hostname, self._where.port)
        reader, writer = self._streams
        body = orjson.dumps(wish)
        head = f"POST /graphql HTTP/1.1\r\nHost: {self._where.netloc}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        [length] = [int(line.partition(":")[2]) for line in lines if line.startswith("content-length:")]
        return Reply(int(lines[0].split()[1]), orjson.loads(await reader.readexactly(length)))

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


async def sent(addresses: Sequence[str], wishes: Sequence[object], at_once: int) -> list[Reply]:
    """The replies to all wishes, in their order: `at_once` of them are under way to each address, each is sent once."""
    replies: dict[int, Reply] = {}
    waiting = iter(enumerate(wishes))

    async def work(address: str) -> None:
        client = Client(address)
        try:
            for number, wish in waiting:
                async with asyncio.timeout(MOST_SECONDS):
                    replies[number] = await client.post(wish)
        finally:
            await client.close()

    await asyncio.gather(*(work(address) for _ in range(at_once) for address in addresses))
    return [replies[number] for number in range(len(wishes))]
