"""Everything that a request can get wrong has a code, and is never our fault."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from server.http.bodies import MOST_BYTES, MOST_DISCARDED
from tests.server.asking import JSON, NAME, NAMED, RESPONSE, ask, codes, send

BOTH = pytest.mark.parametrize("accept", [JSON, RESPONSE])


def with_variable(value: bytes) -> bytes:
    return b'{"query": "{ shop { name } }", "variables": {"a": ' + value + b"}}"


def nested(levels: int) -> bytes:
    return with_variable(b"[" * (levels - 2) + b"]" * (levels - 2))


@BOTH
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{ "not a JSON',
        b"null",
        b"1",
        b'"x"',
        b"true",
        b"[]",
        b'[{"query": "{ shop { name } }"}]',
        b"{}",
        b'{"query": null}',
        b'{"query": ""}',
        b'{"query": 1}',
        b'{"query": ["{ shop { name } }"]}',
        b'{"qeury": "{ shop { name } }"}',
        b'{"query": "{ shop { name } }", "operationName": 7}',
        b'{"query": "{ shop { name } }", "operationName": {}}',
        b'{"query": "{ shop { name } }", "variables": []}',
        b'{"query": "{ shop { name } }", "variables": "{}"}',
        b'{"query": "{ shop { name } }", "variables": 0}',
        b'{"query": "{ shop { name } }", "extensions": []}',
        b'{"query": "{ shop { name } }", "extensions": false}',
        b'{"query": "\xff"}',
        b'\xef\xbb\xbf{"query": "{ shop { name } }"}',
        '{"query": "{ shop { name } }"}'.encode("utf-16"),
        with_variable(b"NaN"),
        with_variable(b"Infinity"),
        with_variable(b"1e999"),
        with_variable(b"1" * 5_000),
        nested(33),
        nested(2_000),
        b"[" * 100_000,
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else value,
)
async def test_a_body_that_is_no_request_is_400_under_every_media_type(
    client: httpx.AsyncClient, body: bytes, accept: str
) -> None:
    reply = await send(client, body, accept=accept)
    assert reply.status_code == 400
    assert codes(reply) == ["BAD_REQUEST"]
    assert "data" not in reply.json()


async def test_32_levels_are_not_too_deep(client: httpx.AsyncClient) -> None:
    assert (await send(client, nested(32))).json() == NAMED


@pytest.mark.parametrize("name", ["operationName", "variables", "extensions"])
async def test_null_is_the_same_as_nothing(client: httpx.AsyncClient, name: str) -> None:
    nothing: dict[str, Any] = {name: None}
    reply = await ask(client, NAME, RESPONSE, **nothing)
    assert reply.json() == NAMED


@pytest.mark.parametrize("size", [MOST_BYTES + 1, 3 * MOST_BYTES])
async def test_a_body_over_128_kib_is_413(client: httpx.AsyncClient, size: int) -> None:
    reply = await send(client, b" " * size)
    assert reply.status_code == 413
    assert codes(reply) == ["BODY_TOO_LARGE"]
    assert reply.headers["connection"] == "close"


async def test_a_body_of_128_kib_is_read(client: httpx.AsyncClient) -> None:
    request = json.dumps({"query": NAME}).encode()
    assert (await send(client, request.ljust(MOST_BYTES))).json() == NAMED


async def test_a_body_that_never_ends_is_not_read_for_ever(client: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncGenerator[bytes]:
        nonlocal sent
        while True:
            sent += MOST_BYTES
            yield b" " * MOST_BYTES

    reply = await client.post("/graphql", content=endless(), headers={"content-type": JSON})
    assert reply.status_code == 413
    assert sent <= MOST_DISCARDED + 2 * MOST_BYTES


async def test_a_body_in_pieces_is_put_together(client: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncGenerator[bytes]:
        for byte in json.dumps({"query": NAME}).encode():
            yield bytes([byte])

    reply = await client.post("/graphql", content=pieces(), headers={"content-type": JSON})
    assert reply.json() == NAMED


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ shop {} }", "GRAPHQL_PARSE_FAILED"),
        ("{" * 500 + "a" + "}" * 500, "GRAPHQL_PARSE_FAILED"),
        ("{ nobody }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ products(sortBy: { field: NOPE }) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ products(first: 99999999999) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { shop { name } } query B { shop { name } }", "OPERATION_RESOLUTION_FAILURE"),
        ("subscription { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($id: ID!) { node(id: $id) { id } }", "BAD_USER_INPUT"),
        ('{ product(slug: "a\\u0000b") { id } }', "BAD_USER_INPUT"),
        ('{ product(slug: """' + "a" * 10_001 + '""") { id } }', "BAD_USER_INPUT"),
        ('query ($slug: String = "\\u0000") { product(slug: $slug) { id } }', "BAD_USER_INPUT"),
    ],
    ids=lambda value: value[:40],
)
async def test_a_request_that_cannot_be_executed_has_no_data(client: httpx.AsyncClient, query: str, code: str) -> None:
    strict, lenient = await ask(client, query, RESPONSE), await ask(client, query, JSON)
    assert (strict.status_code, lenient.status_code) == (400, 200)
    assert codes(strict)[0] == codes(lenient)[0] == code
    assert "data" not in strict.json()
    assert "data" not in lenient.json()


async def test_an_operation_that_is_not_there_is_refused(client: httpx.AsyncClient) -> None:
    reply = await ask(client, "query A { shop { name } }", operationName="B")
    assert (reply.status_code, codes(reply)) == (400, ["OPERATION_RESOLUTION_FAILURE"])


@pytest.mark.parametrize(
    "variables",
    [
        {"slug": "a\0b"},
        {"slug": "a" * 10_001},
        {"slug": ["\0"]},
        {"unknown": {"a": [{"b": "\0"}]}},
        {"slug": {"\0": 1}},
        {"a" * 10_001: 1},
        {"slug": 7},
    ],
    ids=lambda value: repr(value)[:30],
)
async def test_texts_that_nothing_can_use_are_refused_before_anything_runs(
    client: httpx.AsyncClient, variables: object
) -> None:
    reply = await ask(client, "query ($slug: String) { product(slug: $slug) { id } }", variables=variables)
    assert (reply.status_code, codes(reply)) == (400, ["BAD_USER_INPUT"])
    assert "data" not in reply.json()


async def test_half_a_surrogate_pair_is_bad_input(client: httpx.AsyncClient) -> None:
    reply = await send(client, with_variable(b'"\\ud800"'), accept=RESPONSE)
    assert (reply.status_code, codes(reply)) == (400, ["BAD_USER_INPUT"])


async def test_10_000_characters_are_not_too_many(client: httpx.AsyncClient) -> None:
    reply = await ask(client, "query ($slug: String) { product(slug: $slug) { id } }", variables={"slug": "ä" * 10_000})
    assert reply.json() == {"data": {"product": None}}


@pytest.mark.parametrize(
    ("query", "data"),
    [
        ('{ node(id: "nonsense") { id } }', {"node": None}),
        ('{ node(id: "") { id } }', {"node": None}),
        ('{ product(id: "nonsense") { id } }', {"product": None}),
    ],
)
async def test_unknown_ids_are_null(client: httpx.AsyncClient, query: str, data: object) -> None:
    reply = await ask(client, query)
    assert (reply.status_code, reply.json()) == (200, {"data": data})


@pytest.mark.parametrize(
    "arguments",
    ["first: 0", "first: -1", "first: 101", "first: 1, last: 1", 'first: 1, after: "nonsense"', "last: 101"],
)
async def test_arguments_that_a_list_cannot_use_are_field_errors_with_a_code(
    client: httpx.AsyncClient, arguments: str
) -> None:
    reply = await ask(client, f"{{ products({arguments}) {{ totalCount }} }}")
    assert (reply.status_code, codes(reply)) == (200, ["BAD_USER_INPUT"])
    [error] = reply.json()["errors"]
    assert error["path"] == ["products"]
    assert error["locations"] == [{"line": 1, "column": 3}]
