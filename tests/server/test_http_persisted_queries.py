"""Automatic persisted queries, as the clients of Apollo and urql use them."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import httpx
import pytest

from server.graphql.request import GraphQLRequest, RequestRefused
from server.http.persisted import LONGEST_DOCUMENT, PersistedQueries
from tests.server.asking import JSON, RESPONSE, codes


def hash_of(query: str) -> str:
    return sha256(query.encode()).hexdigest()


def persisted(query: str) -> Mapping[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": hash_of(query)}}


async def post(client: httpx.AsyncClient, accept: str = RESPONSE, **fields: Any) -> httpx.Response:
    return await client.post("/graphql", json=fields, headers={"accept": accept})


async def test_a_document_is_sent_once_and_then_by_its_hash(client: httpx.AsyncClient) -> None:
    query = "query Once { shop { name } }"
    unknown = await post(client, extensions=persisted(query))
    assert (unknown.status_code, codes(unknown)) == (400, ["PERSISTED_QUERY_NOT_FOUND"])
    assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"

    first = await post(client, query=query, extensions=persisted(query))
    later = await post(client, extensions=persisted(query))
    assert first.json() == later.json() == {"data": {"shop": {"name": "Souk"}}}


async def test_a_hash_works_by_get_too(client: httpx.AsyncClient) -> None:
    query = "query ByGet($n: Int) { products(first: $n) { nodes { __typename } } }"
    params = {"extensions": json.dumps(persisted(query)), "variables": '{"n": 1}'}
    unknown = await client.get("/graphql", params=params, headers={"accept": JSON})
    assert (unknown.status_code, codes(unknown)) == (200, ["PERSISTED_QUERY_NOT_FOUND"])
    await client.get("/graphql", params={**params, "query": query})
    known = await client.get("/graphql", params=params)
    assert known.json() == {"data": {"products": {"nodes": [{"__typename": "Product"}]}}}


async def test_a_document_that_is_not_valid_is_not_kept(client: httpx.AsyncClient) -> None:
    query = "{ nobody }"
    assert codes(await post(client, query=query, extensions=persisted(query))) == ["GRAPHQL_VALIDATION_FAILED"]
    assert codes(await post(client, extensions=persisted(query))) == ["PERSISTED_QUERY_NOT_FOUND"]


async def test_a_hash_of_something_else_is_refused_and_replaces_nothing(client: httpx.AsyncClient) -> None:
    query, other = "query Mine { shop { name } }", "query Other { shop { currencyCode } }"
    await post(client, query=query, extensions=persisted(query))
    for _ in range(2):
        reply = await post(client, query=other, extensions=persisted(query))
        assert (reply.status_code, codes(reply)) == (400, ["BAD_REQUEST"])
    assert (await post(client, extensions=persisted(query))).json() == {"data": {"shop": {"name": "Souk"}}}


async def test_another_version_is_not_supported(client: httpx.AsyncClient) -> None:
    extensions = {"persistedQuery": {"version": 2, "sha256Hash": hash_of("x")}}
    reply = await post(client, extensions=extensions)
    assert codes(reply) == ["PERSISTED_QUERY_NOT_SUPPORTED"]
    assert reply.json()["errors"][0]["message"] == "PersistedQueryNotSupported"


@pytest.mark.parametrize(
    "asked",
    [1, [], "x", {"version": 1}, {"version": 1, "sha256Hash": 1}, {"version": 1, "sha256Hash": "abc"}],
)
async def test_what_is_no_hash_is_400(client: httpx.AsyncClient, asked: object) -> None:
    for accept in (JSON, RESPONSE):
        reply = await post(client, accept, extensions={"persistedQuery": asked})
        assert (reply.status_code, codes(reply)) == (400, ["BAD_REQUEST"])


async def test_null_is_no_hash(client: httpx.AsyncClient) -> None:
    reply = await post(client, extensions={"persistedQuery": None})
    assert (reply.status_code, codes(reply)) == (400, ["BAD_REQUEST"])
    assert (await post(client, query="{ __typename }", extensions={"persistedQuery": None})).status_code == 200


def test_the_least_recently_used_document_is_forgotten_first() -> None:
    queries = PersistedQueries(most=2)
    for text in ("a", "b"):
        queries.keep(GraphQLRequest(text, extensions=persisted(text)))
    assert queries.complete(GraphQLRequest(None, extensions=persisted("a"))).query == "a"
    queries.keep(GraphQLRequest("c", extensions=persisted("c")))
    with pytest.raises(RequestRefused, match="PersistedQueryNotFound"):
        queries.complete(GraphQLRequest(None, extensions=persisted("b")))
    assert queries.complete(GraphQLRequest(None, extensions=persisted("a"))).query == "a"


def test_a_very_long_document_is_not_kept() -> None:
    queries, text = PersistedQueries(), "a" * (LONGEST_DOCUMENT + 1)
    queries.keep(GraphQLRequest(text, extensions=persisted(text)))
    with pytest.raises(RequestRefused, match="PersistedQueryNotFound"):
        queries.complete(GraphQLRequest(None, extensions=persisted(text)))
