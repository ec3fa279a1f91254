"""How the tests of the transport ask, and what they look for in answers."""

from typing import Any

import httpx

JSON = "application/json"
RESPONSE = "application/graphql-response+json"
NAME = "{ shop { name } }"
NAMED = {"data": {"shop": {"name": "Souk"}}}


async def ask(client: httpx.AsyncClient, query: str, accept: str = RESPONSE, **more: Any) -> httpx.Response:
    return await client.post("/graphql", json={"query": query, **more}, headers={"accept": accept})


async def send(client: httpx.AsyncClient, body: bytes, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post("/graphql", content=body, headers={"content-type": JSON, **named})


def codes(reply: httpx.Response) -> list[str]:
    """The code of each error; fails when one has none."""
    return [error["extensions"]["code"] for error in reply.json().get("errors", [])]
