"""The clients that frontends use, following a real order on a real server."""

import asyncio
import json
import shutil
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.graphql.following import ALL_EVENTS, EVENTS
from tests.graphql.ordering import Counter
from tests.graphql.test_order_events import bought, cancel, note, of
from tests.server.sockets import Served

HERE = Path(__file__).parent
PATIENCE = 60
OVER_SOCKETS = ("graphql-ws", "apollo-ws", "urql-ws")
OVER_STREAMS = ("graphql-sse", "urql-sse")

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(
        not (HERE / "node_modules").exists(), reason="the clients are not installed: npm ci in tests/clients"
    ),
]


class Told:
    """What a client in a process of its own was told."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def next(self) -> Any:
        assert self._process.stdout
        assert self._process.stderr
        async with asyncio.timeout(PATIENCE):
            line = await self._process.stdout.readline()
            if not line:
                raise AssertionError((await self._process.stderr.read()).decode())
        return json.loads(line)

    async def sequences(self, count: int) -> list[int]:
        return [(await self.next())["orderEvents"]["sequence"] for _ in range(count)]


@asynccontextmanager
async def client(name: str, server: Served, query: str, variables: object) -> AsyncGenerator[Told]:
    url = f"http://{server.host}:{server.port}/graphql"
    sent = json.dumps({"query": query, "variables": variables})
    command = ["node", str(HERE / "follow.mjs"), name, url, sent]
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    try:
        yield Told(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("name", [*OVER_SOCKETS, *OVER_STREAMS])
async def test_each_client_follows_an_order(name: str, server: Served, counter: Counter) -> None:
    placed = await bought(counter)
    async with client(name, server, EVENTS, of(placed)) as told:
        first = (await told.next())["orderEvents"]
        assert (first["sequence"], first["order"]["status"]) == (1, "PENDING")
        await cancel(counter, placed)
        assert (await told.next())["orderEvents"]["order"]["status"] == "CANCELED"
        await note(counter, placed, 3)
        assert await told.sequences(3) == [3, 4, 5]


@pytest.mark.parametrize("name", ["graphql-ws", "graphql-sse"])
async def test_a_client_that_was_cut_off_comes_back_by_itself(name: str, server: Served, counter: Counter) -> None:
    placed = await bought(counter)
    async with client(name, server, EVENTS, of(placed)) as told:
        assert await told.sequences(1) == [1]
        for connection in list(server.state.connections):
            connection.transport.abort()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        await note(counter, placed)
        assert await told.sequences(2) == [1, 2]  # it sends the same cursor again; a page keeps the newest instead


@pytest.mark.parametrize("name", ["graphql-sse", "urql-sse"])
async def test_what_is_refused_is_told_over_streams(name: str, server: Served) -> None:
    async with client(name, server, ALL_EVENTS, {}) as told:
        assert "errors" in await told.next()
