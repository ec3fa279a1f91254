"""A real process is told to stop while sockets are open."""

import asyncio
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.server.sockets import NAME, NAMED, SUBPROTOCOL, Conversation, close_of
from tests.server.test_shutdown import SECONDS_TO_EXIT, process

RESTART = (1012, "Service restart")
HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
)


@pytest.fixture
async def running(demo_url: str) -> AsyncGenerator[tuple[Process, str]]:
    async with process(demo_url, "127.0.0.1") as started:
        yield started


def opened(url: str) -> connect:
    return connect(f"ws{url.removeprefix('http')}/graphql", subprotocols=[SUBPROTOCOL], proxy=None)


async def test_open_sockets_are_closed_with_1012_and_the_process_ends(running: tuple[Process, str]) -> None:
    server, url = running
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(opened(url)) for _ in range(5)]
        for socket in sockets[1:]:
            await Conversation(socket).begin()
        assert await Conversation(sockets[1]).ask(NAME) == NAMED
        server.send_signal(signal.SIGTERM)
        assert await asyncio.gather(*(Conversation(socket).end() for socket in sockets)) == [RESTART] * 5
        await asyncio.wait_for(server.wait(), SECONDS_TO_EXIT)
    await _nothing_was_complained_of(server)


async def test_clients_that_stopped_half_way_do_not_keep_the_process(running: tuple[Process, str]) -> None:
    server, url = running
    host, port = httpx.URL(url).host, httpx.URL(url).port
    begun = HANDSHAKE + b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    parts = (HANDSHAKE, begun, begun + b"\x01\x85\0\0\0\0hello", begun + b"\x81\xff")
    connections = [await asyncio.open_connection(host, port) for _ in parts]
    for (_, writer), part in zip(connections, parts, strict=True):
        writer.write(part[: len(begun)])
        await asyncio.sleep(0.1)
        writer.write(part[len(begun) :])
    async with opened(url) as reading_nothing:
        await _ask_much_and_read_nothing(reading_nothing)
        server.send_signal(signal.SIGTERM)
        await asyncio.wait_for(server.wait(), SECONDS_TO_EXIT)
        reading_nothing.transport.abort()
    for reader, writer in connections[1:]:
        assert b"\x88\x11\x03\xf4Service restart" in await reader.read()
        writer.close()
    connections[0][1].close()


async def _ask_much_and_read_nothing(socket: ClientConnection) -> None:
    client = Conversation(socket)
    await client.begin()
    socket.transport.pause_reading()
    for _ in range(90):
        await client.say("ping", payload={"chunk": "x" * 60_000})


async def test_what_runs_is_answered_first(running: tuple[Process, str]) -> None:
    server, url = running
    async with opened(url) as socket:
        client = Conversation(socket)
        await client.begin()
        for number in range(15):
            await client.subscribe("{ products(first: 100) { nodes { id name } } }", str(number))
        server.send_signal(signal.SIGTERM)
        heard = list[str]()
        with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012  (how many come before is what is counted)
            while True:
                heard.append((await client.hear())["type"])
    assert close_of(closed.value) == RESTART
    assert heard.count("next") == heard.count("complete")
    assert heard.count("error") == 0
    await asyncio.wait_for(server.wait(), SECONDS_TO_EXIT)


async def _nothing_was_complained_of(server: Process) -> None:
    assert server.stderr is not None
    said = (await server.stderr.read()).decode()
    assert "Traceback" not in said
    assert '"level":"error"' not in said
