"""Rows to domain objects, column by column, with no more columns read than somebody will look at.

A mapper knows from which columns each attribute of a class is made. For the attributes that are wanted it gives the
columns to select and turns the rows into objects of that class. An attribute that was not read is not there at all:
touching it raises AttributeError, it is never silently empty.

Frozen dataclasses set every field through `object.__setattr__`, which costs more than reading the row (1.1 µs for 12
fields, against 0.2). So objects are filled while they are of a twin class with the same slots that is not frozen, and
become frozen by changing their class.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, make_dataclass
from enum import Enum
from functools import cache, lru_cache
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, SelectBase

from domain.shared.reading import Wanted
from persistence.database import Database, Rows
from persistence.statements import Statement

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """The columns an attribute is made from, and how; without `make`, the one column is the attribute."""

    columns: tuple[ColumnElement[Any], ...]
    make: Callable[..., Any] | None = None


def made_by(make: Callable[..., Any], *columns: ColumnElement[Any]) -> Source:
    return Source(columns, make)


def enum_of(kind: type[Enum], column: ColumnElement[Any]) -> Source:
    """The member with the column's value; null stays null."""
    members: dict[str | None, Enum | None] = {one.value: one for one in kind} | {None: None}
    return made_by(members.__getitem__, column)


def value_of(made: type[T], *columns: ColumnElement[Any]) -> Source:
    """A frozen dataclass whose fields are just these columns."""
    twin = _twin(made, tuple(_names(made)))

    def make(*values: Any) -> T:
        value = twin(*values)
        value.__class__ = made
        return value

    return Source(columns, make)


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """How to read some of a class's attributes: the columns to select, and objects from rows that begin with them."""

    columns: Sequence[ColumnElement[Any]]
    objects: Callable[[Rows], list[T]]


class Mapper(Generic[T]):
    """`properties` names, for each property of the class, the attributes that it looks at.

    `kind_of` tells of which subclass, with no slots of its own, an object is; it looks at what is `always` read.
    """

    def __init__(
        self,
        made: type[T],
        attributes: Mapping[str, Source | ColumnElement[Any]],
        properties: Mapping[str, Sequence[str]] | None = None,
        always: Iterable[str] = ("id",),
        kind_of: Callable[[T], type[T]] | None = None,
    ) -> None:
        if _names(made) != list(attributes):
            raise TypeError(f"{made.__name__} has the attributes {_names(made)}, its mapper {list(attributes)}")
        self.made = made
        self.properties = properties or {}
        self._always = frozenset(always)
        self._kind_of = kind_of
        self._sources = {
            name: source if isinstance(source, Source) else Source((source,)) for name, source in attributes.items()
        }

    def reading(self, wanted: Wanted) -> Reading[T]:
        names = self._needed(wanted)
        sources = [self._sources[name] for name in names]
        # several attributes may need the same column, such as the currency: it is read once
        columns = list(dict.fromkeys(column for source in sources for column in source.columns))
        places = {column: place for place, column in enumerate(columns)}
        recipes = [(source.make, [places[column] for column in source.columns]) for source in sources]
        named, frozen, kind_of = tuple(names), self.made, self._kind_of

        def objects(rows: Rows) -> list[T]:
            if not rows:
                return []
            read = list(zip(*rows, strict=True))
            values = (
                read[needed[0]] if make is None else map(make, *(read[place] for place in needed))
                for make, needed in recipes
            )
            made = list(map(_twin(frozen, named), *values))
            for one in made:
                one.__class__ = frozen if kind_of is None else kind_of(one)
            return made

        return Reading(columns, objects)

    def _needed(self, wanted: Wanted) -> list[str]:
        if wanted is None:
            return list(self._sources)
        behind = {name for one in wanted for name in self.properties.get(one, (one,))} | self._always
        return [name for name in self._sources if name in behind]


class Query(Generic[T]):
    """A select of what a mapper reads, compiled once for every set of attributes and variant that is asked for.

    `select` gets the mapper's columns and the variant; it may select further columns behind them.
    """

    def __init__(self, mapper: Mapper[T], select: Callable[..., SelectBase]) -> None:
        self._mapper = mapper
        self._select = select
        self._prepared = lru_cache(maxsize=1_024)(self._prepare)

    async def ask(
        self, database: Database, values: Mapping[str, Any], wanted: Wanted, *variant: Any
    ) -> tuple[list[T], Rows]:
        """The objects, and the rows they were made from."""
        statement, reading = self._prepared(wanted, *variant)
        rows: Rows = await database.fetch(statement, values)
        return reading.objects(rows), rows

    def statement(self, wanted: Wanted, *variant: Any) -> Statement:
        """What `ask` runs."""
        return self._prepared(wanted, *variant)[0]

    def _prepare(self, wanted: Wanted, *variant: Any) -> tuple[Statement, Reading[T]]:
        reading = self._mapper.reading(wanted)
        return Statement(self._select(reading.columns, *variant)), reading


def _names(made: Any) -> list[str]:
    return [one.name for one in fields(made)]


@cache
def _twin(made: type, names: tuple[str, ...]) -> Callable[..., Any]:
    """The class without its frost, whose constructor takes just `names`. Made when an object is."""
    slots = [(one.name, one.type, field(init=one.name in names)) for one in fields(made)]
    return make_dataclass(f"{made.__name__}Twin", slots, slots=True, eq=False, repr=False)
