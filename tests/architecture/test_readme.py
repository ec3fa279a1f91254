"""What the README shows is what the shop answers."""

import re
from pathlib import Path

import orjson
import pytest

from server.graphql.errors import written
from server.graphql.request import GraphQLRequest
from server.settings import Settings
from server.wiring import Shop

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


def test_every_setting_is_listed_with_its_meaning() -> None:
    listed = dict(re.findall(r"^\| `([A-Z_]+)` \| .*? \| (.*?) \|$", README, re.MULTILINE))
    assert listed == {name.upper(): field.description for name, field in Settings.model_fields.items()}


def test_every_command_that_make_knows_is_listed() -> None:
    makefile = (Path(__file__).parent.parent.parent / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))
    assert targets - set(re.findall(r"`make ([a-z]+)`", README)) == {"help"}
