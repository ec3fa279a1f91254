"""Windows, pages, and the cursors that continue them."""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.errors import InvalidCursor, InvalidInput
from domain.shared.paging import (
    DEFAULT_PAGE,
    LARGEST_PAGE,
    LONGEST_CURSOR,
    Key,
    Order,
    Page,
    PageArguments,
    Position,
    Window,
    cut,
    decode,
    encode,
)

T = TypeVar("T")
NAMES, COUNTS = Order("NAME", str), Order("BEST_SELLING", int, descending=True)
AMOUNTS, INSTANTS = Order("PRICE", Decimal), Order("CREATED_AT", datetime)
ORDERS = st.sampled_from([NAMES, COUNTS, AMOUNTS, INSTANTS])
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-11))])
# what columns hold: names without NUL and surrogates, bigint, numeric(19, 4), timestamptz
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=255)
WHOLE = st.integers(-(2**63) + 1, 2**63 - 1)
MONEY = st.decimals(min_value=Decimal(-(10**14)), max_value=Decimal(10**14), allow_nan=False, places=4)
MOMENTS = st.datetimes(timezones=ZONES, min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31))  # noqa: DTZ001
POSITIONS: st.SearchStrategy[tuple[Order, Key]] = st.one_of(
    st.tuples(st.just(NAMES), TEXTS),
    st.tuples(st.just(COUNTS), WHOLE),
    st.tuples(st.just(AMOUNTS), MONEY),
    st.tuples(st.just(INSTANTS), MOMENTS),
)


def sealed(*parts: object) -> str:
    """What somebody who knows how cursors are made can send."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@given(POSITIONS, st.uuids())
def test_a_cursor_leads_back_to_its_position(placed: tuple[Order, Key], identity: UUID) -> None:
    order, key = placed
    found = decode(order, encode(order, Position(key, identity)), "after")
    assert found == Position(key, identity)
    assert type(found.key) is order.key


@given(POSITIONS, st.uuids())
def test_a_cursor_of_the_longest_key_is_not_too_long(placed: tuple[Order, Key], identity: UUID) -> None:
    order, key = placed
    cursor = encode(order, Position(key, identity))
    assert len(cursor) <= LONGEST_CURSOR
    assert cursor.isascii()
    assert cursor.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("key", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_first_and_the_last_instant_have_cursors_too(key: datetime) -> None:
    position = Position(key, UUID(int=7))
    assert decode(INSTANTS, encode(INSTANTS, position), "after") == position


@given(POSITIONS, st.uuids(), ORDERS, st.booleans())
def test_a_cursor_of_another_order_is_refused(
    placed: tuple[Order, Key],
    identity: UUID,
    other: Order,
    turned: bool,  # noqa: FBT001
) -> None:
    order, key = placed
    asked = Order(other.name, other.key, other.descending is not turned)
    cursor = encode(order, Position(key, identity))
    if asked == order:
        assert decode(asked, cursor, "before").id == identity
    else:
        with pytest.raises(InvalidCursor, match="another sort order") as refused:
            decode(asked, cursor, "before")
        assert refused.value.argument == "before"


@given(POSITIONS, st.uuids(), st.data())
def test_a_truncated_cursor_is_refused(placed: tuple[Order, Key], identity: UUID, data: st.DataObject) -> None:
    order, key = placed
    cursor = encode(order, Position(key, identity))
    kept = data.draw(st.integers(0, len(cursor) - 1))
    with pytest.raises(InvalidCursor):
        decode(order, cursor[:kept], "after")


@given(POSITIONS, st.uuids(), st.data())
def test_a_corrupted_cursor_is_refused_or_is_another_position(
    placed: tuple[Order, Key], identity: UUID, data: st.DataObject
) -> None:
    order, key = placed
    cursor = encode(order, Position(key, identity))
    at = data.draw(st.integers(0, len(cursor) - 1))
    broken = cursor[:at] + data.draw(st.characters()) + cursor[at + 1 :]
    _read_or_refused(order, broken)


@given(ORDERS, st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("=")))
def test_whatever_is_sent_as_a_cursor_is_read_or_refused(order: Order, sent: str) -> None:
    _read_or_refused(order, sent)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(ORDERS, st.lists(JSON, max_size=4))
def test_whatever_json_is_sealed_as_a_cursor_is_read_or_refused(order: Order, parts: list[object]) -> None:
    _read_or_refused(order, sealed(order.tag, *parts))


NUMBERS = st.sampled_from(
    ["NaN", "sNaN", "Infinity", "-Infinity", "1E+9999999", "-1E+999999999999999999", "1E-9999999", "1E+15", "9" * 1_200]
)
DATES = st.sampled_from(["0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00", "2026-01-01", "2026-01-01T00:00:00"])
HOSTILE = NUMBERS | DATES | st.sampled_from(["", "\0", "a\0b", "\ud800", "x\udfff"]) | st.text(max_size=30)


@given(ORDERS, HOSTILE, st.sampled_from(["0" * 32, "", "g" * 32, "0" * 31, "\ud800", "{" + "0" * 32 + "}"]))
def test_a_hostile_key_or_id_is_read_or_refused(order: Order, key: str, identity: str) -> None:
    _read_or_refused(order, sealed(order.tag, key, identity))


def _read_or_refused(order: Order, cursor: str) -> None:
    """What is read can be asked of PostgreSQL: no NUL, no half characters, no number out of range."""
    try:
        position = decode(order, cursor, "after")
    except InvalidCursor:
        with pytest.raises(InvalidCursor, match=r"^`before` "):
            decode(order, cursor, "before")
    else:
        assert type(position.key) is order.key
        assert _can_be_stored(position.key)


def _can_be_stored(key: Key) -> bool:
    match key:
        case str() as text:
            return "\0" not in text and bool(text.encode() or not text)
        case datetime() as instant:
            return instant.utcoffset() == timedelta(0)
        case Decimal() as amount:
            return -400 <= amount.adjusted() <= 15
        case count:
            return abs(count) < 2**63


@pytest.mark.parametrize("key", ["1E+9999999", "-1E+9999999", "1E-999999", "1E-20000", "NaN", "Infinity", "1E+15"])
def test_an_amount_that_no_price_can_have_is_no_position(key: str) -> None:
    with pytest.raises(InvalidCursor):
        decode(AMOUNTS, sealed(AMOUNTS.tag, key, "0" * 32), "after")


@pytest.mark.parametrize("key", ["\ud800", "a\udfffb", "\0", "a\0b"])
def test_text_that_cannot_be_stored_is_no_position(key: str) -> None:
    with pytest.raises(InvalidCursor):
        decode(NAMES, sealed(NAMES.tag, key, "0" * 32), "after")


@pytest.mark.parametrize("key", ["0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00", "2026-01-01T00:00:00", ""])
def test_an_instant_outside_of_the_calendar_is_no_position(key: str) -> None:
    with pytest.raises(InvalidCursor):
        decode(INSTANTS, sealed(INSTANTS.tag, key, "0" * 32), "after")


def test_a_cursor_of_any_length_is_refused_without_reading_it() -> None:
    with pytest.raises(InvalidCursor):
        decode(NAMES, sealed(NAMES.tag, "a" * LONGEST_CURSOR, "0" * 32), "after")
    with pytest.raises(InvalidCursor):
        decode(NAMES, "[" * 10_000, "after")


def test_arguments_that_say_nothing_mean_the_first_page() -> None:
    assert PageArguments().window(NAMES) == Window(NAMES, DEFAULT_PAGE, backward=False, after=None, before=None)


@pytest.mark.parametrize("count", [1, 2, 99, LARGEST_PAGE])
def test_first_reads_from_the_front_and_last_from_the_end(count: int) -> None:
    assert PageArguments(first=count).window(NAMES) == Window(NAMES, count)
    assert PageArguments(last=count).window(NAMES) == Window(NAMES, count, backward=True)


@pytest.mark.parametrize("count", [0, -1, LARGEST_PAGE + 1, 2**31 - 1, -(2**31)])
def test_a_page_of_no_sensible_size_is_refused_by_name(count: int) -> None:
    with pytest.raises(InvalidInput) as first:
        PageArguments(first=count).window(NAMES)
    with pytest.raises(InvalidInput) as last:
        PageArguments(last=count).window(NAMES)
    assert (first.value.argument, last.value.argument) == ("first", "last")
    assert str(count) in first.value.message


@pytest.mark.parametrize(("first", "last"), [(1, 1), (0, 0), (5, 10), (101, 1)])
def test_first_and_last_exclude_each_other(first: int, last: int) -> None:
    with pytest.raises(InvalidInput, match="combined") as refused:
        PageArguments(first=first, last=last).window(NAMES)
    assert refused.value.argument == "last"


def test_cursors_on_both_sides_bound_the_window() -> None:
    after, before = Position("a", UUID(int=1)), Position("z", UUID(int=2))
    window = PageArguments(first=3, after=encode(NAMES, after), before=encode(NAMES, before)).window(NAMES)
    assert window == Window(NAMES, 3, backward=False, after=after, before=before)


@pytest.mark.parametrize("argument", ["after", "before"])
def test_a_broken_cursor_is_refused_under_its_argument(argument: str) -> None:
    arguments = PageArguments(after="?") if argument == "after" else PageArguments(before="?")
    with pytest.raises(InvalidCursor) as refused:
        arguments.window(NAMES)
    assert refused.value.argument == argument
    assert refused.value.code == "BAD_USER_INPUT"


def found(keys: Sequence[int]) -> list[tuple[str, Position]]:
    return [(f"item {key}", Position(key, UUID(int=key))) for key in keys]


def counts(*, limit: int = 2, backward: bool = False, after: int | None = None, before: int | None = None) -> Window:
    places = [None if key is None else Position(key, UUID(int=key)) for key in (after, before)]
    return Window(Order("PLACE", int), limit, backward, places[0], places[1])


@pytest.mark.parametrize(
    ("window", "read", "items", "has_next", "has_previous"),
    [
        (counts(), [1, 2, 3], [1, 2], True, False),
        (counts(), [1, 2], [1, 2], False, False),
        (counts(), [], [], False, False),
        (counts(after=4), [5, 6], [5, 6], False, True),
        (counts(after=4), [5, 6, 7], [5, 6], True, True),
        (counts(backward=True), [9, 8, 7], [8, 9], False, True),
        (counts(backward=True), [9, 8], [8, 9], False, False),
        (counts(backward=True, before=7), [6, 5, 4], [5, 6], True, True),
        (counts(backward=True, before=7), [6], [6], True, False),
        (counts(limit=1, backward=True), [9, 8], [9], False, True),
    ],
)
def test_the_surplus_item_tells_whether_there_is_more(
    window: Window,
    read: list[int],
    items: list[int],
    has_next: bool,  # noqa: FBT001
    has_previous: bool,  # noqa: FBT001
) -> None:
    page = cut(window, found(read), "scope")
    assert page.items == [f"item {number}" for number in items]
    assert [position.key for position in page.positions] == items
    assert (page.has_next, page.has_previous, page.scope) == (has_next, has_previous, "scope")


def test_a_page_gives_each_item_its_cursor() -> None:
    page: Page[str] = cut(counts(limit=3), found([4, 5, 6]), None)
    assert [(edge.node, edge.cursor) for edge in page.edges] == [
        (f"item {key}", encode(page.order, Position(key, UUID(int=key)))) for key in (4, 5, 6)
    ]
    assert (page.start_cursor, page.end_cursor) == (page.edges[0].cursor, page.edges[-1].cursor)


def test_an_empty_page_has_no_cursors() -> None:
    page: Page[str] = cut(counts(), [], None)
    assert (page.start_cursor, page.end_cursor, page.edges) == (None, None, [])
