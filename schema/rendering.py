"""Ties each GraphQL type to the domain class it shows, and each field to where its values come from.

A type file is a table: `shown` reads an attribute, `loaded` follows a relation through a loader, `resolved` asks a
function. The declarations stay readable on the field, for the executor that batches them and for the tests.
"""

import typing
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated, Any, TypeVar
from uuid import UUID

import strawberry
from strawberry import Parent
from strawberry.schema_directive import Location
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from domain.shared.following import Next
from domain.users.access import Viewer
from domain.users.user import User
from resolvers import global_ids
from resolvers.context import Info
from resolvers.mutations import Mutation, Use
from resolvers.outcomes import Outcome
from schema import access
from schema.scalars import ID

T = TypeVar("T")

RENDERED: dict[type, type] = {}
"""The domain class behind each GraphQL type."""

RESULTS: dict[type, Any] = {}
"""What the use case behind each payload type answers."""


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


@dataclass(frozen=True, slots=True)
class Result:
    """In a payload: this attribute of what the use case answered, "" for all of it; `otherwise` when it was refused."""

    name: str
    otherwise: object = None

    def read(self, outcome: Outcome[Any]) -> Any:
        if outcome.result is None:
            return self.otherwise
        return attrgetter(self.name)(outcome.result) if self.name else outcome.result


@dataclass(frozen=True, slots=True)
class UseCase:
    """A mutation: `by` carries it out, with what every mutation has around it."""

    by: Use
    result: Any
    proves: Callable[[Any], User] | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """A subscription: each thing that `by` yields is shown in an answer of its own."""

    by: Callable[..., AsyncGenerator[Next[Any]]]


Source = Attribute | Identity | Relation | Function | Result | UseCase | Stream


@dataclass(frozen=True, slots=True)
class Declaration:
    source: Source


@strawberry.schema_directive(
    name="auth",
    locations=[Location.FIELD_DEFINITION, Location.OBJECT],
    description="Who may see the field, or use the mutation. For others it is null, with an error that says why.",
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


def pays_out(result: Any) -> Callable[[type[T]], type[T]]:
    """Let the decorated type show the outcome of a use case that answers `result`."""

    def bind(shown_as: type[T]) -> type[T]:
        RESULTS[shown_as] = result
        return renders(Outcome)(shown_as)

    return bind


def type_name(value: object) -> str:
    """The name of the GraphQL type that shows a domain object with a global id."""
    return next(shown_as.__name__ for shown_as, source in RENDERED.items() if isinstance(value, source))


def shown(description: str, attribute: str | None = None, *, name: str | None = None) -> Any:
    """A field that is an attribute of what its type renders; `name` is for what Python has other plans with."""

    def read(parent: Parent[Any], info: Info) -> Any:
        path = info.python_name if attribute is None else attribute
        return attrgetter(path)(parent) if path else parent

    return _field(read, description, Declaration(Attribute(attribute)), name)


def result(description: str, attribute: str = "", *, otherwise: object = None) -> Any:
    """A field of a payload: what the use case answered, or an attribute of it."""
    source = Result(attribute, otherwise)

    def read(parent: Parent[Any]) -> Any:
        return source.read(parent)

    return _field(read, description, Declaration(source))


def result_id(kind: str, description: str, attribute: str = "") -> Any:
    """A field of a payload: the global id of a `kind` that is not there any more."""

    def read(parent: Parent[Outcome[Any]]) -> ID | None:
        found = Result(attribute).read(parent)
        return None if found is None else ID(global_ids.encode(kind, found))

    return _field(read, description, Declaration(Function()))


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


def mutation(
    by: Use,
    description: str,
    *,
    proves: Callable[[Any], User] | None = None,
    holds: Callable[[Any], UUID] | None = None,
) -> Any:
    """A mutation, carried out by a resolver.

    From its result, `proves` tells who has proved to be whom, and `holds` what the viewer has a key to.
    """
    answers = typing.get_type_hints(by)["return"]

    async def carry_out(info: Info, input: Any) -> Outcome[Any]:  # noqa: A002
        name = info.python_name
        whole = to_camel_case(name)
        return await Mutation(whole, access.rule("Mutation", whole), by, answers, proves, holds).carry_out(info, input)

    # what Strawberry learns the argument's type from
    carry_out.__annotations__["input"] = Annotated[
        by.__annotations__["input"], strawberry.argument(description="What it is to be done with.")
    ]
    return _field(carry_out, description, Declaration(UseCase(by, answers, proves)))


def subscription(by: Callable[..., AsyncGenerator[Next[Any]]], description: str) -> Any:
    """A stream, filled by a resolver that yields what the field shows."""
    return strawberry.subscription(
        resolver=by, description=description, metadata={"declaration": Declaration(Stream(by))}
    )


def declaration(field: StrawberryField) -> Declaration:
    """Raises: KeyError: the field was made by other means than this module's."""
    return field.metadata["declaration"]


def _field(resolver: Callable[..., Any], description: str, declared: Declaration, name: str | None = None) -> Any:
    return strawberry.field(resolver=resolver, description=description, metadata={"declaration": declared}, name=name)
