"""Subscriptions as server-sent events."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from server.http import event_streams
from tests.graphql.following import EVENTS, STOCK, variant_id
from tests.graphql.ordering import Counter
from tests.graphql.test_order_events import bought, cancel, note, of
from tests.people import person
from tests.server.genuine import counter, server
from tests.server.sockets import NAME, Served
from tests.server.streams import EVENT_STREAM, Stream, streaming

__all__ = ["counter", "server"]


def url(server: Served) -> str:
    return f"http://{server.host}:{server.port}"


async def ask(server: Served, method: str = "POST", **given: Any) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.request(method, f"{url(server)}/graphql", headers={"accept": EVENT_STREAM}, **given)


async def test_a_query_is_one_event_and_the_end(server: Served) -> None:
    reply = await ask(server, json={"query": NAME})
    assert reply.headers["content-type"] == f"{EVENT_STREAM}; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.content == b':\n\nevent: next\ndata: {"data":{"shop":{"name":"Souk"}}}\n\nevent: complete\ndata: \n\n'


async def test_lines_end_in_line_feeds_alone(server: Served) -> None:
    for query in (NAME, "{", "{ nothing }"):
        assert b"\r" not in (await ask(server, json={"query": query})).content


async def test_what_cannot_be_executed_is_an_event_with_its_errors(server: Served) -> None:
    for query, code in (("{", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED")):
        async with streaming(url(server), query) as stream:
            assert stream.reply.status_code == 200
            assert await stream.codes() == [code]


async def test_subscriptions_can_be_sent_by_get_and_mutations_cannot(server: Served, counter: Counter) -> None:
    mug = await counter.stall.variant(3)
    query = f'subscription {{ variantAvailability(variantIds: ["{variant_id(mug)}"]) {{ quantityAvailable }} }}'
    async with (
        httpx.AsyncClient() as client,
        client.stream(
            "GET", f"{url(server)}/graphql", params={"query": query}, headers={"accept": EVENT_STREAM}
        ) as reply,
    ):
        assert (await Stream(reply).shown())["quantityAvailable"] == 3
    refused = await ask(server, "GET", params={"query": "mutation { userLogout(input: {}) { loggedOut } }"})
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    head = await ask(server, "HEAD", params={"query": NAME})
    assert (head.status_code, head.content) == (200, b"")


async def test_an_order_is_followed_from_a_cursor_on(server: Served, counter: Counter) -> None:
    placed = await bought(counter)
    async with streaming(url(server), EVENTS, of(placed)) as stream:
        first = await stream.shown()
        assert (first["sequence"], first["order"]["status"]) == (1, "PENDING")
        await cancel(counter, placed)
        assert (await stream.shown())["order"]["status"] == "CANCELED"
        await note(counter, placed)
        assert (await stream.shown())["sequence"] == 3
    async with streaming(url(server), EVENTS, of(placed, first["cursor"])) as stream:
        assert [(await stream.shown())["sequence"] for _ in range(2)] == [2, 3]


async def test_what_may_not_be_followed_is_an_error_and_the_end(server: Served) -> None:
    async with streaming(url(server), EVENTS, {"id": "none"}) as stream:
        assert await stream.codes() == ["NOT_FOUND"]
    async with streaming(url(server), "subscription { allOrderEvents { id } }") as stream:
        assert await stream.codes() == ["UNAUTHENTICATED"]


async def test_a_token_that_is_not_valid_is_401(server: Served) -> None:
    async with streaming(url(server), EVENTS, {"id": "none"}, {"authorization": "Bearer forged"}) as stream:
        assert stream.reply.status_code == 401


async def test_when_the_session_is_revoked_its_streams_end_within_a_second(server: Served, counter: Counter) -> None:
    owner, other = await person(counter.shop), await person(counter.shop)
    placed = await bought(counter, owner)
    async with (
        streaming(url(server), EVENTS, of(placed), owner.headers) as mine,
        streaming(url(server), EVENTS, of(await bought(counter, other)), other.headers) as untouched,
    ):
        for stream in (mine, untouched):
            assert (await stream.shown())["sequence"] == 1
        await counter.shop.services.authentication.sign_out(owner.actor, everywhere=False)
        async with asyncio.timeout(1):
            assert await mine.codes() == ["UNAUTHENTICATED"]
        assert not untouched.reply.is_closed


async def test_when_the_token_expires_its_streams_end(server: Served, counter: Counter) -> None:
    mug = await counter.stall.variant(3)
    server.shop.genuine = False
    headers = {"authorization": f"Bearer {server.shop.sign_in(timedelta(seconds=2))}"}
    async with streaming(url(server), STOCK, {"ids": [variant_id(mug)]}, headers) as stream:
        assert (await stream.shown())["quantityAvailable"] == 3
        assert await stream.codes() == ["UNAUTHENTICATED"]


async def test_a_quiet_stream_is_kept_alive(server: Served, counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_streams, "KEEP_ALIVE_SECONDS", 0.05)
    mug = await counter.stall.variant(3)
    async with streaming(url(server), STOCK, {"ids": [variant_id(mug)]}) as stream:
        lines = stream.reply.aiter_lines()
        async with asyncio.timeout(10):
            while stream.comments < 5:
                stream.comments += (await anext(lines)) == ":"


async def test_a_client_that_leaves_leaves_nothing_behind(server: Served, counter: Counter) -> None:
    placed = await bought(counter)
    for _ in range(3):
        async with streaming(url(server), EVENTS, of(placed)) as stream:
            await stream.shown()
            assert counter.shop.services.followed.order_tracking.followed == 1
        await server.quiet()
        assert counter.shop.services.followed.order_tracking.followed == 0


async def test_each_user_and_each_address_has_so_many_streams(server: Served, counter: Counter) -> None:
    mug = await counter.stall.variant(3)
    someone = await person(counter.shop)
    for headers in ({}, someone.headers):
        open_ones = [streaming(url(server), STOCK, {"ids": [variant_id(mug)]}, headers) for _ in range(21)]
        streams = [await one.__aenter__() for one in open_ones]
        assert [stream.reply.status_code for stream in streams] == [200] * 20 + [429]
        assert streams[-1].reply.headers["retry-after"]
        for one in open_ones:
            await one.__aexit__(None, None, None)


async def test_a_client_that_does_not_read_is_cut_off(
    server: Served, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_streams, "SEND_SECONDS", 0.2)
    placed = await bought(counter)
    await note(counter, placed, 30)
    alias = "".join(f"m{number}: message " for number in range(29))
    query = EVENTS.replace("message order", f"{alias} order")
    body = httpx.Request("POST", "/", json={"query": query, "variables": of(placed)}).content
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: {server.host}\r\nAccept: {EVENT_STREAM}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    # reads a little ahead, and then no more
    reader, writer = await asyncio.open_connection(server.host, server.port, limit=1)
    writer.write(head.encode() + body)
    for _ in range(200):
        await note(counter, placed, 20)
        if not server.state.connections:
            break
    assert counter.shop.services.followed.order_tracking.followed == 0
    del reader
    writer.transport.abort()


async def test_streams_end_without_complete_when_the_process_stops(server: Served, counter: Counter) -> None:
    mug = await counter.stall.variant(3)
    async with streaming(url(server), STOCK, {"ids": [variant_id(mug)]}) as stream:
        await stream.shown()
        for connection in list(server.state.connections):
            connection.shutdown()
        assert await stream.event() is None
    await server.quiet()
