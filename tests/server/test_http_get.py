import json

import httpx
import pytest

from tests.server.asking import JSON, NAME, NAMED, RESPONSE, codes


async def get(client: httpx.AsyncClient, accept: str = RESPONSE, **params: str) -> httpx.Response:
    return await client.get("/graphql", params=params, headers={"accept": accept})


async def test_a_query_can_be_sent_by_get(client: httpx.AsyncClient) -> None:
    assert (await get(client, query=NAME)).json() == NAMED


async def test_variables_and_extensions_are_json_in_parameters(client: httpx.AsyncClient) -> None:
    reply = await get(
        client,
        query="query A($n: Int) { products(first: $n) { nodes { __typename } } } query B { shop { name } }",
        operationName="A",
        variables=json.dumps({"n": 2}),
        extensions="{}",
    )
    assert reply.json() == {"data": {"products": {"nodes": [{"__typename": "Product"}] * 2}}}


async def test_empty_parameters_count_as_not_given(client: httpx.AsyncClient) -> None:
    assert (await get(client, query=NAME, operationName="", variables="", extensions="")).json() == NAMED


@pytest.mark.parametrize(
    "query_string",
    [
        "",
        "query=",
        "query=%FF",
        "query=%ED%A0%80",
        "query={shop{name}}&query={shop{name}}",
        "query={shop{name}}&variables=[]",
        "query={shop{name}}&variables={",
        "query={shop{name}}&variables=NaN",
        "query={shop{name}}&extensions=1",
        "&".join(f"p{number}=1" for number in range(50)),
    ],
)
async def test_parameters_that_cannot_be_read_are_400(client: httpx.AsyncClient, query_string: str) -> None:
    for accept in (JSON, RESPONSE):
        reply = await client.get(f"/graphql?{query_string}", headers={"accept": accept})
        assert (reply.status_code, codes(reply)) == (400, ["BAD_REQUEST"])


async def test_a_mutation_by_get_is_405_under_every_media_type(client: httpx.AsyncClient) -> None:
    logout = "mutation { userLogout(input: {}) { loggedOut } }"
    for accept in (JSON, RESPONSE):
        reply = await get(client, accept, query=logout)
        assert (reply.status_code, codes(reply)) == (405, ["METHOD_NOT_ALLOWED"])
        assert reply.headers["allow"] == "POST"


async def test_head_answers_like_get_without_a_body(client: httpx.AsyncClient) -> None:
    reply = await client.head("/graphql", params={"query": NAME})
    assert (reply.status_code, reply.content) == (200, b"")
    assert int(reply.headers["content-length"]) > 0


async def test_options_names_the_methods(client: httpx.AsyncClient) -> None:
    reply = await client.options("/graphql")
    assert (reply.status_code, reply.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "BREW"])
async def test_other_methods_are_405(client: httpx.AsyncClient, method: str) -> None:
    reply = await client.request(method, "/graphql")
    assert (reply.status_code, codes(reply)) == (405, ["METHOD_NOT_ALLOWED"])
    assert reply.headers["allow"] == "GET, HEAD, OPTIONS, POST"
