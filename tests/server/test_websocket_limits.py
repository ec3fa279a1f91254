"""What one client may take of us, and what becomes of those who do not read."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed

from server.websocket.limits import SocketLimits
from server.wiring import Shop
from tests.server.sockets import NAME, NAMED, Conversation, Served, served

SLOW = "query Slow { shop { name } }"
CHUNK = "x" * 60_000
DEAF_PINGS = b"\x89\xfd\0\0\0\0" + b"p" * 125
LIMITS = SocketLimits(send_seconds=0.5)


@pytest.fixture(scope="module")
async def server(shop: Shop) -> AsyncGenerator[Served]:
    async with served(shop) as started:
        yield started


@asynccontextmanager
async def deaf(server: Served) -> AsyncGenerator[Conversation]:
    """A client that has begun, whose machine takes in little, and that reads only when it is told to."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    narrow.setblocking(False)  # noqa: FBT003
    await asyncio.get_running_loop().sock_connect(narrow, (server.host, server.port))
    async with server.talk(sock=narrow, ping_interval=None, close_timeout=0.1) as client:
        client.socket.transport.pause_reading()
        yield client
        client.socket.transport.abort()


async def test_twenty_operations_run_at_once_and_the_next_is_refused_alone(server: Served) -> None:
    server.shop.leave.clear()
    async with server.talk() as client:
        for number in range(20):
            await client.subscribe(SLOW, f"slow {number}")
        refused = await client.ask(NAME, "one more")
        assert refused["type"] == "error"
        assert refused["payload"][0]["extensions"] == {"code": "TOO_MANY_OPERATIONS"}
        await client.say("complete", id="slow 0")
        assert await client.ask(NAME, "one more") == NAMED
        server.shop.leave.set()
        heard = [await client.hear() for _ in range(38)]
    assert {message["id"] for message in heard} == {f"slow {number}" for number in range(1, 20)}


async def test_a_user_has_five_sockets(server: Served) -> None:
    user = uuid4()
    async with AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(server.talk({"accessToken": server.shop.sign_in(user_id=user)}))
        async with server.open() as sixth:
            await sixth.say("connection_init", payload={"accessToken": server.shop.sign_in(user_id=user)})
            assert await sixth.end() == (1013, "Try again later: this user has 5 sockets open.")
        async with server.talk({"accessToken": server.shop.sign_in()}) as other:
            assert await other.ask(NAME) == NAMED
    await server.quiet()
    async with server.talk({"accessToken": server.shop.sign_in(user_id=user)}) as again:
        assert await again.ask(NAME) == NAMED


async def test_an_address_has_twenty_anonymous_sockets(server: Served) -> None:
    await server.quiet()
    async with AsyncExitStack() as stack:
        for _ in range(20):
            await stack.enter_async_context(server.talk())
        async with server.open() as further:
            await further.say("connection_init")
            assert await further.end() == (1013, "Try again later: this address has 20 sockets open.")
        async with server.talk({"accessToken": server.shop.sign_in()}) as signed_in:
            assert await signed_in.ask(NAME) == NAMED


async def test_an_address_has_twenty_sockets_that_have_not_said_whose_they_are(server: Served) -> None:
    await server.quiet()
    async with AsyncExitStack() as stack:
        waiting = [await stack.enter_async_context(server.open()) for _ in range(20)]
        async with server.open() as further:
            assert (await further.end())[0] == 1013
        await waiting[0].begin()
        async with server.talk() as next_one:
            assert await next_one.ask(NAME) == NAMED


async def test_who_does_not_read_is_closed_once_a_hundred_frames_wait(server: Served) -> None:
    async with deaf(server) as client:
        for _ in range(400):
            await client.say("ping", payload={"chunk": CHUNK})
        client.socket.transport.resume_reading()
        assert (await client.end())[0] == 1013
    await server.quiet()


async def test_who_does_not_read_and_asks_no_more_is_closed_too(shop: Shop) -> None:
    async with served(shop, LIMITS) as server, deaf(server) as client:
        for _ in range(80):
            await client.say("ping", payload={"chunk": CHUNK})
        await asyncio.sleep(1)
        client.socket.transport.resume_reading()
        assert (await client.end())[0] == 1013
        await server.quiet()


async def test_who_never_reads_is_cut_off(shop: Shop) -> None:
    async with served(shop, LIMITS) as server, deaf(server) as client:
        for _ in range(80):
            await client.say("ping", payload={"chunk": CHUNK})
        await server.quiet()


async def test_pings_of_the_transport_do_not_pile_up_either(server: Served) -> None:
    await server.quiet()
    async with deaf(server) as client:
        with pytest.raises((ConnectionClosed, ConnectionError)):
            await _flood(client)
        await server.quiet()


async def _flood(client: Conversation) -> None:
    async with asyncio.timeout(20):
        while True:
            client.socket.transport.write(DEAF_PINGS * 500)
            await client.socket.drain()
            await asyncio.sleep(0)
            if client.socket.transport.is_closing():
                raise ConnectionResetError


async def test_a_client_that_gives_no_sign_of_life_is_gone(shop: Shop) -> None:
    async with served(shop, ws_ping_interval=0.2, ws_ping_timeout=0.2) as server:
        async with server.talk(ping_interval=None) as alive:
            await asyncio.sleep(1)
            assert await alive.ask(NAME) == NAMED
        async with deaf(server):
            await server.quiet()
