"""How columns of values become JSON: one class per kind of GraphQL output type.

A column holds the values of one field for all parents at once, as resolvers returned them. What has something below
it that must be awaited (a relation, a coroutine) is completed by `complete_later`; the rest never leaves synchronous
code, which is most of an answer.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple, Protocol

from graphql.execution.values import VariableValues

from server.graphql.places import Chosen, Items, Place
from server.graphql.run import FAILED, Run, Spot

Column = Sequence[Any]
Write = Callable[[Any], Any]


class NotNull(Exception):
    """A resolver returned nothing for a field that always has something."""


class Completes(Protocol):
    """An output type, or the selection set of an object type."""

    @property
    def deferred(self) -> bool:
        """Whether something in it must be awaited."""
        ...

    def cost(self, variables: VariableValues) -> int:
        """How many objects one value of it may bring with it, itself included."""
        ...

    def complete(self, run: Run, values: Column, spot: Spot) -> Column: ...
    async def complete_later(self, run: Run, values: Column, spot: Spot) -> Column: ...


class Part(NamedTuple):
    """Values out of a column that are completed alike."""

    by: Completes
    values: Column
    place: Place


class Shape(Protocol):
    """How a column is taken apart into what is inside it, and put together again."""

    @property
    def inner(self) -> Sequence[Completes]: ...
    def split(self, values: Column, place: Place) -> Sequence[Part]: ...
    def join(self, run: Run, values: Column, parts: Sequence[Part], done: Sequence[Column]) -> Column: ...


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar or enum; without `write`, values are JSON already."""

    non_null: bool
    write: Write | None = None
    deferred: bool = False

    def cost(self, variables: VariableValues) -> int:
        del variables
        return 0

    def complete(self, run: Run, values: Column, spot: Spot) -> Column:
        written = values if self.write is None else _written(self.write, run, values, spot)
        return _settled(run, written, spot, non_null=self.non_null)

    async def complete_later(self, run: Run, values: Column, spot: Spot) -> Column:
        return self.complete(run, values, spot)


@dataclass(frozen=True, slots=True)
class Nested:
    """A list, an object or an interface."""

    non_null: bool
    shape: Shape
    deferred: bool

    @classmethod
    def of(cls, shape: Shape, *, non_null: bool) -> "Nested":
        return cls(non_null, shape, any(inner.deferred for inner in shape.inner))

    def cost(self, variables: VariableValues) -> int:
        return max(inner.cost(variables) for inner in self.shape.inner)

    def complete(self, run: Run, values: Column, spot: Spot) -> Column:
        parts = self.shape.split(values, spot.place)
        done = [part.by.complete(run, part.values, spot.within(part.place)) for part in parts]
        return _settled(run, self.shape.join(run, values, parts, done), spot, non_null=self.non_null)

    async def complete_later(self, run: Run, values: Column, spot: Spot) -> Column:
        parts = self.shape.split(values, spot.place)
        tasks = [part.by.complete_later(run, part.values, spot.within(part.place)) for part in parts]
        done = [await tasks[0]] if len(tasks) == 1 else await asyncio.gather(*tasks)
        return _settled(run, self.shape.join(run, values, parts, done), spot, non_null=self.non_null)


@dataclass(frozen=True, slots=True)
class ListOf:
    """The items of all lists are completed as one column."""

    item: Completes

    @property
    def inner(self) -> Sequence[Completes]:
        return (self.item,)

    def split(self, values: Column, place: Place) -> Sequence[Part]:
        lengths = [0 if value is None or value is FAILED else len(value) for value in values]
        items = chain.from_iterable(value for value in values if value is not None and value is not FAILED)
        return (Part(self.item, list(items), Items(place, lengths)),)

    def join(self, run: Run, values: Column, parts: Sequence[Part], done: Sequence[Column]) -> Column:
        del parts
        items, start = done[0], 0
        lists: list[Any] = []
        for value in values:
            if value is None or value is FAILED:
                lists.append(value)
                continue
            mine = items[start : start + len(value)]
            start += len(value)
            # a failed item that may not be null takes its list with it
            lists.append(FAILED if run.errors and FAILED in mine else mine)
        return lists


@dataclass(frozen=True, slots=True)
class ObjectOf:
    selection: Completes

    @property
    def inner(self) -> Sequence[Completes]:
        return (self.selection,)

    def split(self, values: Column, place: Place) -> Sequence[Part]:
        present = _present(values)
        if len(present) == len(values):
            return (Part(self.selection, values, place),)
        return (_chosen(self.selection, values, place, present),)

    def join(self, run: Run, values: Column, parts: Sequence[Part], done: Sequence[Column]) -> Column:
        del run
        return done[0] if len(parts[0].values) == len(values) else _scattered(values, parts, done)


@dataclass(frozen=True, slots=True)
class InterfaceOf:
    """What is selected depends on the class of each value."""

    selections: Mapping[type, Completes]

    @property
    def inner(self) -> Sequence[Completes]:
        return tuple(self.selections.values())

    def split(self, values: Column, place: Place) -> Sequence[Part]:
        kinds: dict[type, list[int]] = {}
        for index in _present(values):
            kinds.setdefault(self._kind(values[index]), []).append(index)
        return [_chosen(self.selections[kind], values, place, indices) for kind, indices in kinds.items()]

    def join(self, run: Run, values: Column, parts: Sequence[Part], done: Sequence[Column]) -> Column:
        del run
        return _scattered(values, parts, done)

    def _kind(self, value: object) -> type:
        """The class that is shown: the value's own, or the nearest of those that it is made of."""
        return next(kind for kind in type(value).__mro__ if kind in self.selections)


def _settled(run: Run, values: Column, spot: Spot, *, non_null: bool) -> Column:
    """Nulls where null is allowed; where it is not, failures that spread to what they stand in."""
    if non_null:
        if None not in values:
            return values
        missing = NotNull(f"Cannot return null for non-nullable field {spot.name}.")
        return [run.fail(missing, spot, index) if value is None else value for index, value in enumerate(values)]
    if run.errors:
        return [None if value is FAILED else value for value in values]
    return values


def _written(write: Write, run: Run, values: Column, spot: Spot) -> Column:
    try:
        return [value if value is None or value is FAILED else write(value) for value in values]
    except Exception:  # noqa: BLE001  (some value cannot be written: find out which)
        return run.each(lambda value: value if value is None or value is FAILED else write(value), values, spot)


def _present(values: Column) -> Sequence[int]:
    return [index for index, value in enumerate(values) if value is not None and value is not FAILED]


def _chosen(by: Completes, values: Column, place: Place, indices: Sequence[int]) -> Part:
    return Part(by, [values[index] for index in indices], Chosen(place, indices))


def _scattered(values: Column, parts: Sequence[Part], done: Sequence[Column]) -> Column:
    scattered = list(values)
    for part, column in zip(parts, done, strict=True):
        if isinstance(part.place, Chosen):
            for index, value in zip(part.place.indices, column, strict=True):
                scattered[index] = value
    return scattered
