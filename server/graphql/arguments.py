"""Arguments as resolvers take them: input objects made of coerced JSON, by converters that are found once.

Strawberry's own conversion asks anew for each value what type it has and what its fields are called: a tenth of what
the server does for a small mutation.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING
from functools import cached_property
from typing import Any, cast

import strawberry
from strawberry import UNSET
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryObjectDefinition,
    StrawberryOptional,
    has_object_definition,
)
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType

Convert = Callable[[Any], Any]
"""Of a value that is there: neither null nor left out."""


class Arguments:
    """The converters of one schema."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self._names = schema.config.name_converter
        self._inputs: dict[type, _Input] = {}

    def of_field(self, field: StrawberryField) -> Convert:
        """From the values of a field's arguments, by their names in GraphQL, to those that its resolver takes."""
        known = [(self._names.from_argument(one), one.python_name, self._of(one.type)) for one in field.arguments]

        def convert(values: Mapping[str, Any]) -> Mapping[str, Any]:
            return _converted(known, values)

        return convert

    def fields_of(self, definition: StrawberryObjectDefinition) -> "Sequence[_Known]":
        return [
            (self._names.from_field(one), one.python_name, self._of(one.resolve_type(type_definition=definition)))
            for one in definition.fields
        ]

    def _of(self, type_: Any) -> Convert | None:
        """None for what is taken as it is. Raises: TypeError: no input of ours is of this type, so far."""
        if isinstance(type_, StrawberryMaybe | LazyType):
            raise TypeError(f"{type_} cannot be an argument's type yet")
        if isinstance(type_, StrawberryOptional):
            return self._of(type_.of_type)
        if isinstance(type_, StrawberryList):
            item = self._of(type_.of_type)
            # graphql-core gives the same default to every request, so what is as it is is copied, too
            return list if item is None else lambda values: [_present(item, one) for one in values]
        if has_object_definition(type_):
            return self._inputs.setdefault(type_, _Input(self, type_))
        return None


_Known = tuple[str, str, Convert | None]
"""A name in GraphQL, one in Python, and what is done to the value."""


class _Input:
    """Makes objects of an input type. Its fields are looked up when the first is made: types may name each other."""

    def __init__(self, arguments: Arguments, made: Any) -> None:
        self._arguments = arguments
        self._made = made
        self._definition: StrawberryObjectDefinition = made.__strawberry_definition__

    def __call__(self, values: Mapping[str, Any]) -> Any:
        return self._made(**{**self._absent, **_converted(self._fields, values)})

    @cached_property
    def _fields(self) -> Sequence[_Known]:
        return self._arguments.fields_of(self._definition)

    @cached_property
    def _absent(self) -> Mapping[str, None]:
        """What has no default is null where it is left out; graphql-core has refused that where it must not be."""
        fields = cast("Sequence[Any]", self._definition.fields)  # partly untyped there
        absent = [one for one in fields if one.default_value is MISSING and one.default_factory is MISSING]
        return dict.fromkeys(one.python_name for one in absent)


def _converted(known: Sequence[_Known], values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: values[named] if convert is None else _present(convert, values[named])
        for named, name, convert in known
        if named in values
    }


def _present(convert: Convert, value: Any) -> Any:
    return value if value is None or value is UNSET else convert(value)
