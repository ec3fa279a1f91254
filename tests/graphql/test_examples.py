"""The operations that GraphiQL opens with do what their comments promise, on the demo shop."""

from collections.abc import AsyncGenerator
from typing import Any, cast

import httpx
import orjson
import pytest

from persistence.database import ConnectionSettings
from server.app import build_app
from server.graphiql import Example, read_examples
from server.graphql.request import GraphQLRequest
from server.settings import CHECKOUT, read_settings
from server.wiring import Shop

EXAMPLES = read_examples(CHECKOUT / "web" / "examples")
CATALOGUE, ACCOUNTS, CHECKOUT_STEPS = (
    [example for example in EXAMPLES if first <= example.name < end]
    for first, end in (("01", "09"), ("09", "13"), ("13", "99"))
)


def empty(value: Any, path: str = "data") -> list[str]:
    """Where an answer has nothing to show: null at the root, or a page without items. No errors are fine."""
    match value:
        case dict():
            inside = cast("dict[str, Any]", value).items()
            return [hole for key, inner in inside if key != "userErrors" for hole in empty(inner, f"{path}.{key}")]
        case []:
            return [path]
        case None if path.count(".") == 1:
            return [path]
        case _:
            return []


@pytest.fixture
async def client(demo_database: ConnectionSettings) -> AsyncGenerator[httpx.AsyncClient]:
    """Of a demo shop for this test alone, with the limits that everybody meets."""
    app = build_app(read_settings(database_url=demo_database.url, public_url="http://shop.example"))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as opened,
    ):
        yield opened


async def run(client: httpx.AsyncClient, example: Example, token: str = "") -> dict[str, Any]:
    """What the example answers under its root field, when somebody presses the button."""
    body = {"query": example.query, "variables": orjson.loads(example.variables or "{}")}
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = (await client.post("/graphql", json=body, headers=headers)).json()
    assert "errors" not in answer
    (payload,) = answer["data"].values()
    return payload


def test_there_are_examples() -> None:
    assert len(CATALOGUE) >= 6
    assert [example.name for example in ACCOUNTS] == [
        "09-register",
        "10-sign-in",
        "11-my-account",
        "12-address-book",
    ]
    assert [example.name for example in CHECKOUT_STEPS] == ["13-cart", "14-ship-to", "15-quote", "16-place"]


@pytest.mark.parametrize("example", CATALOGUE, ids=lambda example: example.name)
async def test_every_example_shows_something(shop: Shop, example: Example) -> None:
    variables: dict[str, Any] = orjson.loads(example.variables or "{}")
    answer = await shop.execute(shop.engine.prepare(GraphQLRequest(example.query, variables=variables)))
    assert answer.errors == []
    assert empty(answer.data) == []


async def test_the_examples_of_accounts_work_one_after_the_other(client: httpx.AsyncClient) -> None:
    register, sign_in, account, address = ACCOUNTS
    registered = await run(client, register)
    assert (registered["user"]["firstName"], registered["userErrors"]) == ("Ann", [])
    again = await run(client, register)
    assert [(error["code"], error["field"]) for error in again["userErrors"]] == [("TAKEN", ["email"])]
    signed_in = await run(client, sign_in)
    assert (signed_in["user"], signed_in["userErrors"]) == ({"firstName": "Ann", "role": "CUSTOMER"}, [])
    assert await run(client, account) is None
    token = signed_in["tokens"]["accessToken"]
    me = await run(client, account, token)
    assert sorted(session["current"] for session in me["sessions"]) == [False, True]
    added = await run(client, address, token)
    assert empty(added) == []
    assert added["userErrors"] == []
    me = await run(client, account, token)
    assert empty(me) == []
    assert me["defaultAddress"]["address"]["line1"] == added["address"]["address"]["line1"]


async def test_the_mistake_that_an_example_invites_to_is_told_where_it_is(client: httpx.AsyncClient) -> None:
    token = (await run(client, ACCOUNTS[0]))["tokens"]["accessToken"]
    given = orjson.loads(ACCOUNTS[3].variables or "{}")
    given["input"]["address"]["city"] = ""
    wrong = Example("wrong", ACCOUNTS[3].query, orjson.dumps(given).decode())
    told = await run(client, wrong, token)
    assert [(error["code"], error["field"]) for error in told["userErrors"]] == [("REQUIRED", ["address", "city"])]


async def payloads(client: httpx.AsyncClient, example: Example, **copied: str) -> list[dict[str, Any]]:
    """What it answers when its variables were completed with what the tabs before it gave."""
    variables = example.variables or "{}"
    for what, identity in copied.items():
        variables = variables.replace(f"the id of {what.replace('_', ' ')}", identity)
    assert "the id of" not in variables
    answer = (await client.post("/graphql", json={"query": example.query, "variables": orjson.loads(variables)})).json()
    assert "errors" not in answer
    assert [payload["userErrors"] for payload in answer["data"].values()] == [[]] * len(answer["data"])
    return [*answer["data"].values()]


async def test_a_guest_buys_by_the_examples_one_after_the_other(client: httpx.AsyncClient) -> None:
    begin, ship_to, quote, place = CHECKOUT_STEPS
    [begun] = await payloads(client, begin)
    assert [line["quantity"] for line in begun["cart"]["lines"]] == [1, 2]
    ids = {"the_cart": begun["cart"]["id"]}
    [there] = await payloads(client, ship_to, **ids)
    ways = there["cart"]["shippingMethods"]
    assert [(way["name"], way["price"]["formatted"]) for way in ways] == [("Parcel", "$0.00"), ("Express", "$18.00")]
    _, quoted = await payloads(client, quote, **ids, a_way_of_shipping=ways[0]["id"])
    assert quoted["cart"]["problems"] == []
    assert {name: amount["formatted"] for name, amount in quoted["cart"]["cost"].items()} == {
        "subtotal": "$127.00",
        "discount": "$12.70",
        "shipping": "$0.00",
        "tax": "$8.28",
        "total": "$122.58",
    }
    ids["the_quote"] = quoted["cart"]["quote"]["id"]
    [placed] = await payloads(client, place, **ids)
    assert placed["order"]["cost"]["total"] == quoted["cart"]["cost"]["total"]
    assert placed["accessToken"]
    assert await payloads(client, place, **ids) == [placed]
