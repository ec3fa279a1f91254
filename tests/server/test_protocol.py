"""Real sockets: what clients send slowly, too long, or wrong as HTTP."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.server import ServerState

from server.app import build_app
from server.http import serving
from server.http.protocol import MOST_HEADER_BYTES, Protocol
from server.settings import Settings

POST = b"POST /graphql HTTP/1.1\r\nHost: shop.example\r\nContent-Type: application/json\r\n"
QUERY = b'{"query": "{ shop { name } }"}'
LENGTH = b"Content-Length: %d\r\n\r\n" % len(QUERY)
LIVE = b"GET /livez HTTP/1.1\r\nHost: shop.example\r\n\r\n"


class Impatient(Protocol):
    header_seconds = 0.5
    body_seconds = 0.5


@dataclass(slots=True)
class Served:
    """What came back on one connection, until the server closed it."""

    raw: bytes

    @property
    def statuses(self) -> list[int]:
        return [int(part[:3]) for part in self.raw.split(b"HTTP/1.1 ")[1:]]

    @property
    def code(self) -> str:
        """Of the last answer."""
        return json.loads(self.raw.rpartition(b"\r\n\r\n")[2])["errors"][0]["extensions"]["code"]


@dataclass(slots=True)
class Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
            await asyncio.sleep(0.02)

    async def trickle(self, data: bytes) -> Served:
        """Send byte after byte until the server has had enough."""
        answered = asyncio.create_task(self.rest())
        for byte in data:
            if not answered.done():
                await self.send(bytes([byte]))
        return await answered

    async def answer(self) -> bytes:
        """The next answer on a connection that stays open."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return head + await self.reader.readexactly(length)

    async def rest(self) -> Served:
        async with asyncio.timeout(10):
            return Served(await self.reader.read())


@dataclass(slots=True)
class Gate:
    """Lets a slow request end when the test says so."""

    entered: asyncio.Event = field(default_factory=asyncio.Event)
    leave: asyncio.Event = field(default_factory=asyncio.Event)

    async def slow(self, request: Request) -> Response:
        del request
        self.entered.set()
        await self.leave.wait()
        return Response(b"done")


Connect = Callable[[], AbstractAsyncContextManager[Connection]]


@asynccontextmanager
async def listening(app: Starlette, settings: Settings, **given: Any) -> AsyncGenerator[Connect]:
    config = serving.config(app, settings)
    for name, value in given.items():
        setattr(config, name, value)
    config.load()
    state, app_state = ServerState(), dict[str, Any]()

    def protocol() -> Protocol:
        return Impatient(config=config, server_state=state, app_state=app_state)

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)

    @asynccontextmanager
    async def connect() -> AsyncGenerator[Connection]:
        connection = Connection(*await asyncio.open_connection(*server.sockets[0].getsockname()))
        try:
            yield connection
        finally:
            connection.writer.close()

    try:
        yield connect
    finally:
        server.close()


@pytest.fixture(scope="session")
def gate() -> Gate:
    return Gate()


@pytest.fixture(scope="session")
async def connect(settings: Settings, gate: Gate) -> AsyncGenerator[Connect]:
    app = build_app(settings)
    app.router.routes.append(Route("/slow", gate.slow, methods=["GET", "POST"]))
    async with app.router.lifespan_context(app), listening(app, settings) as opened:
        yield opened


async def test_a_request_in_many_packets_is_answered(connect: Connect) -> None:
    async with connect() as connection:
        await connection.send(POST[:30], POST[30:] + LENGTH[:5], LENGTH[5:] + QUERY[:4], QUERY[4:])
        answer = await connection.answer()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b'{"data":{"shop":{"name":"Souk"}}}')
    assert b"\r\nserver:" not in answer.lower()


async def test_headers_that_do_not_arrive_are_408(connect: Connect) -> None:
    async with connect() as connection:
        await connection.send(POST)
        served = await connection.rest()
    assert (served.statuses, served.code) == ([408], "REQUEST_TIMEOUT")
    assert b"connection: close" in served.raw


async def test_trickling_headers_do_not_extend_the_time(connect: Connect) -> None:
    async with connect() as connection:
        served = await connection.trickle(POST)
    assert served.statuses == [408]


async def test_who_sends_nothing_is_sent_away(connect: Connect) -> None:
    async with connect() as connection:
        assert (await connection.rest()).raw == b""


async def test_the_next_request_of_a_connection_has_the_same_limits(connect: Connect) -> None:
    async with connect() as connection:
        await connection.send(LIVE)
        assert b"200 OK" in await connection.answer()
        await connection.send(b"\r\n", LIVE[:20])
        served = await connection.rest()
    assert served.statuses == [408]


async def test_empty_lines_do_not_hold_a_connection(connect: Connect) -> None:
    async with connect() as connection:
        await connection.send(LIVE)
        await connection.answer()
        await connection.send(b"\r\n")
        assert (await connection.rest()).raw == b""


async def test_a_body_that_does_not_arrive_is_408(connect: Connect) -> None:
    async with connect() as connection:
        await connection.send(POST + LENGTH + QUERY[:5])
        served = await connection.rest()
    assert (served.statuses, served.code) == ([408], "REQUEST_TIMEOUT")


async def test_a_trickling_body_does_not_extend_the_time(connect: Connect) -> None:
    async with connect() as connection:
        await connection.send(POST + LENGTH)
        served = await connection.trickle(QUERY)
    assert served.statuses == [408]


async def test_a_body_that_nobody_wants_does_not_hold_the_connection(connect: Connect) -> None:
    async with connect() as connection:
        await connection.send(b"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        assert b"404" in await connection.answer()
        await connection.send(b"a" * 10)
        assert (await connection.rest()).raw == b""


@pytest.mark.parametrize("pieces", [1, 40])
async def test_headers_over_32_kib_are_431(connect: Connect, pieces: int) -> None:
    size = MOST_HEADER_BYTES // pieces + 10
    parts = [b"X-%d: " % number + b"a" * size + b"\r\n" for number in range(pieces)]
    async with connect() as connection:
        await connection.send(POST, b"".join(parts), b"\r\n")
        served = await connection.rest()
    assert (served.statuses, served.code) == ([431], "HEADERS_TOO_LARGE")


async def test_one_packet_may_hold_more_than_headers(connect: Connect) -> None:
    body = QUERY.ljust(MOST_HEADER_BYTES * 2)
    async with connect() as connection:
        await connection.send(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert (await connection.answer()).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"CONNECT shop.example:443 HTTP/1.1\r\n\r\n",
        POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        POST + b"Content-Length: -1\r\n\r\n",
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        POST + b"Bad Header: 1\r\n\r\n",
    ],
    ids=lambda value: repr(value[-24:]),
)
async def test_what_is_not_http_is_400_in_json(connect: Connect, garbage: bytes) -> None:
    async with connect() as connection:
        await connection.send(garbage)
        served = await connection.rest()
    assert (served.statuses, served.code) == ([400], "BAD_REQUEST")


async def test_a_running_request_is_answered_before_the_connection_is_refused(connect: Connect, gate: Gate) -> None:
    gate.entered.clear()
    gate.leave.clear()
    async with connect() as connection:
        await connection.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        await gate.entered.wait()
        await connection.send(b"nonsense\r\n\r\n")
        gate.leave.set()
        served = await connection.rest()
    assert served.statuses == [200]
    assert served.raw.endswith(b"done")


async def test_pipelined_requests_are_answered_in_turn(connect: Connect) -> None:
    async with connect() as connection:
        await connection.send((POST + LENGTH + QUERY) * 3 + LIVE)
        answers = [await connection.answer() for _ in range(4)]
    assert [answer[:12] for answer in answers] == [b"HTTP/1.1 200"] * 4


async def test_a_client_that_asks_first_need_not_send_what_is_too_large(connect: Connect) -> None:
    async with connect() as connection:
        await connection.send(POST + b"Expect: 100-continue\r\nContent-Length: 10000000\r\n\r\n")
        served = await connection.rest()
    assert (served.statuses, served.code) == ([413], "BODY_TOO_LARGE")


async def test_a_client_that_asks_first_may_send_what_fits(connect: Connect) -> None:
    async with connect() as connection:
        await connection.send(POST + b"Expect: 100-continue\r\n" + LENGTH)
        assert await connection.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await connection.send(QUERY)
        assert (await connection.answer()).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("upgrade", [b"h2c", b"websocket"])
@pytest.mark.parametrize("cut", [10, len(POST) + 45, -3, 1_000])
async def test_an_upgrade_is_answered_as_if_it_were_not_asked_for(connect: Connect, upgrade: bytes, cut: int) -> None:
    request = POST + b"Connection: Upgrade\r\nUpgrade: " + upgrade + b"\r\n" + LENGTH + QUERY
    async with connect() as connection:
        await connection.send(request[:cut], request[cut:])
        assert (await connection.answer()).endswith(b'{"data":{"shop":{"name":"Souk"}}}')
        await connection.send(LIVE)
        assert (await connection.answer()).startswith(b"HTTP/1.1 200")


async def test_too_many_connections_are_503_in_json(settings: Settings) -> None:
    async with listening(build_app(settings), settings, limit_concurrency=1) as connect, connect() as connection:
        await connection.send(LIVE)
        served = await connection.rest()
    assert (served.statuses, served.code) == ([503], "SERVICE_UNAVAILABLE")
    assert b"retry-after: 1" in served.raw
