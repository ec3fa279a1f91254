"""What clients ask, and how a request that cannot be executed is refused."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError

# `…, found: VALUE.` and `… cannot represent … value: VALUE`
_VALUE = re.compile(r"(?:(represent [\w -]*?value): .*|, found: .*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The parameters of GraphQL over HTTP; over other transports they are the same."""

    query: str | None
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict[str, Any])
    extensions: Mapping[str, Any] = field(default_factory=dict[str, Any])


class RequestRefused(Exception):
    """Nothing was executed. Each error carries its code in `extensions`."""

    def __init__(self, *errors: GraphQLError) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors: Sequence[GraphQLError] = errors


class MethodNotAllowed(RequestRefused):
    """A mutation arrived by GET."""


def refusal(code: str, message: str) -> RequestRefused:
    return RequestRefused(GraphQLError(message, extensions={"code": code}))


def coded(error: GraphQLError, code: str) -> GraphQLError:
    """The same error with a code that tells programs what kind it is, and without what it quotes."""
    error.extensions = {"code": code, **(error.extensions or {})}
    error.message = without_values(error.message)
    return error


def without_values(message: str) -> str:
    """What graphql-core says about a value, without the value: it may be a password in the wrong place.

    Whoever sent it knows it, but error bodies find their way into the logs of clients and proxies.
    """
    return _VALUE.sub(r"\1.", message)
