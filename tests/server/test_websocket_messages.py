"""Whatever a client sends: the socket goes on, or ends with a code that says why, and nothing of ours breaks."""

import json
import logging
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from server.websocket.limits import MOST_MESSAGE_BYTES
from server.wiring import Shop
from tests import sizes
from tests.server.sockets import NAME, NAMED, Conversation, Served, close_of, complaints, served

SUBSCRIBE = {"type": "subscribe", "id": "1"}
DEEP = "[" * 40 + "]" * 40


@pytest.fixture(scope="module")
async def server(shop: Shop) -> AsyncGenerator[Served]:
    async with served(shop) as started:
        yield started


def subscribe(**payload: Any) -> str:
    return json.dumps({**SUBSCRIBE, "payload": payload})


ODD: list[str | bytes] = [
    "",
    " ",
    "null",
    "1",
    '"text"',
    "[]",
    "{",
    "{}",
    "nonsense",
    "[" * 10_000,
    '{"type": "\\ud800"}',
    "9" * 5_000,
    '{"type": null}',
    '{"type": ["ping"]}',
    '{"type": {}}',
    '{"type": "PING"}',
    '{"type": "start", "id": "1", "payload": {"query": "{ shop { name } }"}}',
    '{"type": "connection_ack"}',
    '{"type": "next", "id": "1", "payload": {}}',
    '{"type": "error", "id": "1", "payload": []}',
    '{"type": "ping", "payload": 1}',
    '{"type": "ping", "payload": []}',
    '{"type": "pong", "payload": "text"}',
    '{"type": "ping", "payload": {"a": %s}}' % ("[" * 500 + "]" * 500),
    '{"type": "subscribe"}',
    '{"type": "subscribe", "payload": {"query": "{ shop { name } }"}}',
    '{"type": "subscribe", "id": "1"}',
    '{"type": "subscribe", "id": "1", "payload": null}',
    '{"type": "subscribe", "id": "1", "payload": []}',
    '{"type": "subscribe", "id": "1", "payload": "{ shop { name } }"}',
    '{"type": "subscribe", "id": "", "payload": {"query": "{ shop { name } }"}}',
    '{"type": "subscribe", "id": 1, "payload": {"query": "{ shop { name } }"}}',
    '{"type": "subscribe", "id": null, "payload": {"query": "{ shop { name } }"}}',
    '{"type": "subscribe", "id": "%s", "payload": {"query": "{ shop { name } }"}}' % ("i" * 101),
    subscribe(),
    subscribe(query=None),
    subscribe(query=""),
    subscribe(query=1),
    subscribe(query=["{ shop { name } }"]),
    subscribe(query=NAME, variables=[]),
    subscribe(query=NAME, variables="{}"),
    subscribe(query=NAME, operationName=1),
    subscribe(query=NAME, extensions=1),
    subscribe(query=NAME, variables={"a": json.loads(DEEP)}),
    '{"type": "complete"}',
    '{"type": "complete", "id": {}}',
    b"",
    b'{"type": "ping"}',
    b"\x00\xff",
]


@pytest.mark.parametrize("message", ODD, ids=lambda message: repr(message)[:40])
@pytest.mark.parametrize("begun", [True, False])
async def test_what_no_client_of_the_protocol_sends_is_4400(
    server: Served, message: str | bytes, *, begun: bool
) -> None:
    with complaints() as said:
        async with server.talk() if begun else server.open() as client:
            await client.socket.send(message)
            code, reason = await client.end()
    assert code == 4400
    assert reason.startswith("Invalid message: ")
    assert said == []


@pytest.mark.parametrize(
    "payload",
    [
        {"Authorization": 1},
        {"authorization": ["Bearer token"]},
        {"accessToken": {"token": "token"}},
        [],
        "Bearer token",
        1,
    ],
)
async def test_credentials_of_another_kind_than_text_are_4400(server: Served, payload: object) -> None:
    async with server.open() as client:
        await client.say("connection_init", payload=payload)
        assert (await client.end())[0] == 4400


async def test_ids_may_be_long_and_in_any_language(server: Served) -> None:
    async with server.talk() as client:
        for identity in ("商" * 100, " ", "\0", "__proto__", "1" * 100):
            assert await client.ask(NAME, identity) == NAMED


async def test_what_the_protocol_does_not_name_is_passed_over(server: Served) -> None:
    async with server.talk({"anything": {"else": [1]}, "Authorization": None, "accessToken": ""}) as client:
        await client.say("subscribe", id="1", payload={"query": NAME, "variables": None, "more": 1}, extra=True)
        assert (await client.hear())["payload"] == NAMED


@pytest.mark.parametrize("fragments", [1, 2, 40])
async def test_a_message_of_more_than_64_kib_is_1009(server: Served, fragments: int) -> None:
    text = json.dumps({**SUBSCRIBE, "payload": {"query": NAME + "#" * (2 * MOST_MESSAGE_BYTES)}})
    size = len(text) // fragments + 1
    async with server.talk() as client:
        with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012  (when it comes depends on the network)
            await client.socket.send([text[at : at + size] for at in range(0, len(text), size)])
            while True:
                await client.socket.recv()
    assert close_of(closed.value)[0] == 1009


async def test_a_message_of_64_kib_is_read(server: Served) -> None:
    room = MOST_MESSAGE_BYTES - len(json.dumps({**SUBSCRIBE, "payload": {"query": NAME}}).encode())
    async with server.talk() as client:
        await client.socket.send(json.dumps({**SUBSCRIBE, "payload": {"query": NAME + " " * room}}))
        assert (await client.hear())["payload"] == NAMED


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (b"\x81\x82\0\0\0\0\xff\xfe", 1007),  # no UTF-8
        (b"\x81\x82\0\0\0\0\xff\xfe" + b"\x89\x80\0\0\0\0\x81\x82\0\0\0\0{}", 1007),
        (b"\x81\x82\0\0\0\0\xff\xfe\x88\x80\0\0\0\0", 1005),
        (b"\x81\x82\0\0\0\0\xff\xfe" + b"\x01\x82\0\0\0\0{}\x80\x80\0\0\0\0", 1007),
        (b"\x81\x02ab", 1002),  # not masked
        (b"\xc1\x80\0\0\0\0", 1002),  # compressed, without having agreed on that
        (b"\x83\x80\0\0\0\0", 1002),  # an unknown opcode
        (b"\x80\x80\0\0\0\0", 1002),  # the continuation of nothing
        (b"\x88\x81\0\0\0\0\x01", 1002),  # half a close code
        (b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 1009),  # 8 exabytes to come
        (b"\x01\x80\0\0\0\0" + b"\0\x80\0\0\0\0" * 2_000, 1009),  # fragments without end
    ],
)
async def test_frames_that_are_none_have_codes_too(server: Served, frames: bytes, code: int) -> None:
    with complaints() as said:
        async with server.talk() as client:
            client.socket.transport.write(frames)
            assert (await client.end())[0] == code
    assert said == []
    await server.quiet()


async def test_what_breaks_for_a_client_is_a_complaint_and_what_others_log_is_none(server: Served) -> None:
    with complaints() as said:
        async with server.talk() as client:
            assert (await client.ask("query Broken { shop { name } }"))["type"] == "error"
        structlog.stdlib.get_logger("souk.relay").warning("taking events fails")
    [complaint] = said
    assert "SELECT password" in complaint
    with complaints() as said:
        logging.getLogger("asyncio").error("Task exception was never retrieved")
    assert said == ["Task exception was never retrieved"]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
kinds = st.sampled_from(["connection_init", "ping", "pong", "subscribe", "complete", "next", "connection_ack"])
payloads = st.fixed_dictionaries(
    {},
    optional={
        "query": st.sampled_from([NAME, "{", "{ a }", "subscription { a }"]) | values,
        "variables": values,
        "operationName": values,
        "extensions": values,
        "Authorization": values,
    },
)
ids = st.sampled_from(["1", "2"]) | values
structured = st.fixed_dictionaries({"type": kinds | values}, optional={"id": ids, "payload": payloads | values})
sane = st.fixed_dictionaries({"type": kinds, "id": st.text(min_size=1, max_size=3), "payload": payloads})
written = (structured | sane).map(json.dumps)


@settings(
    max_examples=sizes.REQUESTS,
    deadline=None,
    derandomize=sizes.REPEATABLE,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(messages=st.lists(written | st.text() | st.binary(max_size=50), max_size=8), begun=st.booleans())
async def test_no_sequence_of_messages_is_our_fault(
    server: Served, messages: list[str | bytes], *, begun: bool
) -> None:
    with complaints() as said:
        async with server.talk() if begun else server.open() as client:
            code = await _say_all(client, messages)
    assert code is None or code in {4400, 4401, 4403, 4409, 4429}
    assert said == []


async def _say_all(client: Conversation, messages: list[str | bytes]) -> int | None:
    """The code that the server closed with, or None when it still answers."""
    try:
        for message in messages:
            await client.socket.send(message)
        await client.say("ping", payload={"last": True})
        while (await client.hear()) != {"type": "pong", "payload": {"last": True}}:
            pass
    except ConnectionClosed as closed:
        return close_of(closed)[0]
    return None
