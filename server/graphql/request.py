"""What clients ask, and how a request that cannot be executed is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError


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
    """The same error with a code that tells programs what kind it is."""
    error.extensions = {"code": code, **(error.extensions or {})}
    return error
