"""Clients that follow an order over WebSocket, light enough to hold thousands of them in one process."""

import asyncio
import base64
import os
import struct
import time
from dataclasses import dataclass, field
from typing import cast

import orjson

PER_ADDRESS = 15
"""Sockets from one loopback address: a server lets one address have twenty."""
_SHORT, _MIDDLE = 125, 126


@dataclass(frozen=True, slots=True)
class Order:
    """What is followed."""

    port: int
    variables: dict[str, str]
    subscription: str


@dataclass(slots=True)
class Heard:
    """When each follower was told of each event, by the event's number."""

    at: dict[int, list[float]] = field(default_factory=dict[int, list[float]])
    ready: int = 0
    lost: int = 0


class Follower(asyncio.Protocol):
    """Shakes hands, subscribes, and notes when it hears of what."""

    def __init__(self, order: Order, heard: Heard) -> None:
        self._order = order
        self._heard = heard
        self._buffer = bytearray()
        self._open = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        opened = self._transport = cast("asyncio.Transport", transport)
        key = base64.b64encode(os.urandom(16)).decode()
        opened.write(
            f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{self._order.port}\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        at = time.perf_counter()
        self._buffer += data
        if not self._open:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if b" 101 " not in self._buffer[:end]:
                raise RuntimeError(bytes(self._buffer[:200]))
            del self._buffer[: end + 4]
            self._open = True
            self._say({"type": "connection_init"})
            self._say(
                {
                    "type": "subscribe",
                    "id": "1",
                    "payload": {"query": self._order.subscription, "variables": self._order.variables},
                }
            )
        self._read(at)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._heard.lost += 1

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _read(self, at: float) -> None:
        while len(self._buffer) >= 4:  # noqa: PLR2004  (a header with its length)
            length, start = self._buffer[1], 2
            if length == _MIDDLE:
                length, start = struct.unpack_from(">H", self._buffer, 2)[0], 4
            if len(self._buffer) < start + length:
                return
            text = bytes(self._buffer[start : start + length])
            opcode = self._buffer[0] & 0x0F
            del self._buffer[: start + length]
            if opcode == 1:
                self._hear(text, at)
            elif opcode == 9:  # noqa: PLR2004  (a ping wants its pong)
                self._frame(10, text)

    def _hear(self, text: bytes, at: float) -> None:
        if text.startswith(b'{"type":"next"'):
            number = orjson.loads(text)["payload"]["data"]["orderEvents"]["sequence"]
            self._heard.at.setdefault(number, []).append(at)
        elif text.startswith(b'{"type":"connection_ack"'):
            self._heard.ready += 1
        else:
            raise RuntimeError(text)

    def _say(self, message: object) -> None:
        self._frame(1, orjson.dumps(message))

    def _frame(self, opcode: int, body: bytes) -> None:
        """Masked with nothing: a mask of zeros leaves the body as it is."""
        short = len(body) <= _SHORT
        head = struct.pack(">BB", 0x80 | opcode, 0x80 | len(body)) if short else b""
        if not short:
            head = struct.pack(">BBH", 0x80 | opcode, 0x80 | _MIDDLE, len(body))
        if self._transport is not None:
            self._transport.write(head + bytes(4) + body)


async def gather(order: Order, heard: Heard, count: int, at_once: int = 50) -> list[Follower]:
    """So many, connected and subscribed; each few from an address of their own."""
    loop = asyncio.get_running_loop()
    followers: list[Follower] = []
    for begin in range(0, count, at_once):
        numbers = range(begin, min(begin + at_once, count))
        connected = await asyncio.gather(
            *(
                loop.create_connection(
                    lambda: Follower(order, heard), "127.0.0.1", order.port, local_addr=(_address(number), 0)
                )
                for number in numbers
            )
        )
        followers += [follower for _, follower in connected]
        async with asyncio.timeout(60):
            while heard.ready < len(followers):  # noqa: ASYNC110  (they count in callbacks)
                await asyncio.sleep(0.005)
    return followers


def _address(number: int) -> str:
    place = number // PER_ADDRESS + 1
    return f"127.1.{place >> 8}.{place & 255}"
