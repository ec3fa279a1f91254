"""What clients see of failures: expected ones in words and with a code, the rest masked."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
import structlog
from graphql import FieldNode, GraphQLError, OperationDefinitionNode, parse
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs

from domain.shared.errors import DomainError, Forbidden, InvalidCursor, Unavailable
from domain.shared.shop import Shop as ShopRow
from server.app import build_app
from server.graphql.errors import MASK, written
from server.wiring import Shop
from tests.server.asking import JSON, NAME, RESPONSE, ask, codes

SECRET = "SELECT password FROM users -- /srv/souk/persistence/users.py"


class FailingShop:
    """A reader that fails as it is told."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    async def shop(self) -> ShopRow:
        raise self._failure


async def boom(request: Request) -> Response:
    del request
    raise RuntimeError(SECRET)


@asynccontextmanager
async def failing(shop: Shop, failure: Exception) -> AsyncGenerator[httpx.AsyncClient]:
    """The application over a shop whose own row cannot be read."""
    app = build_app(shop.settings)
    app.state.shop = replace(shop, readers=replace(shop.readers, shop=FailingShop(failure)))
    app.router.routes.append(Route("/boom", boom))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as client:
        yield client


@pytest.mark.parametrize("accept", [JSON, RESPONSE])
async def test_a_database_that_does_not_answer_is_503_with_a_time_to_come_back(shop: Shop, accept: str) -> None:
    async with failing(shop, Unavailable("The database does not answer.")) as client:
        reply = await ask(client, NAME, accept)
    assert (reply.status_code, codes(reply)) == (503, ["SERVICE_UNAVAILABLE"])
    assert reply.headers["retry-after"] == "1"
    assert reply.json()["data"] is None


async def test_what_nobody_expected_is_masked_and_logged_with_the_request_s_id(shop: Shop) -> None:
    async with failing(shop, RuntimeError(SECRET)) as client:
        with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
            reply = await client.post("/graphql", json={"query": NAME}, headers={"x-request-id": "abc-1"})
    assert reply.status_code == 200
    assert reply.json() == {
        "errors": [
            {
                "message": MASK,
                "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": "abc-1"},
                "locations": [{"line": 1, "column": 3}],
                "path": ["shop"],
            }
        ],
        "data": None,
    }
    [event] = [event for event in logged if event["event"] == "field failed"]
    assert (event["path"], event["request_id"]) == ("shop", "abc-1")
    assert str(event["exc_info"]) == SECRET


async def test_a_failure_outside_of_graphql_is_masked_too(shop: Shop) -> None:
    async with failing(shop, RuntimeError()) as client:
        with capture_logs() as logged:
            reply = await client.get("/boom", headers={"x-request-id": "abc-2"})
    assert reply.status_code == 500
    [error] = reply.json()["errors"]
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "abc-2"}
    assert SECRET not in reply.text
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert [event["log_level"] for event in logged] == ["error", "warning"]


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (Forbidden("Not for you."), "FORBIDDEN"),
        (InvalidCursor("after", "is broken."), "BAD_USER_INPUT"),
        (Unavailable("Later."), "SERVICE_UNAVAILABLE"),
    ],
)
def test_a_domain_error_shows_its_own_words_and_code(cause: DomainError, code: str) -> None:
    shown = written(GraphQLError("repr", path=["a", 0], original_error=cause), "id")
    assert shown == {"message": cause.message, "extensions": {"code": code}, "path": ["a", 0]}


def test_what_graphql_core_says_of_an_argument_is_about_the_input() -> None:
    [operation] = parse("{ a(b: 1) }").definitions
    assert isinstance(operation, OperationDefinitionNode)
    [field] = operation.selection_set.selections
    assert isinstance(field, FieldNode)
    assert field.arguments
    argument = written(GraphQLError("Argument 'b' is wrong.", field.arguments[0].value), "id")
    value = written(GraphQLError("Int cannot represent 'secret'", field), "id")
    assert argument["extensions"] == {"code": "BAD_USER_INPUT"}
    assert value["message"] == MASK
