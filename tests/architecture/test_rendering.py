"""Each field shows what its source gives: the declarations are data, so types can be compared without running them."""

import ast
import dataclasses
import inspect
import textwrap
import types
import typing
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from strawberry.types.base import StrawberryList, StrawberryOptional, get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType

from domain.orders.events import OrderEvent
from domain.shared.errors import DomainError
from domain.shared.paging import Page
from resolvers.loaders import Loaders
from resolvers.nodes import LOAD
from resolvers.outcomes import Outcome
from schema import errors, orders, root
from schema.nodes import Node
from schema.rendering import (
    RENDERED,
    RESULTS,
    Attribute,
    Declaration,
    Function,
    Identity,
    Relation,
    Result,
    Stream,
    UseCase,
    declaration,
)
from server.graphql.core import resolver

SCHEMA = root.build()
INTERFACES: dict[type, type] = {errors.UserError: DomainError, orders.OrderEvent: OrderEvent}
"""What interfaces show; each of their types renders one of its subclasses."""


ALWAYS_FOUND = {"Category.products", "Inventory.adjustments", "Order.events", "User.orders"}
"""Pages, of which the loader has one for every key that it is asked for."""


class Case(NamedTuple):
    shown: type
    source: Any
    field: StrawberryField
    declared: Declaration

    @property
    def name(self) -> str:
        return f"{self.shown.__name__}.{self.field.python_name}"


def cases() -> Iterator[Case]:
    """Every field of every type that renders a domain class; generic types are told apart by their use."""
    for shown, source in RENDERED.items():
        definition = get_object_definition(shown, strict=True)
        if not definition.is_graphql_generic:
            for field in definition.fields:
                yield Case(shown, source, field, declaration(field))
    for shown in (root.Mutation, root.Subscription):
        for field in get_object_definition(shown, strict=True).fields:
            yield Case(shown, None, field, declaration(field))


CASES = list(cases())


def shape(annotation: Any) -> Any:
    """A domain annotation without its wrapping: list[...] for sequences, the class, str for what is written as text."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is types.UnionType or origin is typing.Union:
        return shape(next(one for one in arguments if one is not types.NoneType))
    if origin is Page:
        return (Page, shape(arguments[0]))
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return [shape(arguments[0])]
    base = getattr(annotation, "__supertype__", annotation)
    return str if base is UUID else base


def shown_shape(type_: Any) -> Any:
    """The same, of a GraphQL type, read through what it renders."""
    match type_:
        case StrawberryList():
            return [shown_shape(type_.of_type)]
        case StrawberryOptional():
            return shown_shape(type_.of_type)
        case LazyType():
            return shown_shape(type_.resolve_type())
        case StrawberryEnumDefinition():
            return type_.wrapped_cls
        case _:
            return shown_class(type_)


def shown_class(type_: Any) -> Any:
    definition = get_object_definition(type_)
    if definition is None:
        return getattr(type_, "__supertype__", type_)
    if type_ in RESULTS:
        return (RENDERED[type_], RESULTS[type_])
    if definition.concrete_of is None:
        return INTERFACES[type_] if definition.is_interface else RENDERED[type_]
    return (RENDERED[definition.concrete_of.origin], *(shown_shape(v) for v in definition.type_var_map.values()))


def annotation_of(source: Any, attribute: str) -> Any:
    hints = typing.get_type_hints(source)
    if attribute in hints:
        return hints[attribute]
    if issubclass(source, DomainError) and not hasattr(source, attribute):
        return given_at_first(source, attribute)
    getter = getattr(source, attribute).fget
    return typing.get_type_hints(getter)["return"]


def given_at_first(source: type, attribute: str) -> Any:
    """What the parameter is that `__init__` keeps as this attribute."""
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(source.__init__)))):
        match node:
            case ast.Assign(targets=[ast.Attribute(attr=kept)], value=ast.Name(id=name)) if kept == attribute:
                return typing.get_type_hints(source.__init__)[name]
            case _:
                pass
    raise AttributeError(f"{source.__name__} keeps no parameter as {attribute}")


def part_of(source: Any, attribute: str) -> Any:
    return annotation_of(source, attribute) if attribute else source


def gives(case: Case) -> Any:
    match case.declared.source:
        case Result(name):
            return part_of(RESULTS[case.shown], name)
        case UseCase(_, answer):
            return (Outcome, answer)
        case Attribute(name):
            return part_of(case.source, case.field.python_name if name is None else name)
        case Identity():
            return annotation_of(case.source, "id")
        case Relation(loader, _):
            return typing.get_args(typing.get_type_hints(Loaders)[loader])[1]
        case Function() | Stream():
            return returned(case)


def returned(case: Case) -> Any:
    """By a resolver; of a stream, what each of its parts is about."""
    given = typing.get_type_hints(resolver(case.field).function)["return"]
    return typing.get_args(typing.get_args(given)[0])[0] if typing.get_origin(given) is AsyncGenerator else given


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_field_shows_the_type_that_its_source_gives(case: Case) -> None:
    assert shape(gives(case)) == shown_shape(case.field.type)


def nullable(annotation: Any) -> bool:
    return types.NoneType in typing.get_args(annotation)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_field_that_is_never_null_comes_from_something_that_may_be(case: Case) -> None:
    if isinstance(case.field.type, StrawberryOptional):
        return
    match case.declared.source:
        case Result(_, otherwise):
            assert not nullable(gives(case))
            assert otherwise is not None
        case Relation(_, key):
            assert not nullable(annotation_of(case.source, key))
        case Function() if case.name in ALWAYS_FOUND:
            pass
        case _:
            assert not nullable(gives(case))


@pytest.mark.parametrize("case", [c for c in CASES if isinstance(c.declared.source, Relation)], ids=lambda c: c.name)
def test_each_relation_names_a_loader_and_the_attribute_that_keys_it(case: Case) -> None:
    relation = case.declared.source
    assert isinstance(relation, Relation)
    wanted = typing.get_args(typing.get_type_hints(Loaders)[relation.loader])[0]
    assert shape(annotation_of(case.source, relation.key)) == shape(wanted)


def test_everything_with_a_global_id_can_be_found_by_it() -> None:
    assert {shown.__name__ for shown in RENDERED if issubclass(shown, Node)} == set(LOAD)


def test_every_field_is_declared() -> None:
    definition = get_object_definition(root.Query, strict=True)
    assert all(isinstance(declaration(field).source, Function) for field in definition.fields)


def test_every_mutation_is_a_use_case_and_nothing_else_is() -> None:
    assert {case.shown for case in CASES if isinstance(case.declared.source, UseCase)} == {root.Mutation}
    assert all(isinstance(case.declared.source, UseCase) for case in CASES if case.shown is root.Mutation)


def test_every_subscription_is_a_stream_and_nothing_else_is() -> None:
    assert {case.shown for case in CASES if isinstance(case.declared.source, Stream)} == {root.Subscription}
    assert all(isinstance(case.declared.source, Stream) for case in CASES if case.shown is root.Subscription)


def test_what_was_not_done_is_null_where_null_is_allowed() -> None:
    results = [(case, case.declared.source) for case in CASES if isinstance(case.declared.source, Result)]
    assert results
    for case, source in results:
        assert (source.otherwise is None) is isinstance(case.field.type, StrawberryOptional), case.name


def test_each_interface_is_shown_by_types_that_render_what_it_shows() -> None:
    for interface, source in INTERFACES.items():
        shown = [one for one in RENDERED if issubclass(one, interface)]
        assert shown
        assert all(issubclass(RENDERED[one], source) for one in shown)


# Python writes into exceptions while it raises them: the traceback, and what they came from
VALUES: list[Any] = [one for one in dict.fromkeys(RENDERED.values()) if not issubclass(one, DomainError)]


@pytest.mark.parametrize("source", VALUES, ids=lambda source: source.__name__)
def test_what_is_rendered_is_frozen_and_slotted(source: Any) -> None:
    assert dataclasses.is_dataclass(source)
    assert source.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert hasattr(source, "__slots__")
