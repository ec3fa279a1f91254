"""The operations that GraphiQL opens with do what their comments promise, on the demo shop."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any, cast

import httpx
import orjson
import pytest
from starlette.applications import Starlette

from domain.users.user import UserRole
from persistence.connections import ConnectionSettings
from server.app import build_app
from server.graphiql import Example, read_examples
from server.graphql.request import GraphQLRequest
from server.settings import CHECKOUT, read_settings
from server.wiring import Shop
from tests.people import person

PATIENCE = 30
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
async def app(demo_database: ConnectionSettings) -> AsyncGenerator[Starlette]:
    """Of a demo shop for this test alone, with the limits that everybody meets."""
    built = build_app(read_settings(database_url=demo_database.url, public_url="http://shop.example"))
    async with built.router.lifespan_context(built):
        yield built


@pytest.fixture
async def client(app: Starlette) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as opened:
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
    assert [example.name for example in CHECKOUT_STEPS] == [
        *("13-cart", "14-ship-to", "15-quote", "16-place", "17-pay", "18-refund"),
    ]


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


async def payloads(
    client: httpx.AsyncClient, example: Example, copied: Mapping[str, str], token: str = ""
) -> list[dict[str, Any]]:
    """What it answers when its variables were completed with what the tabs before it gave."""
    variables = example.variables or "{}"
    for what, given in copied.items():
        variables = variables.replace(f'"the {what}"', f'"{given}"')
    assert '"the ' not in variables
    body = {"query": example.query, "variables": orjson.loads(variables)}
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = (await client.post("/graphql", json=body, headers=headers)).json()
    assert "errors" not in answer
    assert [payload["userErrors"] for payload in answer["data"].values()] == [[]] * len(answer["data"])
    return [*answer["data"].values()]


async def placed_by_examples(client: httpx.AsyncClient) -> dict[str, Any]:
    """What the tab Place answers, at the end of those before it."""
    begin, ship_to, quote, place, *_ = CHECKOUT_STEPS
    [begun] = await payloads(client, begin, {})
    assert [line["quantity"] for line in begun["cart"]["lines"]] == [1, 2]
    copied = {"id of the cart": begun["cart"]["id"]}
    [there] = await payloads(client, ship_to, copied)
    ways = there["cart"]["shippingMethods"]
    assert [(way["name"], way["price"]["formatted"]) for way in ways] == [("Parcel", "$0.00"), ("Express", "$18.00")]
    _, quoted = await payloads(client, quote, {**copied, "id of a way of shipping": ways[0]["id"]})
    assert quoted["cart"]["problems"] == []
    assert {name: amount["formatted"] for name, amount in quoted["cart"]["cost"].items()} == {
        "subtotal": "$127.00",
        "discount": "$12.70",
        "shipping": "$0.00",
        "tax": "$8.28",
        "total": "$122.58",
    }
    copied["id of the quote"] = quoted["cart"]["quote"]["id"]
    [placed] = await payloads(client, place, copied)
    assert placed["order"]["cost"]["total"] == quoted["cart"]["cost"]["total"]
    assert placed["accessToken"]
    assert await payloads(client, place, copied) == [placed]
    return placed


def paying(placed: Mapping[str, Any]) -> dict[str, str]:
    """What the tab Pay asks for."""
    return {"id of the payment": placed["payment"]["id"], "access token of the order": placed["accessToken"]}


async def test_a_guest_buys_by_the_examples_one_after_the_other(client: httpx.AsyncClient) -> None:
    placed = await placed_by_examples(client)
    assert placed["payment"]["status"] == "REQUIRES_PAYMENT_METHOD"
    [paid] = await payloads(client, CHECKOUT_STEPS[4], paying(placed))
    assert paid["payment"] == {
        "status": "CAPTURED",
        "amountCaptured": {"formatted": "$122.58"},
        "method": {"brand": "visa", "last4": "4242"},
        "nextAction": None,
        "order": {
            "number": placed["order"]["number"],
            "status": "CONFIRMED",
            "paymentStatus": "PAID",
            "balanceDue": {"formatted": "$0.00"},
        },
    }


@pytest.mark.parametrize(
    ("card", "status", "declined"),
    [
        ("pm_card_authenticationRequired", "REQUIRES_ACTION", None),
        ("pm_card_chargeDeclined", None, "generic_decline"),
    ],
)
async def test_other_cards_do_what_the_example_says(
    client: httpx.AsyncClient, card: str, status: str | None, declined: str | None
) -> None:
    pay, variables = CHECKOUT_STEPS[4], CHECKOUT_STEPS[4].variables or ""
    assert card in pay.query
    for what, given in paying(await placed_by_examples(client)).items():
        variables = variables.replace(f"the {what}", given)
    answer = await run(client, Example("other", pay.query, variables.replace("pm_card_visa", card)))
    payment = answer["payment"]
    assert (payment and payment["status"]) == status
    assert [error["declineCode"] for error in answer["userErrors"]] == ([declined] if declined else [])
    if payment is not None:
        assert payment["nextAction"]["url"].startswith("http://shop.example/")


async def test_an_administrator_pays_back_by_the_example(client: httpx.AsyncClient, app: Starlette) -> None:
    placed = await placed_by_examples(client)
    await payloads(client, CHECKOUT_STEPS[4], paying(placed))
    refund, copied = CHECKOUT_STEPS[5], {"id of the order": placed["order"]["id"]}
    token = (await person(app.state.shop, UserRole.ADMIN)).tokens.access_token
    [answer] = await payloads(client, refund, copied, token)
    assert (answer["refund"]["status"], answer["refund"]["amount"]) == ("PENDING", {"formatted": "$20.00"})
    async with asyncio.timeout(PATIENCE):
        while await standing(client, placed) == "PAID":  # noqa: ASYNC110  (it is done behind the answer)
            await asyncio.sleep(0.05)
    assert await standing(client, placed) == "PARTIALLY_REFUNDED"
    [again] = await payloads(client, refund, copied, token)
    assert again["refund"] == answer["refund"]


async def standing(client: httpx.AsyncClient, placed: Mapping[str, Any]) -> str:
    query = "query($token: String) { order(accessToken: $token) { paymentStatus } }"
    body = {"query": query, "variables": {"token": placed["accessToken"]}}
    return (await client.post("/graphql", json=body)).json()["data"]["order"]["paymentStatus"]
