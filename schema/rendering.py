"""Ties each GraphQL type to the domain class it shows, and each field to where its values come from.

A type file is a table: `shown` reads an attribute, `loaded` follows a relation through a loader, `resolved` asks a
function. The declarations stay readable on the field, for the executor that batches them and for the tests.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import strawberry
from strawberry import Parent
from strawberry.schema_directive import Location
from strawberry.types.field import StrawberryField

from domain.users.access import Viewer, require
from resolvers import global_ids
from resolvers.context import Info

T = TypeVar("T")

RENDERED: dict[type, type] = {}
"""The domain class behind each GraphQL type."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """The parent's attribute of this name; of the field's own name, if None. "" is the parent itself."""

    name: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """The global id made of the GraphQL type's name and the parent's id."""


@dataclass(frozen=True, slots=True)
class Relation:
    """What the loader of this name has for the key in the parent's attribute `key`; null when the key is."""

    loader: str
    key: str


@dataclass(frozen=True, slots=True)
class Function:
    """What a resolver answers, called with the parent, the field's arguments and the operation's info.

    `looks_at` are the domain classes of which the resolver itself reads attributes other than the id. Of them,
    everything is read wherever the field is selected; of others, only what the operation selects.
    """

    looks_at: tuple[type, ...] = ()


Source = Attribute | Identity | Relation | Function


@dataclass(frozen=True, slots=True)
class Declaration:
    source: Source
    requires: Viewer | None = None


@strawberry.schema_directive(
    name="auth",
    locations=[Location.FIELD_DEFINITION, Location.OBJECT],
    description="Only viewers with this role see the field; for others it is null, with an error.",
)
class Auth:
    requires: Viewer


def renders(source: type) -> Callable[[type[T]], type[T]]:
    """Let resolvers return `source` instances wherever the decorated type is expected."""

    def bind(shown_as: type[T]) -> type[T]:
        def is_type_of(_: type[T], value: object, __: object) -> bool:
            return isinstance(value, source)

        shown_as.is_type_of = classmethod(is_type_of)  # type: ignore[attr-defined]
        RENDERED[shown_as] = source
        return shown_as

    return bind


def type_name(value: object) -> str:
    """The name of the GraphQL type that shows a domain object with a global id."""
    return next(shown_as.__name__ for shown_as, source in RENDERED.items() if isinstance(value, source))


def shown(description: str, attribute: str | None = None, *, requires: Viewer | None = None) -> Any:
    """A field that is an attribute of what its type renders."""

    def read(parent: Parent[Any], info: Info) -> Any:
        if requires is not None:
            require(info.context.actor, requires)
        name = info.python_name if attribute is None else attribute
        return getattr(parent, name) if name else parent

    return _field(read, description, Declaration(Attribute(attribute), requires))


def identity() -> Any:
    def read(parent: Parent[Any]) -> str:
        return global_ids.encode(type_name(parent), parent.id)

    return _field(read, "The global id, with which `node` finds the object again.", Declaration(Identity()))


def loaded(loader: str, *, key: str, description: str) -> Any:
    """A relation: `loader` is a field of `resolvers.loaders.Loaders`, `key` an attribute of what the type renders."""

    async def read(parent: Parent[Any], info: Info) -> Any:
        value = getattr(parent, key)
        return None if value is None else await getattr(info.context.loaders, loader).load(value)

    return _field(read, description, Declaration(Relation(loader, key)))


def resolved(by: Callable[..., Any], description: str, *, looks_at: tuple[type, ...] = ()) -> Any:
    """A field filled by a resolver; tests compare what it returns with what the field shows."""
    return _field(by, description, Declaration(Function(looks_at)))


def declaration(field: StrawberryField) -> Declaration:
    """Raises: KeyError: the field was made by other means than this module's."""
    return field.metadata["declaration"]


def _field(resolver: Callable[..., Any], description: str, declared: Declaration) -> Any:
    directives = [] if declared.requires is None else [Auth(requires=declared.requires)]
    return strawberry.field(
        resolver=resolver, description=description, directives=directives, metadata={"declaration": declared}
    )
