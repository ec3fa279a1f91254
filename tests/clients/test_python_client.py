"""The client that programs in Python use, `gql`, following a real order on a real server."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any

import pytest
from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.exceptions import TransportConnectionFailed, TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

from tests.graphql.following import ALL_EVENTS, EVENTS
from tests.graphql.ordering import Counter
from tests.graphql.test_order_events import bought, cancel, note, of
from tests.people import person
from tests.server.sockets import NAME, SUBPROTOCOL, Served

PATIENCE = 30
NEWEST = """query($id: ID, $token: String) { order(id: $id, accessToken: $token) { status eventCursor } }"""
Told = AsyncGenerator[dict[str, Any]]


@asynccontextmanager
async def over_socket(server: Served, **given: Any) -> AsyncGenerator[AsyncClientSession]:
    """As the client comes: it offers the old subprotocol, too."""
    transport = WebsocketsTransport(f"ws://{server.host}:{server.port}/graphql", **given)
    async with Client(transport=transport) as session:
        socket = transport.adapter.websocket
        assert socket is not None
        assert socket.subprotocol == SUBPROTOCOL
        yield session


@asynccontextmanager
async def over_http(server: Served) -> AsyncGenerator[AsyncClientSession]:
    async with Client(transport=HTTPXAsyncTransport(f"http://{server.host}:{server.port}/graphql")) as session:
        yield session


@asynccontextmanager
async def following(session: AsyncClientSession, variables: Mapping[str, Any]) -> AsyncGenerator[Told]:
    """What is told, until the block ends and the client has said that it wants no more."""
    async with aclosing(session.subscribe(GraphQLRequest(EVENTS, variable_values=dict(variables)))) as told:
        yield told


async def event(told: Told) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        return (await anext(told))["orderEvents"]


async def sequences(told: Told, count: int) -> list[int]:
    return [(await event(told))["sequence"] for _ in range(count)]


async def test_it_follows_an_order_from_what_is_stored_to_what_happens(server: Served, counter: Counter) -> None:
    placed = await bought(counter)
    await note(counter, placed, 2)
    async with over_socket(server) as session, following(session, of(placed)) as told:
        first = await event(told)
        assert (first["sequence"], first["type"], first["order"]["status"]) == (1, "ORDER_PLACED", "PENDING")
        assert await sequences(told, 2) == [2, 3]
        await cancel(counter, placed)
        assert (await event(told))["order"]["status"] == "CANCELED"
        await note(counter, placed, 3)
        assert await sequences(told, 3) == [5, 6, 7]


async def test_it_queries_over_http_and_goes_on_where_the_answer_ended(server: Served, counter: Counter) -> None:
    placed = await bought(counter)
    async with over_http(server) as session:
        request = GraphQLRequest(NEWEST, variable_values=dict(of(placed)))
        cursor = (await session.execute(request))["order"]["eventCursor"]
    await note(counter, placed, 2)
    async with over_socket(server) as session, following(session, of(placed, cursor)) as told:
        assert await sequences(told, 2) == [2, 3]
        await note(counter, placed)
        last = await event(told)
    await note(counter, placed)
    async with over_socket(server) as session, following(session, of(placed, last["cursor"])) as told:
        assert (last["sequence"], await sequences(told, 1)) == (4, [5])


async def test_who_wants_no_more_is_told_no_more_and_keeps_the_socket(server: Served, counter: Counter) -> None:
    placed, tracking = await bought(counter), counter.shop.services.followed.order_tracking
    async with over_socket(server) as session, following(session, of(placed)) as untouched:
        assert await sequences(untouched, 1) == [1]
        async with following(session, of(placed)) as told:
            assert await sequences(told, 1) == [1]
            assert tracking.followed == 2
        async with asyncio.timeout(PATIENCE):
            while tracking.followed == 2:  # noqa: ASYNC110  (nobody is told when somebody leaves)
                await asyncio.sleep(0.01)
        assert await session.execute(GraphQLRequest(NAME)) == {"shop": {"name": "Souk"}}
        await note(counter, placed)
        assert await sequences(untouched, 1) == [2]


async def test_many_follow_over_one_socket(server: Served, counter: Counter) -> None:
    orders = [await bought(counter) for _ in range(10)]
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(over_socket(server))
        followed = [await stack.enter_async_context(following(session, of(placed))) for placed in orders]
        for placed in orders:
            await note(counter, placed, 2)
        found = await asyncio.gather(*map(event, followed))
        assert [one["order"]["id"] for one in found] == [placed["order"]["id"] for placed in orders]
        assert [await sequences(told, 2) for told in followed] == [[2, 3]] * len(orders)


async def test_it_goes_on_after_its_cursor_when_the_connection_was_cut(server: Served, counter: Counter) -> None:
    placed = await bought(counter)
    async with over_socket(server) as session, following(session, of(placed)) as told:
        first = await event(told)
        for connection in list(server.state.connections):
            connection.transport.abort()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        with pytest.raises(TransportConnectionFailed):
            await event(told)
    await note(counter, placed, 2)
    async with over_socket(server) as session, following(session, of(placed, first["cursor"])) as told:
        assert await sequences(told, 2) == [2, 3]


async def test_who_signs_in_with_the_socket_follows_without_a_token_of_the_order(
    server: Served, counter: Counter
) -> None:
    owner = await person(counter.shop)
    placed = await bought(counter, owner)
    signed_in = {"init_payload": {"accessToken": owner.headers["authorization"].removeprefix("Bearer ")}}
    async with over_socket(server, **signed_in) as session, following(session, of(placed)) as told:
        assert await sequences(told, 1) == [1]


async def test_what_is_refused_is_an_error_of_that_operation_alone(server: Served, counter: Counter) -> None:
    async with over_socket(server) as session:
        async with following(session, {"id": "none"}) as told:
            with pytest.raises(TransportQueryError, match="order"):
                await event(told)
        with pytest.raises(TransportQueryError):
            await anext(session.subscribe(GraphQLRequest(ALL_EVENTS)))
        async with following(session, of(await bought(counter))) as told:
            assert await sequences(told, 1) == [1]
