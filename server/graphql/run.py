"""The state of one operation while it is executed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import FieldNode, GraphQLError
from graphql.execution.values import VariableValues

from resolvers.context import Context
from server.graphql.places import Place

MOST_ERRORS = 100
"""More would tell a client nothing new, and a page of 100 broken objects can have thousands."""


class Failed:
    """Stands for a value whose error is already noted; the nearest nullable place above it becomes null."""

    def __repr__(self) -> str:
        return "FAILED"


FAILED: Final = Failed()


@dataclass(frozen=True, slots=True)
class Spot:
    """The field that values are for: its nodes in the document, its name for errors, and where its values go."""

    nodes: Sequence[FieldNode]
    name: str
    place: Place

    def within(self, place: Place) -> "Spot":
        return Spot(self.nodes, self.name, place)


@dataclass(frozen=True, slots=True)
class RawInfo:
    """What `strawberry.Info` looks into on behalf of our resolvers: the context, and nothing else."""

    context: Context


@dataclass(slots=True)
class Run:
    context: Context
    variables: VariableValues
    errors: list[GraphQLError] = field(default_factory=list[GraphQLError])

    def fail(self, cause: Exception, spot: Spot, index: int) -> Failed:
        """Note what went wrong with the value at `index` of a column."""
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(_located(cause, spot.nodes, spot.place.path(index)))
        return FAILED

    def failed(self, answer: Any, spot: Spot, index: int) -> Any:
        """The answer, unless it is an exception; those that are not errors of the field go on up."""
        if isinstance(answer, Exception):
            return self.fail(answer, spot, index)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def fail_all(self, cause: Exception, spot: Spot, count: int) -> list[Any]:
        return [self.fail(cause, spot, index) for index in range(count)]

    def each(self, make: Callable[[Any], Any], values: Sequence[Any], spot: Spot) -> list[Any]:
        """`make` of every value; one that cannot be made fails alone."""
        return [self._attempt(make, value, spot, index) for index, value in enumerate(values)]

    def _attempt(self, make: Callable[[Any], Any], value: Any, spot: Spot, index: int) -> Any:
        try:
            return make(value)
        except Exception as cause:  # noqa: BLE001  (becomes the field's error; unexpected ones are masked)
            return self.fail(cause, spot, index)


def _located(cause: Exception, nodes: Sequence[FieldNode], path: list[Any]) -> GraphQLError:
    if isinstance(cause, GraphQLError):
        return GraphQLError(
            cause.message,
            cause.nodes or nodes,
            path=path,
            original_error=cause.original_error,
            extensions=cause.extensions,
        )
    return GraphQLError(str(cause), nodes, path=path, original_error=cause)
