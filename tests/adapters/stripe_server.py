"""A Stripe on loopback that keeps what it is asked, and can be told to misbehave."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from urllib.parse import parse_qsl, urlsplit

import orjson

from tests.adapters.stripe_state import StripeState

LOOPBACK = "127.0.0.1"


class Fault(Enum):
    """How the next answer goes wrong. `AFTER` means that what was asked for is done first."""

    HANG = auto()
    HANG_AFTER = auto()
    RESET = auto()
    RESET_AFTER = auto()
    BROKEN = auto()
    BROKEN_AFTER = auto()
    BROKEN_FOR_GOOD = auto()
    BUSY = auto()
    TOO_MANY = auto()
    GARBAGE_AFTER = auto()
    OTHER_SHAPE_AFTER = auto()


DONE_FIRST = frozenset(
    {
        *(Fault.HANG_AFTER, Fault.RESET_AFTER, Fault.BROKEN_AFTER, Fault.GARBAGE_AFTER, Fault.OTHER_SHAPE_AFTER),
    }
)
INSTEAD: Mapping[Fault, tuple[int, bytes]] = {
    Fault.BROKEN: (500, b'{"error": {"type": "api_error", "message": "canary"}}'),
    Fault.BROKEN_AFTER: (500, b'{"error": {"type": "api_error", "message": "canary"}}'),
    Fault.BROKEN_FOR_GOOD: (500, b'{"error": {"type": "api_error", "message": "canary"}}'),
    Fault.BUSY: (409, b'{"error": {"type": "invalid_request_error", "code": "idempotency_key_in_use"}}'),
    Fault.TOO_MANY: (429, b'{"error": {"type": "invalid_request_error", "code": "rate_limit"}}'),
    Fault.GARBAGE_AFTER: (200, b'{"id": "pi_secret_canary'),
    Fault.OTHER_SHAPE_AFTER: (200, b'{"id": "pi_1", "status": "canary", "client_secret": "pi_1_secret_canary"}'),
}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    given: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def key(self) -> str | None:
        return self.headers.get("idempotency-key")


@dataclass
class StripeServer:
    """`faults` befall the next requests that change something, `read_faults` those that only read, one each."""

    state: StripeState = field(default_factory=StripeState)
    requests: list[Request] = field(default_factory=list[Request])
    faults: list[Fault | None] = field(default_factory=list[Fault | None])
    read_faults: list[Fault | None] = field(default_factory=list[Fault | None])
    url: str = ""

    @property
    def changes(self) -> list[Request]:
        return [request for request in self.requests if request.method == "POST"]

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while await self._answer(await _request(reader), writer):
                pass
        writer.close()

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection goes on."""
        self.requests.append(request)
        waiting = self.faults if request.method == "POST" else self.read_faults
        fault = waiting.pop(0) if waiting else None
        status, body, is_replayed = 0, b"", False
        if fault is None or fault in DONE_FIRST:
            status, told, is_replayed = self.state.answer(
                request.method, request.path, request.given, request.key, request.headers["authorization"]
            )
            body = orjson.dumps(told)
        if fault in {Fault.HANG, Fault.HANG_AFTER}:
            return True
        if fault in {Fault.RESET, Fault.RESET_AFTER}:
            writer.transport.abort()
            return False
        if fault is not None:
            status, body = INSTEAD[fault]
        more = "Idempotent-Replayed: true\r\n" if is_replayed else ""
        more += "Stripe-Should-Retry: false\r\n" if fault is Fault.BROKEN_FOR_GOOD else ""
        head = f"HTTP/1.1 {status} Told\r\nContent-Length: {len(body)}\r\nRequest-Id: req_1\r\n{more}\r\n"
        writer.write(head.encode() + body)
        return True


async def _request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    return Request(method, parts.path, dict(parse_qsl(parts.query) + parse_qsl(body.decode())), headers)


@asynccontextmanager
async def stripe_server(state: StripeState | None = None) -> AsyncGenerator[StripeServer]:
    stripe, writers = StripeServer(state or StripeState()), list[asyncio.StreamWriter]()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await stripe.converse(reader, writer)

    server = await asyncio.start_server(converse, LOOPBACK, 0)
    stripe.url = f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
    try:
        yield stripe
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await server.wait_closed()
