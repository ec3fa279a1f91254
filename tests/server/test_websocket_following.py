"""Subscriptions over real sockets: how many run, who cannot keep up, who may not see more, and what a restart costs."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import structlog
from websockets.exceptions import ConnectionClosed

from domain.orders.events import OrderEventType
from domain.orders.order import OrderId
from domain.orders.progress import Progress
from domain.orders.stream import OrderStream
from domain.orders.tracking import OrderTracking
from domain.products.availability import StockWatch
from domain.shared.clock import now
from domain.users.user import ANONYMOUS, Actor
from persistence.connections import ConnectionSettings
from persistence.orders.following import SqlOrderedEvents, SqlTrackedOrders
from persistence.products.readers import SqlVariants
from resolvers import global_ids
from resolvers.services import Followed
from server.settings import read_settings
from server.websocket.limits import SocketLimits
from server.wiring import Shop, open_shop
from tests import selling
from tests.generous import GenerousLimiter
from tests.graphql.asking import ADMIN
from tests.graphql.following import EVENTS
from tests.graphql.ordering import Counter, Json
from tests.graphql.test_order_access import revoke
from tests.graphql.test_order_events import bought, note, of
from tests.server.sockets import Conversation, Served, close_of, served
from tests.server.streams import streaming
from tests.server.test_shutdown import SECONDS_TO_EXIT, process
from tests.server.test_websocket_limits import deaf
from tests.server.test_websocket_shutdown import RESTART, opened

FRAMES = 10
SHOWN_AGAIN = " ".join(f"m{number}: message" for number in range(29))
LONG = "x" * 1_000
LARGE = EVENTS.replace("message", SHOWN_AGAIN)
"""Shows the message of an event again and again: some 30 KB."""
BUFFERED = 3
"""Of them, in the 64 KiB that a connection takes before it makes its writer wait: lost when it is cut."""
NEVER = 3_600.0


@pytest.fixture
async def counter(own_shop: Shop) -> Counter:
    return Counter(own_shop, await selling.market(own_shop.database))


@asynccontextmanager
async def started(shop: Shop, limits: SocketLimits | None = None) -> AsyncGenerator[Served]:
    async with served(shop, limits) as server:
        server.shop.genuine = True
        yield server


@asynccontextmanager
async def told_by_signals_alone(shop: Shop) -> AsyncGenerator[Shop]:
    """The shop, whose followers are not made to look again by a clock."""
    log = structlog.stdlib.get_logger("souk.following")
    followed = Followed(
        OrderTracking(SqlTrackedOrders(shop.database), shop.signals, log, NEVER),
        OrderStream(SqlOrderedEvents(shop.database), shop.signals, log, NEVER),
        StockWatch(SqlVariants(shop.database), shop.signals, log, NEVER),
    )
    running = asyncio.create_task(followed.run())
    try:
        yield replace(shop, services=replace(shop.services, followed=followed))
    finally:
        running.cancel()
        await asyncio.wait([running])


def shown(message: Json) -> Json:
    assert message["type"] == "next"
    return message["payload"]["data"]["orderEvents"]


async def noted_at_length(counter: Counter, placed: Json) -> None:
    order_id = global_ids.of_type("Order", placed["order"]["id"])
    assert order_id is not None
    async with counter.shop.services.orders.begin() as work:
        order = await work.orders.lock(OrderId(order_id))
        assert order is not None
        progress = Progress(order, now())
        progress.happened(OrderEventType.NOTE_ADDED, LONG)
        await progress.store(work)
        await work.commit()


async def test_twenty_subscriptions_run_at_once_and_the_next_is_refused_alone(counter: Counter) -> None:
    placed = await bought(counter)
    async with started(counter.shop) as server, server.talk() as client:
        for number in range(20):
            await client.subscribe(EVENTS, str(number), variables=of(placed))
        assert [shown(await client.hear())["sequence"] for _ in range(20)] == [1] * 20
        refused = await client.ask(EVENTS, "one more", variables=of(placed))
        assert refused["payload"][0]["extensions"] == {"code": "TOO_MANY_OPERATIONS"}
        await note(counter, placed)
        heard = [await client.hear() for _ in range(20)]
        assert {message["id"] for message in heard} == {str(number) for number in range(20)}
        assert [shown(message)["sequence"] for message in heard] == [2] * 20
        await client.say("complete", id="0")
        await client.subscribe(EVENTS, "one more", variables=of(placed))
        begun = [await client.hear() for _ in range(2)]
        assert [(message["id"], shown(message)["sequence"]) for message in begun] == [("one more", 1), ("one more", 2)]
        assert counter.shop.services.followed.order_tracking.followed == 20


async def test_a_follower_that_does_not_read_is_cut_off_alone_and_few_events_are_kept_for_it(counter: Counter) -> None:
    placed = await bought(counter)
    tracking = counter.shop.services.followed.order_tracking
    limits = SocketLimits(frames=FRAMES, send_seconds=NEVER)
    async with started(counter.shop, limits) as server, server.talk() as other, deaf(server) as client:
        for one in (client, other):
            await one.subscribe(LARGE, variables=of(placed))
        written = shown(await other.hear())["sequence"]
        while tracking.followed != 1 or written == 1:
            await noted_at_length(counter, placed)
            written += 1
            assert shown(await other.hear())["sequence"] == written
        received = await _heard_out(client)
        assert received == list(range(1, len(received) + 1))
        # what the server had kept: frames that may wait, one on its way, one too many, and the connection's own buffer
        assert written - len(received) <= FRAMES + 2 + BUFFERED
        await note(counter, placed)
        assert shown(await other.hear())["sequence"] == written + 1


async def _heard_out(client: Conversation) -> Sequence[int]:
    """All that still comes once the client reads again."""
    client.socket.transport.resume_reading()
    received = list[int]()
    with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012  (what comes before is what is counted)
        while True:
            received.append(shown(await client.hear())["sequence"])
    # the close frame is behind all that was sent before: who reads too late for it finds the connection cut
    assert closed.value.rcvd is None or closed.value.rcvd.code == 1013
    return received


@pytest.mark.parametrize("actor", [ANONYMOUS, ADMIN], ids=["by who has it", "by staff"])
async def test_who_follows_by_a_token_that_is_revoked_is_told_by_the_signal(counter: Counter, actor: Actor) -> None:
    placed, another = await bought(counter), await bought(counter)
    given = {"accessToken": placed["accessToken"]} if actor is ANONYMOUS else {}
    async with (
        told_by_signals_alone(counter.shop) as shop,
        started(shop) as server,
        server.talk() as client,
        streaming(f"http://{server.host}:{server.port}", EVENTS, of(placed)) as stream,
    ):
        for identity, order in (("1", placed), ("2", placed), ("untouched", another)):
            await client.subscribe(EVENTS, identity, variables=of(order))
            assert shown(await client.hear())["sequence"] == 1
        assert (await stream.shown())["sequence"] == 1
        answer = await revoke(counter, placed["order"]["id"], actor, **given)
        assert answer["userErrors"] == []
        ends = [await client.hear() for _ in range(2)]
        assert {end["id"] for end in ends} == {"1", "2"}
        assert [(end["type"], end["payload"][0]["extensions"]["code"]) for end in ends] == [("error", "NOT_FOUND")] * 2
        assert await stream.codes() == ["NOT_FOUND"]
        if answer["accessToken"] is not None:
            await client.subscribe(EVENTS, "1", variables=of({**placed, "accessToken": answer["accessToken"]}))
            assert shown(await client.hear())["sequence"] == 1
        await note(counter, another)
        last = await client.hear()
        assert (last["id"], shown(last)["sequence"]) == ("untouched", 2)


async def test_who_goes_on_elsewhere_when_a_server_stops_misses_nothing(empty_database: ConnectionSettings) -> None:
    # of the processes: whoever signs tokens with another secret gives out none that they know
    settings = read_settings(database_url=empty_database.url, public_url="http://shop.example", jwt_secret="0" * 32)
    async with open_shop(settings, None, GenerousLimiter()) as writing:
        counter = Counter(writing, await selling.market(writing.database))
        placed = await bought(counter)
        received = list[Json]()
        async with process(empty_database.url, "127.0.0.1") as (server, url), opened(url) as socket:
            client = Conversation(socket)
            await client.begin()
            await client.subscribe(EVENTS, variables=of(placed))
            received.append(shown(await client.hear()))
            await note(counter, placed)
            received.append(shown(await client.hear()))
            server.send_signal(signal.SIGTERM)
            await note(counter, placed, 3)
            with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012  (no `complete`: it is not over)
                while True:
                    received.append(shown(await client.hear()))
            assert close_of(closed.value) == RESTART
            await asyncio.wait_for(server.wait(), SECONDS_TO_EXIT)
        await note(counter, placed, 3)
        async with process(empty_database.url, "127.0.0.1") as (_, url), opened(url) as socket:
            client = Conversation(socket)
            await client.begin()
            await client.subscribe(EVENTS, variables=of(placed, received[-1]["cursor"]))
            while received[-1]["sequence"] < 8:
                received.append(shown(await client.hear()))
            await note(counter, placed)
            received.append(shown(await client.hear()))
    assert [event["sequence"] for event in received] == list(range(1, 10))
