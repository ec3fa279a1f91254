"""Followers of an order are cut off again and again while it moves on: what they receive is what is stored."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from domain.orders.order import OrderId
from persistence.connections import ConnectionSettings
from persistence.database import Database
from resolvers import global_ids
from server.settings import Settings, read_settings
from server.wiring import Shop, open_shop
from tests import selling, sizes, sql, valkey
from tests.generous import GenerousLimiter
from tests.graphql.following import EVENTS
from tests.graphql.ordering import Counter, Json
from tests.graphql.test_order_events import bought, happen
from tests.server.sockets import SUBPROTOCOL, Conversation, Served, served
from tests.server.streams import EVENT_STREAM, Stream

LAST_SECONDS = 60
"""To hear of the rest once nothing is cut any more."""
LOST = (OSError, EOFError, TimeoutError, WebSocketException, httpx.HTTPError, AssertionError)
"""What a client meets when it is cut off; AssertionError: what it was told is an error, or no answer at all."""


@dataclass(slots=True)
class House:
    """A server that can be cut off from everything, and started anew where it was."""

    settings: Settings
    redis: valkey.Valkey | None
    order: Json
    served: Served | None = None
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self) -> None:
        shop = await self.stack.enter_async_context(open_shop(self.settings, None, GenerousLimiter()))
        await self.stack.enter_async_context(self._serving(shop))

    @asynccontextmanager
    async def _serving(self, shop: Shop) -> AsyncGenerator[None]:
        """As servers do, the shop is closed when nobody is connected any more, who came at the last moment included."""
        async with served(shop) as self.served:
            self.served.shop.genuine = True
            connections = self.served.state.connections
            yield
        told = set[Any]()
        while connections:
            for connection in connections - told:
                connection.shutdown()
                told.add(connection)
            await asyncio.sleep(0.01)

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def stop(self) -> None:
        self.served = None
        await self.stack.aclose()

    @property
    def address(self) -> str:
        if self.served is None:
            raise ConnectionRefusedError
        return f"{self.served.host}:{self.served.port}"

    def cut_connections(self) -> None:
        for connection in list(self.served.state.connections) if self.served else ():
            connection.transport.abort()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]

    async def restart_redis(self) -> None:
        if self.redis is not None:
            await asyncio.to_thread(self.redis.restart)


@dataclass(slots=True)
class Follower:
    """Goes on from the last cursor it was given, as a page does."""

    house: House
    follow: Callable[["Follower"], Awaitable[None]]
    received: list[int] = field(default_factory=list[int])
    cursor: str | None = None

    @property
    def variables(self) -> Json:
        return {"id": self.house.order["order"]["id"], "token": self.house.order["accessToken"], "after": self.cursor}

    def told(self, event: Json) -> None:
        self.received.append(event["sequence"])
        self.cursor = event["cursor"]

    async def run(self) -> None:
        while True:
            with suppress(*LOST):
                await self.follow(self)
            await asyncio.sleep(0.01)


async def over_socket(follower: Follower) -> None:
    url = f"ws://{follower.house.address}/graphql"
    async with connect(url, subprotocols=[SUBPROTOCOL], proxy=None, open_timeout=5, close_timeout=1) as socket:
        client = Conversation(socket)
        await client.begin()
        payload = {"query": EVENTS, "variables": follower.variables}
        await socket.send(orjson.dumps({"type": "subscribe", "id": "1", "payload": payload}).decode())
        while True:
            heard = orjson.loads(await socket.recv())
            assert heard["type"] == "next"
            assert "errors" not in heard["payload"]
            follower.told(heard["payload"]["data"]["orderEvents"])


async def over_stream(follower: Follower) -> None:
    url, sent = f"http://{follower.house.address}/graphql", {"query": EVENTS, "variables": follower.variables}
    async with (
        httpx.AsyncClient(timeout=30) as client,
        client.stream("POST", url, json=sent, headers={"accept": EVENT_STREAM}) as reply,
    ):
        stream = Stream(reply)
        while True:
            follower.told(await stream.shown())


@asynccontextmanager
async def house(settings: Settings, redis: valkey.Valkey | None) -> AsyncGenerator[tuple[House, Shop]]:
    """With another process beside it, in which the order moves on."""
    async with open_shop(settings, None, GenerousLimiter()) as writing:
        counter = Counter(writing, await selling.market(writing.database))
        built = House(settings, redis, await bought(counter))
        await built.start()
        try:
            yield built, writing
        finally:
            await built.stop()


async def cut_database(settings: ConnectionSettings) -> None:
    """Every connection but our own."""
    database = Database(settings)
    await database.open()
    with suppress(Exception):
        await sql.rows(
            database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
    await database.close()


async def move_on(shop: Shop, order_id: OrderId, cuts: asyncio.Event) -> None:
    """Until all cuts are made; what a cut undoes is tried again."""
    while not cuts.is_set():
        with suppress(Exception):
            await happen(shop, order_id)
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("with_redis", [False, True], ids=["PostgreSQL", "Redis"])
async def test_what_followers_receive_over_random_cuts_is_what_is_stored(
    empty_database: ConnectionSettings, *, with_redis: bool
) -> None:
    chance = random.Random(sizes.CUTS)
    async with AsyncExitStack() as stack:
        redis = stack.enter_context(valkey.running()) if with_redis else None
        address = {"redis_url": redis.url} if redis is not None else {}
        settings = read_settings(database_url=empty_database.url, public_url="http://shop.example", **address)
        built, writing = await stack.enter_async_context(house(settings, redis))
        order_id = global_ids.of_type("Order", built.order["order"]["id"])
        assert order_id is not None
        followers = [Follower(built, follow) for follow in (over_socket, over_socket, over_stream)]
        cuts = asyncio.Event()
        running = [asyncio.create_task(follower.run()) for follower in followers]
        moving = asyncio.create_task(move_on(writing, OrderId(order_id), cuts))
        await _cut(built, empty_database, chance, sizes.CUTS, with_redis=with_redis)
        cuts.set()
        await moving
        stored = await _all_heard(empty_database, followers)
        for task in running:
            task.cancel()
        await asyncio.wait(running)
        assert [follower.received for follower in followers] == [stored] * len(followers)
        assert stored == list(range(1, len(stored) + 1))


async def _cut(
    built: House, database: ConnectionSettings, chance: random.Random, times: int, *, with_redis: bool
) -> None:
    async def connections() -> None:
        built.cut_connections()

    ways: Sequence[Callable[[], Awaitable[None]]] = [
        connections,
        connections,
        lambda: cut_database(database),
        built.restart,
        *([built.restart_redis] if with_redis else []),
    ]
    for _ in range(times):
        await asyncio.sleep(chance.uniform(0.01, 0.15))
        await chance.choice(ways)()


async def _all_heard(settings: ConnectionSettings, followers: Sequence[Follower]) -> list[int]:
    database = Database(settings)
    await database.open()
    found = await sql.rows(database, "SELECT sequence FROM order_events ORDER BY sequence")
    await database.close()
    stored = [row[0] for row in found]
    with suppress(TimeoutError):
        async with asyncio.timeout(LAST_SECONDS):
            while any(follower.received[-1:] != stored[-1:] for follower in followers):  # noqa: ASYNC110  (they count)
                await asyncio.sleep(0.05)
    return stored
