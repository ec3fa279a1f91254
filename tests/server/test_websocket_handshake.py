"""Before a socket is open: who may have one, and what else comes as a handshake."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from server.settings import read_settings
from server.websocket.limits import SocketLimits
from server.wiring import Shop
from tests.server.sockets import NAME, NAMED, Served, complaints, origin, served

UPGRADE = (
    b"GET %b HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n%b\r\n"
)


@pytest.fixture(scope="module")
async def server(shop: Shop) -> AsyncGenerator[Served]:
    async with served(shop) as started:
        yield started


@pytest.fixture(scope="module")
async def strict(shop: Shop, demo_url: str) -> AsyncGenerator[Served]:
    """As in production, for two hosts and two other origins."""
    settings = read_settings(
        souk_env="production",
        database_url=demo_url,
        public_url="https://shop.example:443",
        allowed_hosts="shop.example,*.internal",
        allowed_origins="https://app.example,http://localhost:3000",
        jwt_secret="0" * 32,
        smtp_url="smtp://127.0.0.1:25",
        stripe_secret_key="sk_test_1",
        stripe_webhook_secret="whsec_12345678",
    )
    async with served(replace(shop, settings=settings)) as started:
        yield started


async def reply_to(server: Served, request: bytes) -> bytes:
    """What comes back until the server closes, or has opened a socket."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    try:
        writer.write(request)
        async with asyncio.timeout(10):
            head = await reader.readuntil(b"\r\n\r\n")
            return head if head.startswith(b"HTTP/1.1 101 ") else head + await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize("offered", [None, ["graphql-ws"], ["graphql-transport", "x"]])
async def test_without_the_subprotocol_a_socket_is_closed_with_4406(server: Served, offered: list[str] | None) -> None:
    subprotocols = None if offered is None else [Subprotocol(name) for name in offered]
    async with server.open(subprotocols=subprotocols) as client:
        assert await client.end() == (4406, "Subprotocol not acceptable")


async def test_the_subprotocol_is_found_among_others_and_nothing_is_compressed(server: Served) -> None:
    offered = [Subprotocol("graphql-ws"), Subprotocol("graphql-transport-ws")]
    async with server.talk(subprotocols=offered, compression="deflate") as client:
        assert client.socket.subprotocol == "graphql-transport-ws"
        assert client.socket.response is not None
        assert "sec-websocket-extensions" not in client.socket.response.headers
        assert "x-request-id" in client.socket.response.headers
        assert "server" not in client.socket.response.headers
        assert await client.ask(NAME) == NAMED


@pytest.mark.parametrize(
    "page",
    ["https://shop.example", "HTTPS://Shop.Example", "https://app.example", "http://localhost:3000"],
)
async def test_pages_of_ours_and_of_allowed_origins_may_connect(strict: Served, page: str) -> None:
    async with strict.talk(name="shop.example", origin=origin(page)) as client:
        assert await client.ask(NAME) == NAMED


@pytest.mark.parametrize(
    "page",
    [
        "https://evil.example",
        "http://shop.example",
        "https://shop.example.evil.example",
        "https://shop.example:8443",
        "null",
        "",
        "http://[",
        "https://app.example/",
    ],
)
async def test_pages_of_others_may_not(strict: Served, page: str) -> None:
    with complaints() as said, pytest.raises(InvalidStatus) as refused:
        async with strict.open(name="shop.example", origin=origin(page)):
            pass
    assert said == []
    response = refused.value.response
    assert response.status_code == 403
    assert b'"code":"FORBIDDEN"' in response.body
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(("page", "may"), [("http://{host}:{port}", True), ("http://evil.example", False)])
async def test_in_development_a_page_is_ours_by_whatever_name_it_calls_us(
    server: Served, page: str, *, may: bool
) -> None:
    named = origin(page.format(host=server.host, port=server.port))
    if may:
        async with server.talk(origin=named) as client:
            assert await client.ask(NAME) == NAMED
    else:
        with pytest.raises(InvalidStatus):
            async with server.open(origin=named):
                pass


@pytest.mark.parametrize(
    ("host", "status"),
    [("shop.example", 101), ("a.internal", 101), ("SHOP.EXAMPLE:8000", 101), ("evil.example", 400), ("", 400)],
)
async def test_only_hosts_that_are_served_are_answered(strict: Served, host: str, status: int) -> None:
    request = UPGRADE.replace(b"shop.example", host.encode()) % (b"/graphql", b"")
    assert (await reply_to(strict, request)).startswith(b"HTTP/1.1 %d " % status)


async def test_there_are_sockets_at_one_address_only(server: Served) -> None:
    for path in (b"/", b"/livez", b"/graphql/", b"/nothing?token=secret"):
        assert (await reply_to(server, UPGRADE % (path, b""))).startswith(b"HTTP/1.1 403 ")


async def test_a_full_process_refuses_further_sockets(shop: Shop) -> None:
    async with served(shop, SocketLimits(sockets=2)) as server:
        async with server.talk(), server.open():
            with pytest.raises(InvalidStatus) as refused:
                async with server.open():
                    pass
            assert refused.value.response.status_code == 503
            assert refused.value.response.headers["retry-after"] == "1"
        await server.quiet()
        async with server.talk() as client:
            assert await client.ask(NAME) == NAMED


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (UPGRADE.replace(b"Version: 13", b"Version: 8") % (b"/graphql", b""), 400),
        (UPGRADE.replace(b"AAAA==", b"A") % (b"/graphql", b""), 400),
        (UPGRADE % (b"/graphql", b"Cookie: " + b"a" * 9_000 + b"\r\n"), 431),
        (UPGRADE % (b"/graphql", b"X: y\r\n" * 200), 431),
        (UPGRADE % (b"/graphql?" + b"a" * 9_000, b""), 414),
        (UPGRADE.replace(b"HTTP/1.1", b"HTTP/1.0") % (b"/graphql", b""), 101),
    ],
)
async def test_a_handshake_that_is_none_is_refused(server: Served, request_: bytes, status: int) -> None:
    with complaints() as said:
        answer = await reply_to(server, request_)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert said == []
    await server.quiet()


@pytest.mark.parametrize("cut", [20, 100, -1])
async def test_a_handshake_may_come_in_pieces(server: Served, cut: int) -> None:
    request = UPGRADE % (b"/graphql", b"")
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(request[:cut])
    await asyncio.sleep(0.02)
    writer.write(request[cut:])
    async with asyncio.timeout(10):
        answer = await reader.readuntil(b"\x88\x1c\x11\x36Subprotocol not acceptable")  # it offered none
    writer.close()
    assert answer.startswith(b"HTTP/1.1 101 ")


async def test_an_answer_that_is_still_owed_comes_before_a_handshake_is_heard(server: Served) -> None:
    """It is then answered as if it had not asked for an upgrade."""
    live = b"GET /livez HTTP/1.1\r\nHost: shop.example\r\n\r\n"
    answer = await reply_to(
        server, live + UPGRADE.replace(b"Connection: Upgrade", b"Connection: Upgrade, close") % (b"/livez", b"")
    )
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 2
