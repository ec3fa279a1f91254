"""The operations that GraphiQL opens with do what their comments promise, on the demo shop."""

from typing import Any, cast

import orjson
import pytest

from server.graphiql import Example, read_examples
from server.graphql.request import GraphQLRequest
from server.settings import CHECKOUT
from server.wiring import Shop

EXAMPLES = read_examples(CHECKOUT / "web" / "examples")


def empty(value: Any, path: str = "data") -> list[str]:
    """Where an answer has nothing to show: null at the root, or a page without items."""
    match value:
        case dict():
            inside = cast("dict[str, Any]", value).items()
            return [hole for key, inner in inside for hole in empty(inner, f"{path}.{key}")]
        case []:
            return [path]
        case None if path.count(".") == 1:
            return [path]
        case _:
            return []


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 6


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
async def test_every_example_shows_something(shop: Shop, example: Example) -> None:
    variables: dict[str, Any] = orjson.loads(example.variables or "{}")
    answer = await shop.execute(shop.engine.prepare(GraphQLRequest(example.query, variables=variables)))
    assert answer.errors == []
    assert empty(answer.data) == []
