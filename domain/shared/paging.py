"""Slices of ordered lists: keyset windows and the cursors that continue them.

A list is ordered by a sort key and, among equals, by id. A cursor holds the position of one item, so that what is
inserted or removed elsewhere neither repeats nor hides an item.
"""

import base64
import binascii
import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Generic, TypeVar
from uuid import UUID

from domain.shared.errors import InvalidCursor, InvalidInput

DEFAULT_PAGE = 20
LARGEST_PAGE = 100
LONGEST_CURSOR = 2_000
LARGEST_EXPONENT = 15
SMALLEST_EXPONENT = 40

Key = str | int | Decimal | datetime
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is ordered: a name that cursors carry, the type of its key, and the direction."""

    name: str
    key: type[Key]
    descending: bool = False

    @property
    def tag(self) -> str:
        return f"{self.name}:{'DESC' if self.descending else 'ASC'}"


@dataclass(frozen=True, slots=True)
class Position:
    """Where an item stands in an ordered list."""

    key: Key
    id: UUID


@dataclass(frozen=True, slots=True)
class Window:
    """Which slice is wanted: `limit` items after and before the given positions, from the end when `backward`."""

    order: Order
    limit: int = DEFAULT_PAGE
    backward: bool = False
    after: Position | None = None
    before: Position | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One slice. `scope` names the whole list it was cut from, for counting it when somebody asks."""

    items: Sequence[T]
    positions: Sequence[Position]
    order: Order
    has_next: bool
    has_previous: bool
    scope: Hashable

    def cursor(self, index: int) -> str:
        return encode(self.order, self.positions[index])

    @property
    def edges(self) -> Sequence["Edge[T]"]:
        return [Edge(self, index) for index, _ in enumerate(self.items)]

    @property
    def start_cursor(self) -> str | None:
        return self.cursor(0) if self.items else None

    @property
    def end_cursor(self) -> str | None:
        return self.cursor(-1) if self.items else None


@dataclass(frozen=True, slots=True)
class Edge(Generic[T]):
    """An item of a page together with its place; the cursor is made only when somebody asks for it."""

    page: Page[T]
    index: int

    @property
    def node(self) -> T:
        return self.page.items[self.index]

    @property
    def cursor(self) -> str:
        return self.page.cursor(self.index)


@dataclass(frozen=True, slots=True)
class PageArguments:
    """What Relay's connection arguments said, before it is known to make sense."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    def window(self, order: Order) -> Window:
        """The window these arguments describe.

        Raises:
            InvalidInput: `first` or `last` is out of range, or both are given.
            InvalidCursor: a cursor is broken or comes from another order.
        """
        if self.first is not None and self.last is not None:
            raise InvalidInput("last", "cannot be combined with `first`; give one of them.")
        return Window(
            order=order,
            limit=_limit(self.first, self.last),
            backward=self.last is not None,
            after=None if self.after is None else decode(order, self.after, "after"),
            before=None if self.before is None else decode(order, self.before, "before"),
        )


def cut(window: Window, found: Sequence[tuple[T, Position]], scope: Hashable) -> Page[T]:
    """The page made of what a reader found: up to one item more than the limit, in reading direction.

    The surplus item tells that there is more in reading direction; in the other one a given cursor does.
    """
    more = len(found) > window.limit
    kept = list(found[: window.limit])
    if window.backward:
        kept.reverse()
    return Page(
        items=[item for item, _ in kept],
        positions=[position for _, position in kept],
        order=window.order,
        has_next=window.before is not None if window.backward else more,
        has_previous=more if window.backward else window.after is not None,
        scope=scope,
    )


def encode(order: Order, position: Position) -> str:
    text = json.dumps([order.tag, str(position.key), position.id.hex], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode(order: Order, cursor: str, argument: str) -> Position:
    tag, key, identity = _opened(cursor, argument)
    if tag != order.tag:
        raise InvalidCursor(argument, "is a cursor of another sort order; start again without it.")
    try:
        return Position(_PARSERS[order.key](key), UUID(hex=identity))
    except (ValueError, OverflowError, InvalidOperation) as broken:
        raise _broken(argument) from broken


def _opened(cursor: str, argument: str) -> tuple[str, str, str]:
    if len(cursor) > LONGEST_CURSOR:
        raise _broken(argument)
    try:
        parts = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as broken:
        raise _broken(argument) from broken
    match parts:
        case [str() as tag, str() as key, str() as identity]:
            return tag, key, identity
        case _:
            raise _broken(argument)


def _broken(argument: str) -> InvalidCursor:
    return InvalidCursor(argument, "is not a cursor of this list; use one from an earlier answer's `pageInfo`.")


def _limit(first: int | None, last: int | None) -> int:
    argument, count = ("last", last) if last is not None else ("first", first)
    if count is None:
        return DEFAULT_PAGE
    if not 1 <= count <= LARGEST_PAGE:
        raise InvalidInput(argument, f"must be from 1 to {LARGEST_PAGE}, not {count}.")
    return count


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(text)
    return instant.astimezone(UTC)


def _amount(text: str) -> Decimal:
    amount = Decimal(text)
    # looks at the exponent only: arithmetic with an absurd one overflows, and no database can store it
    if not amount.is_finite() or not -SMALLEST_EXPONENT <= amount.adjusted() < LARGEST_EXPONENT:
        raise ValueError(text)
    return amount


def _count(text: str) -> int:
    number = int(text)
    if abs(number) >= 2**63:
        raise ValueError(text)
    return number


def _text(text: str) -> str:
    text.encode()  # half of a surrogate pair is a ValueError
    if "\0" in text:
        raise ValueError(text)
    return text


_PARSERS: Mapping[type[Key], Callable[[str], Key]] = {str: _text, int: _count, Decimal: _amount, datetime: _instant}
