"""Where an order's goods are: all states are reached, by listed moves only; what can be packed is what is left."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders import fulfillment, order
from domain.orders.fulfilling import TRANSITIONS, chosen, fulfillment_status, unpacked
from domain.orders.fulfillment import (
    SHIPPED,
    Fulfillment,
    FulfillmentId,
    FulfillmentLine,
    FulfillmentStatus,
)
from domain.orders.order import OrderFulfillmentStatus, OrderId, OrderLine, OrderLineId, OrderStatus
from domain.shared.errors import Conflict, DomainError, InvalidInput, SeveralErrors
from domain.shared.money import Money

PENDING, CANCELED, RETURNED = FulfillmentStatus.PENDING, FulfillmentStatus.CANCELED, FulfillmentStatus.RETURNED
BEFORE_OR_NEVER = {PENDING, CANCELED}
ORDER, FREE, AT = OrderId(UUID(int=1)), Money.zero("USD"), datetime(2026, 3, 1, tzinfo=UTC)


def a_line(number: int, quantity: int) -> OrderLine:
    return OrderLine(
        id=OrderLineId(UUID(int=number)),
        order_id=ORDER,
        variant_id=None,
        product_name="Mug",
        variant_title="Blue",
        sku=None,
        quantity=quantity,
        quantity_fulfilled=0,
        quantity_refunded=0,
        quantity_canceled=0,
        quantity_returned=0,
        unit_price=FREE,
        discount=FREE,
        tax=FREE,
        total=FREE,
    )


def a_fulfillment(status: FulfillmentStatus, units: Mapping[OrderLineId, int], number: int = 1) -> Fulfillment:
    identity = FulfillmentId(UUID(int=number))
    packed = [FulfillmentLine(identity, line, quantity) for line, quantity in units.items()]
    return Fulfillment(identity, ORDER, status, None, None, AT, None, None, packed)


@dataclass(frozen=True)
class Goods:
    """An order's lines and fulfilments, small enough to try everything that can be done with them."""

    lines: tuple[OrderLine, ...]
    fulfillments: tuple[tuple[FulfillmentStatus, tuple[int, ...]], ...] = ()

    @property
    def shipments(self) -> list[Fulfillment]:
        """Units stand in the order of the lines."""
        return [
            a_fulfillment(status, {line.id: some for line, some in zip(self.lines, units, strict=True) if some}, number)
            for number, (status, units) in enumerate(self.fulfillments, 1)
        ]

    @property
    def status(self) -> OrderFulfillmentStatus:
        return fulfillment_status(self.lines, self.shipments)

    @property
    def free(self) -> list[int]:
        return list(unpacked(self.lines, self.shipments).values())

    def next(self) -> Iterator["Goods"]:
        """By one step: something is packed, a shipment moves on, or a refund cancels and takes back units."""
        for units in product(*(range(free + 1) for free in self.free)):
            if any(units):
                yield replace(self, fulfillments=(*self.fulfillments, (PENDING, units)))
        for place, (status, _) in enumerate(self.fulfillments):
            for after in fulfillment.TRANSITIONS[status]:
                yield self.moved(place, after)
        yield from self._refunded()

    def moved(self, place: int, after: FulfillmentStatus) -> "Goods":
        """What is called off is forgotten, so that stories end."""
        before, units = self.fulfillments[place]
        others = (*self.fulfillments[:place], *self.fulfillments[place + 1 :])
        if after is CANCELED:
            return replace(self, fulfillments=others)
        left = units if before is PENDING else (0,) * len(units)
        gone = zip(self.lines, left, strict=True)
        lines = tuple(replace(line, quantity_fulfilled=line.quantity_fulfilled + some) for line, some in gone)
        return Goods(lines, (*others, (after, units)))

    def _refunded(self) -> Iterator["Goods"]:
        for canceled in product(*(range(free + 1) for free in self.free)):
            for back in product(*(range(line.quantity_fulfilled - line.quantity_returned + 1) for line in self.lines)):
                yield replace(
                    self,
                    lines=tuple(
                        replace(
                            line,
                            quantity_canceled=line.quantity_canceled + fewer,
                            quantity_returned=line.quantity_returned + some,
                        )
                        for line, fewer, some in zip(self.lines, canceled, back, strict=True)
                    ),
                )


def bought(*quantities: int) -> Goods:
    return Goods(tuple(a_line(number, quantity) for number, quantity in enumerate(quantities, 1)))


@pytest.mark.parametrize("quantities", [(1,), (2,), (1, 1)])
def test_goods_move_as_the_table_says_whatever_is_done_with_a_few_of_them(quantities: Sequence[int]) -> None:
    moves = set[tuple[OrderFulfillmentStatus, OrderFulfillmentStatus]]()
    known, waiting = set[Any](), [bought(*quantities)]
    while waiting:
        here = waiting.pop()
        for there in here.next():
            moves.add((here.status, there.status))
            if there not in known:
                known.add(there)
                waiting.append(there)
    listed = {(before, after) for before, those in TRANSITIONS.items() for after in those}
    changes = {(before, after) for before, after in moves if before is not after}
    assert changes <= listed
    if sum(quantities) > 1:
        assert changes == listed


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.data())
def test_goods_move_as_the_table_says_in_long_stories(quantities: list[int], data: st.DataObject) -> None:
    here = bought(*quantities)
    for _ in range(data.draw(st.integers(1, 12))):
        there = _some_step(here, data)
        assert there.status is here.status or there.status in TRANSITIONS[here.status]
        assert all(free >= 0 for free in there.free)
        here = there


def _some_step(here: Goods, data: st.DataObject) -> Goods:
    """Without trying all of the steps there are."""
    units = tuple(data.draw(st.integers(0, free)) for free in here.free)
    moves = [
        (place, after)
        for place, (status, _) in enumerate(here.fulfillments)
        for after in fulfillment.TRANSITIONS[status]
    ]
    if moves and data.draw(st.booleans()):
        place, after = data.draw(st.sampled_from(moves))
        return here.moved(place, after)
    if any(units) and data.draw(st.booleans()):
        return replace(here, fulfillments=(*here.fulfillments, (PENDING, units)))
    back = [data.draw(st.integers(0, line.quantity_fulfilled - line.quantity_returned)) for line in here.lines]
    lines = tuple(
        replace(
            line,
            quantity_canceled=line.quantity_canceled + fewer,
            quantity_returned=line.quantity_returned + some,
        )
        for line, fewer, some in zip(here.lines, units, back, strict=True)
    )
    return replace(here, lines=lines)


TABLES: Mapping[str, tuple[Mapping[Any, frozenset[Any]], Enum]] = {
    "orders": (order.TRANSITIONS, OrderStatus.PENDING),
    "goods": (TRANSITIONS, OrderFulfillmentStatus.UNFULFILLED),
    "fulfillments": (fulfillment.TRANSITIONS, PENDING),
}


@pytest.mark.parametrize("name", TABLES)
def test_each_table_has_a_row_for_each_state_and_reaches_all_of_them(name: str) -> None:
    table, start = TABLES[name]
    assert set(table) == set(type(start))
    reached, waiting = {start}, [start]
    while waiting:
        new = table[waiting.pop()] - reached
        reached |= new
        waiting.extend(new)
    assert reached == set(table)
    assert all(state not in after for state, after in table.items())


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (PENDING, OrderFulfillmentStatus.UNFULFILLED),
        (CANCELED, OrderFulfillmentStatus.UNFULFILLED),
        (FulfillmentStatus.IN_TRANSIT, OrderFulfillmentStatus.FULFILLED),
        (FulfillmentStatus.OUT_FOR_DELIVERY, OrderFulfillmentStatus.FULFILLED),
        (FulfillmentStatus.FAILED, OrderFulfillmentStatus.FULFILLED),
        (FulfillmentStatus.DELIVERED, OrderFulfillmentStatus.DELIVERED),
        (RETURNED, OrderFulfillmentStatus.RETURNED),
    ],
)
def test_all_of_an_order_is_where_its_only_shipment_is(status: FulfillmentStatus, told: OrderFulfillmentStatus) -> None:
    line = a_line(1, 2)
    shipment = a_fulfillment(status, {line.id: 2})
    assert fulfillment_status([line], [shipment]) is told
    # of three, two are only some
    some = {
        OrderFulfillmentStatus.FULFILLED: OrderFulfillmentStatus.PARTIALLY_FULFILLED,
        OrderFulfillmentStatus.DELIVERED: OrderFulfillmentStatus.PARTIALLY_DELIVERED,
        OrderFulfillmentStatus.RETURNED: OrderFulfillmentStatus.PARTIALLY_RETURNED,
    }
    assert fulfillment_status([replace(line, quantity=3)], [shipment]) is some.get(told, told)
    # unless nobody waits for the third
    assert fulfillment_status([replace(line, quantity=3, quantity_canceled=1)], [shipment]) is told


def test_units_that_came_back_count_once_whoever_told_of_them() -> None:
    first, second = a_line(1, 2), a_line(2, 2)
    returned = a_fulfillment(RETURNED, {first.id: 2})
    delivered = a_fulfillment(FulfillmentStatus.DELIVERED, {second.id: 2}, 2)
    restocked = replace(first, quantity_fulfilled=2, quantity_returned=2)
    assert fulfillment_status([restocked, second], [returned, delivered]) is OrderFulfillmentStatus.PARTIALLY_RETURNED
    both = [restocked, replace(second, quantity_fulfilled=2, quantity_returned=2)]
    assert fulfillment_status(both, [returned, delivered]) is OrderFulfillmentStatus.RETURNED


def test_what_has_shipped_is_what_is_neither_packed_nor_called_off() -> None:
    assert set(FulfillmentStatus) == SHIPPED | BEFORE_OR_NEVER


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.data())
def test_just_what_is_free_can_be_chosen(quantities: list[int], data: st.DataObject) -> None:
    goods = bought(*quantities)
    for _ in range(data.draw(st.integers(0, 4))):
        goods = _some_step(goods, data)
    lines, shipments = goods.lines, goods.shipments
    wishes = [
        (line.id, data.draw(st.integers(-1, line.quantity + 1)))
        for line in data.draw(st.lists(st.sampled_from(lines), max_size=4))
    ]
    free = unpacked(lines, shipments)
    fits = wishes and len({line for line, _ in wishes}) == len(wishes)
    fits = fits and all(1 <= units <= free[line] for line, units in wishes)
    found = _tried(lines, shipments, wishes)
    assert found == dict(wishes) if fits else isinstance(found, InvalidInput | SeveralErrors)
    everything = _tried(lines, shipments, None)
    left = {line: units for line, units in free.items() if units}
    assert everything == left if left else isinstance(everything, Conflict)


def _tried(
    lines: Sequence[OrderLine], shipments: Sequence[Fulfillment], wishes: Sequence[tuple[OrderLineId, int]] | None
) -> object:
    try:
        return chosen(lines, shipments, wishes)
    except DomainError as refused:
        return refused
