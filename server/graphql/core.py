"""graphql-core and Strawberry, where their generics stay open and pyright wants them closed."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any

import graphql
import strawberry
from graphql import DocumentNode, GraphQLField, GraphQLList, GraphQLNonNull, GraphQLSchema
from strawberry.types.field import StrawberryField

BACKREF = "strawberry-definition"


@dataclass(frozen=True, slots=True)
class Resolver:
    """A resolver function and the names of the parameters that are not GraphQL arguments."""

    function: Callable[..., Any]
    parent: str | None
    info: str | None

    @property
    def is_async(self) -> bool:
        return iscoroutinefunction(self.function)


def core_schema(schema: strawberry.Schema) -> GraphQLSchema:
    """What Strawberry built; it has no public name for it."""
    return vars(schema)["_schema"]


def definition(field: GraphQLField) -> StrawberryField:
    return field.extensions[BACKREF]


def resolver(field: StrawberryField) -> Resolver:
    found: Any = field.base_resolver
    parent, info = found.parent_parameter, found.info_parameter
    return Resolver(found.wrapped_func, parent.name if parent else None, info.name if info else None)


def without_non_null(type_: Any) -> tuple[Any, bool]:
    return (type_.of_type, True) if isinstance(type_, GraphQLNonNull) else (type_, False)


def item_type(type_: Any) -> Any:
    """What a list type is a list of; None for every other type."""
    return type_.of_type if isinstance(type_, GraphQLList) else None


def introspect(schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    return graphql.execute_sync(schema, document, variable_values=dict(variables)).data or {}
