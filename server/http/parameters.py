"""From JSON or a query string to a `GraphQLRequest`; whatever cannot be one is refused."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from server.graphql.literals import text_problem
from server.graphql.request import GraphQLRequest, refusal
from server.http.replies import Refused

MOST_LEVELS = 32
MOST_PARAMETERS = 20
_FIELDS = ("query", "operationName", "variables", "extensions")


def bad_request(message: str) -> Refused:
    return Refused(400, "BAD_REQUEST", message)


def from_json(body: bytes) -> GraphQLRequest:
    """Raises: Refused, RequestRefused."""
    return from_object(_decoded(body, "The body"))


def from_query_string(query_string: bytes) -> GraphQLRequest:
    """`variables` and `extensions` are JSON; an empty parameter is one not given. Raises: Refused, RequestRefused."""
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS
        )
    except ValueError as error:
        raise bad_request("The query string is not UTF-8, or has too many parameters.") from error
    given: dict[str, Any] = {}
    for name, value in pairs:
        if name in given and name in _FIELDS:
            raise bad_request(f"`{name}` is given twice.")
        given[name] = value or None
    for name in ("variables", "extensions"):
        if given.get(name) is not None:
            given[name] = _decoded(given[name], f"`{name}`")
    return from_object(given)


def from_object(given: Any) -> GraphQLRequest:
    """From JSON that was decoded before. Raises: Refused, RequestRefused."""
    if isinstance(given, list):
        raise bad_request("Several requests in one are not supported: send them one by one.")
    if not isinstance(given, dict):
        raise bad_request("The body is not a JSON object.")
    fields: dict[str, Any] = given  # pyright: ignore[reportUnknownVariableType]
    request = GraphQLRequest(
        query=_text(fields, "query"),
        operation_name=_text(fields, "operationName"),
        variables=_object(fields, "variables"),
        extensions=_object(fields, "extensions"),
    )
    if not request.query and "persistedQuery" not in request.extensions:
        raise bad_request("The request has no `query`.")
    return request


def _decoded(text: bytes | str, name: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if "surrogate in string" in str(error):
            raise refusal("BAD_USER_INPUT", f"{name} contains half of a surrogate pair.") from None
        # its own words quote Python's
        raise bad_request(f"{name} is not JSON (line {error.lineno}, column {error.colno}).") from None


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise bad_request(f"`{name}` is not a string.")
    return value


def _object(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = given.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_request(f"`{name}` is not an object.")
    found: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
    if found:
        _check(found, name)
    return found


def _check(value: Any, name: str, level: int = 2) -> None:
    """The object that holds `value` is the first level."""
    if isinstance(value, str):
        problem = text_problem(value)
        if problem is not None:
            raise refusal("BAD_USER_INPUT", f"`{name}` {problem}")
        return
    items = _CHILDREN.get(type(value))  # pyright: ignore[reportUnknownArgumentType]
    if items is None:
        return
    if level > MOST_LEVELS:
        raise bad_request(f"The request is nested deeper than {MOST_LEVELS} levels.")
    for key, item in items(value):
        _check(item, f"{name}.{key}", level + 1)


def _entries(value: dict[str, Any]) -> Any:
    for key in value:
        if text_problem(key) is not None:
            raise refusal("BAD_USER_INPUT", "The name of a variable or field cannot be used.")
    return value.items()


_CHILDREN: Mapping[type, Callable[[Any], Any]] = {dict: _entries, list: enumerate}
