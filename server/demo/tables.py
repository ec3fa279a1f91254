"""TOML tables read field by field, with errors that say where to look."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar, cast

T = TypeVar("T")

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class BadCatalogue(Exception):
    """A catalogue file cannot be used. The message names the file, the entry and the field."""

    def __init__(self, place: str, field: str, problem: str) -> None:
        super().__init__(f"{place}, `{field}`: {problem}")
        self.place = place
        self.field = field


class Table:
    """One table. `place` says where it stands: file and entry; a converter raises ValueError with what it wants."""

    def __init__(self, place: str, values: Mapping[str, object]) -> None:
        self.place = place
        self._values = values
        self._read: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def required(self, name: str, convert: Callable[[object], T]) -> T:
        if name not in self._values:
            raise self.wrong(name, "is missing")
        self._read.add(name)
        try:
            return convert(self._values[name])
        except ValueError as reason:
            raise self.wrong(name, f"must be {reason}, not {self._values[name]!r}") from reason

    def optional(self, name: str, convert: Callable[[object], T], default: T) -> T:
        return self.required(name, convert) if name in self._values else default

    def finish(self) -> None:
        """Raises: BadCatalogue: there is a field that nobody read, which is a misspelt one."""
        for name in self._values.keys() - self._read:
            raise self.wrong(name, "is no field of this table")

    def wrong(self, name: str, problem: str) -> BadCatalogue:
        return BadCatalogue(self.place, name, problem)


def text(value: object) -> str:
    if isinstance(value, str) and value.strip():
        return " ".join(value.split())
    raise ValueError("a text")


def flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("true or false")


def count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31:
        return value
    raise ValueError("a whole number from 0")


def amount(value: object) -> Decimal:
    """An amount of money: numbers with a point arrive as Decimal, never as float."""
    number = Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(number, Decimal) and number.is_finite() and 0 <= number < Decimal(10) ** 9:
        cents = number.quantize(Decimal("0.01"))
        if cents == number:
            return cents
    raise ValueError("an amount such as 19.50")


def day(value: object) -> date:
    if type(value) is date:
        return value
    raise ValueError("a day such as 2026-03-14")


def texts(value: object) -> tuple[str, ...]:
    found = tuple(text(item) for item in sequence(value))
    if not found or len(set(found)) < len(found):
        raise ValueError("a list of different texts")
    return found


def counts(value: object) -> tuple[int, ...]:
    return tuple(count(item) for item in sequence(value))


def mapping(value: object) -> Mapping[str, object]:
    if isinstance(value, dict):
        return cast("Mapping[str, object]", value)
    raise ValueError("a table")


def sequence(value: object) -> Sequence[object]:
    if isinstance(value, list):
        return cast("Sequence[object]", value)
    raise ValueError("a list")
