"""What the README shows is what the shop answers."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from persistence.connections import ConnectionSettings
from server.graphql.errors import written
from server.graphql.request import GraphQLRequest
from server.settings import Settings
from server.wiring import Shop
from tests.graphql.accounts.mutations import opened

README = (Path(__file__).parent.parent.parent / "README.md").read_text()
TOUR = re.findall(r"```graphql\n(.*?)```\n+```json\n(.*?)```", README, re.DOTALL)


def test_the_tour_has_five_stops() -> None:
    assert len(TOUR) == 5


@pytest.mark.parametrize(("document", "answer"), TOUR)
async def test_each_operation_of_the_tour_is_answered_as_shown(shop: Shop, document: str, answer: str) -> None:
    given = await shop.execute(shop.engine.prepare(GraphQLRequest(document)))
    body: dict[str, object] = {"data": given.data}
    if given.errors:
        body["errors"] = [{"message": written(error, "")["message"], "path": error.path} for error in given.errors]
    shown = orjson.loads(answer.replace("http://127.0.0.1:8000", shop.settings.address))
    assert orjson.loads(orjson.dumps(body)) == shown


async def test_a_guest_buys_something_by_the_requests_that_are_shown(demo_database: ConnectionSettings) -> None:
    section = README.partition("## Carts and orders")[2].partition("With a quote, either")[0]
    documents = re.findall(r"```graphql\n(.*?)```", section, re.DOTALL)
    assert len(documents) == 6
    known: dict[str, object] = {"key": "the order of the README"}
    shown: list[Any] = []
    async with opened(demo_database.url) as own:
        for document in documents:
            variables = {name: known[name] for name in re.findall(r"\$(\w+): ", document.partition("\n")[0])}
            answer = await own.execute(own.engine.prepare(GraphQLRequest(document, variables=variables)))
            assert answer.errors == []
            [payload] = (answer.data or {}).values()
            assert payload.get("userErrors", []) == []
            shown.append(payload)
            known |= copied(payload)
    assert shown[-1]["cost"]["total"] == shown[-2]["order"]["cost"]["total"] == shown[-3]["cart"]["cost"]["total"]
    assert shown[-1]["events"]["nodes"]


def copied(payload: dict[str, Any]) -> dict[str, object]:
    """What somebody takes from an answer for the next request."""
    cart: dict[str, Any] = payload.get("cart") or {}
    found: dict[str, object] = {
        "variant": payload.get("id"),
        "token": payload.get("accessToken"),
        "cart": cart.get("id"),
        "method": next((one["id"] for one in cart.get("shippingMethods", [])), None),
        "quote": cart.get("quote", {}).get("id"),
    }
    return {name: value for name, value in found.items() if value is not None}


def test_every_setting_is_listed_with_its_meaning() -> None:
    listed = dict(re.findall(r"^\| `([A-Z_]+)` \| .*? \| (.*?) \|$", README, re.MULTILINE))
    assert listed == {name.upper(): field.description for name, field in Settings.model_fields.items()}


def test_every_command_that_make_knows_is_listed() -> None:
    makefile = (Path(__file__).parent.parent.parent / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))
    assert targets - set(re.findall(r"`make ([a-z]+)`", README)) == {"help"}
