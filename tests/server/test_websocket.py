"""GraphQL over WebSocket, as clients of graphql-transport-ws speak it."""

import asyncio
from collections.abc import AsyncGenerator
from hashlib import sha256
from typing import Any

import pytest
from structlog.testing import capture_logs

from server.graphql.errors import MASK
from server.wiring import Shop
from tests.server.sockets import NAME, NAMED, Conversation, Served, served

SLOW = "query Slow { shop { name } }"


@pytest.fixture(scope="module")
async def server(shop: Shop) -> AsyncGenerator[Served]:
    async with served(shop) as started:
        yield started


@pytest.fixture
async def client(server: Served) -> AsyncGenerator[Conversation]:
    async with server.talk() as opened:
        yield opened


async def test_a_query_is_answered_once_and_completed(client: Conversation) -> None:
    assert await client.ask(NAME) == NAMED
    assert await client.ask(NAME, "1") == NAMED  # an id is free again once it is completed


async def test_operation_names_and_variables_count(client: Conversation) -> None:
    query = "query A { shop { name } } query B($slug: String!) { product(slug: $slug) { name } }"
    answer = await client.ask(query, operationName="B", variables={"slug": "merino-crew-sweater"})
    assert answer == {"data": {"product": {"name": "Merino Crew Sweater"}}}
    ambiguous = await client.ask(query)
    assert ambiguous["payload"][0]["extensions"]["code"] == "OPERATION_RESOLUTION_FAILURE"


async def test_errors_of_fields_come_with_the_answer(client: Conversation) -> None:
    query = '{ productVariant(sku: "MERINO-CREW-M-NAVY") { sku costPrice { amount } } }'
    answer = await client.ask(query)
    assert answer["data"] == {"productVariant": {"sku": "MERINO-CREW-M-NAVY", "costPrice": None}}
    assert answer["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"query": "{ shop {"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query ($id: ID!) { node(id: $id) { id } }"}, "BAD_USER_INPUT"),
        ({"query": NAME, "variables": {"a": "b\0c"}}, "BAD_USER_INPUT"),
        ({"query": NAME, "variables": {"a": "b" * 10_001}}, "BAD_USER_INPUT"),
        (
            {"query": None, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}},
            "PERSISTED_QUERY_NOT_FOUND",
        ),
        ({"query": NAME, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}}, "BAD_REQUEST"),
        ({"query": NAME, "extensions": {"persistedQuery": 1}}, "BAD_REQUEST"),
    ],
)
async def test_what_cannot_be_executed_ends_its_operation_alone(
    client: Conversation, asked: dict[str, Any], code: str
) -> None:
    await client.say("subscribe", id="wrong", payload=asked)
    answer = await client.hear()
    assert (answer["type"], answer["id"]) == ("error", "wrong")
    assert [error["extensions"]["code"] for error in answer["payload"]] == [code]
    assert await client.ask(NAME, "wrong") == NAMED


async def test_what_nobody_expected_is_masked_and_logged_with_its_request_s_id(client: Conversation) -> None:
    with capture_logs() as logged:
        answer = await client.ask("query Broken { shop { name } }")
    [error] = answer["payload"]
    assert error["message"] == MASK
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert error["extensions"]["requestId"]
    assert [line["event"] for line in logged if line["log_level"] == "error"] == ["field failed"]
    assert await client.ask(NAME) == NAMED


async def test_what_is_away_is_said(client: Conversation) -> None:
    answer = await client.ask("query Away { shop { name } }")
    assert answer["payload"] == [
        {"message": "The database does not answer.", "extensions": {"code": "SERVICE_UNAVAILABLE"}}
    ]


async def test_operations_do_not_wait_for_each_other(server: Served, client: Conversation) -> None:
    server.shop.leave.clear()
    await client.subscribe(SLOW, "slow")
    assert await client.ask(NAME, "quick") == NAMED
    server.shop.leave.set()
    assert await client.hear() == {"type": "next", "id": "slow", "payload": NAMED}
    assert await client.hear() == {"type": "complete", "id": "slow"}


async def test_a_completed_operation_is_cancelled_and_its_id_is_free(server: Served, client: Conversation) -> None:
    server.shop.leave.clear()
    await client.subscribe(SLOW, "a")
    await client.say("complete", id="a")
    assert await client.ask(NAME, "a") == NAMED
    assert server.shop.running == 0
    await client.say("complete", id="a")  # it is over: nothing happens
    assert await client.ask(NAME, "a") == NAMED


async def test_a_ping_is_answered_with_its_payload(server: Served) -> None:
    async with server.open() as client:
        await client.say("ping")
        assert await client.hear() == {"type": "pong"}
        await client.say("ping", payload={"at": [1, {"two": None}]})
        assert await client.hear() == {"type": "pong", "payload": {"at": [1, {"two": None}]}}
        await client.say("pong")
        await client.say("pong", payload={"any": "thing"})
        await client.begin({})
        assert await client.ask(NAME) == NAMED


async def test_hundreds_of_messages_in_one_packet_are_all_answered(client: Conversation) -> None:
    transport = client.socket.transport
    write, packet = transport.write, list[bytes]()
    for number in range(500):
        client.socket.protocol.send_text(b'{"type":"ping","payload":{"number":%d}}' % number)
        packet += client.socket.protocol.data_to_send()
    write(b"".join(packet))
    assert [(await client.hear())["payload"]["number"] for _ in range(500)] == list(range(500))


async def test_who_asks_is_known_by_address_and_program(server: Served) -> None:
    async with server.talk(user_agent_header="Probe/1.0") as client:
        await client.ask(NAME)
    _, known = server.shop.asked[-1]
    assert (known.ip_address, known.user_agent) == ("127.0.0.1", "Probe/1.0")


async def test_a_document_that_was_sent_once_can_be_asked_for_by_its_hash(client: Conversation) -> None:
    query = "{ shop { name } __typename }"
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": sha256(query.encode()).hexdigest()}}
    answer = await client.ask(query, extensions=extensions)
    await client.say("subscribe", id="1", payload={"extensions": extensions})
    assert (await client.hear())["payload"] == answer


@pytest.mark.parametrize(
    ("messages", "end"),
    [
        ([{"type": "connection_init"}] * 2, (4429, "Too many initialisation requests")),
        ([{"type": "subscribe", "id": "1", "payload": {"query": NAME}}], (4401, "Unauthorized")),
        (
            [{"type": "connection_init"}, *[{"type": "subscribe", "id": "é\n", "payload": {"query": SLOW}}] * 2],
            (4409, "Subscriber for é\n already exists"),
        ),
        (
            [{"type": "connection_init"}, *[{"type": "subscribe", "id": "é" * 100, "payload": {"query": SLOW}}] * 2],
            (4409, "Subscriber for " + "é" * 54),
        ),
    ],
)
async def test_breaches_of_the_protocol_have_codes_of_their_own(
    server: Served, messages: list[dict[str, Any]], end: tuple[int, str]
) -> None:
    server.shop.leave.clear()
    async with server.open() as client:
        for message in messages:
            await client.say(**{"kind": message["type"], **{k: v for k, v in message.items() if k != "type"}})
        assert await client.end() == end
    await server.quiet()
    assert server.shop.running == 0


async def test_a_socket_that_is_not_initialised_is_closed(server: Served) -> None:
    async with server.open() as idle, server.open() as pinging:
        for _ in range(3):
            await pinging.say("ping")
            await asyncio.sleep(0.1)
        ends = await asyncio.gather(idle.end(), pinging.end())
    assert ends == [(4408, "Connection initialisation timeout")] * 2


async def test_nothing_is_left_of_two_hundred_clients_that_hang_up(server: Served) -> None:
    await server.quiet()
    server.shop.leave.clear()
    before = asyncio.all_tasks()
    for _ in range(20):
        async with asyncio.TaskGroup() as group:
            for _ in range(10):
                group.create_task(_hang_up(server))
        await server.quiet()
    async with asyncio.timeout(5):
        while asyncio.all_tasks() - before:  # noqa: ASYNC110  (the clients' own take a moment as well)
            await asyncio.sleep(0.01)
    assert server.shop.running == 0
    async with server.talk() as client:
        assert await client.ask(NAME) == NAMED


async def _hang_up(server: Served) -> None:
    async with server.talk() as client:
        await client.subscribe(SLOW, "a")
        await client.subscribe(NAME, "b")
        client.socket.transport.abort()
