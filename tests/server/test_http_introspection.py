"""Questions about the schema itself travel like all others."""

import json

import httpx

from tests.server.asking import JSON, RESPONSE, ask

QUERY = "query Type($name: String!) { shop { name } __type(name: $name) { name } }"


async def test_variables_reach_introspection(client: httpx.AsyncClient) -> None:
    for accept in (JSON, RESPONSE):
        posted = await ask(client, QUERY, accept, variables={"name": "Product"})
        params = {"query": QUERY, "variables": json.dumps({"name": "Product"})}
        got = await client.get("/graphql", params=params, headers={"accept": accept})
        assert posted.status_code == got.status_code == 200
        assert posted.json() == got.json() == {"data": {"shop": {"name": "Souk"}, "__type": {"name": "Product"}}}


async def test_requests_and_answers_are_utf_8(client: httpx.AsyncClient) -> None:
    reply = await ask(client, '{ shop { name } __type(name: "Run🏃Swim🏊") { name } }')
    assert reply.json() == {"data": {"shop": {"name": "Souk"}, "__type": None}}
    refused = await ask(client, "{ shop { name } }", operationName="🏊")
    assert "🏊" in refused.content.decode("utf-8")


async def test_names_of_types_are_there_without_asking_graphql_core(client: httpx.AsyncClient) -> None:
    reply = await ask(client, "{ __typename }")
    assert reply.json() == {"data": {"__typename": "Query"}}


async def test_the_schema_alone_can_be_asked_for(client: httpx.AsyncClient) -> None:
    reply = await ask(client, "{ __schema { queryType { name } } }")
    assert reply.json() == {"data": {"__schema": {"queryType": {"name": "Query"}}}}
