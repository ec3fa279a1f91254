"""Which orders count for the ranks of products, and for how much."""

from dataclasses import replace
from uuid import UUID

from domain.orders.order import TRANSITIONS, OrderStatus
from domain.orders.ranking import COUNTED, units_of
from domain.products.inventory import VariantId
from tests.domain.test_fulfilling import a_line

MUG, JUG = (VariantId(UUID(int=number)) for number in (1, 2))
LINE = replace(a_line(3, 2), variant_id=MUG)


def test_an_order_counts_from_its_confirmation_on_for_ever_unless_it_is_canceled() -> None:
    assert {OrderStatus.CONFIRMED, *TRANSITIONS[OrderStatus.CONFIRMED]} - {OrderStatus.CANCELED} == COUNTED


def test_an_order_counts_what_was_bought_of_each_variant_in_all_its_lines() -> None:
    lines = [LINE, replace(LINE, variant_id=JUG, quantity=5), replace(LINE, quantity=1)]
    assert units_of(lines) == {MUG: 3, JUG: 5}


def test_what_came_back_was_sold_all_the_same() -> None:
    back = replace(LINE, quantity_fulfilled=1, quantity_returned=1, quantity_canceled=1, quantity_refunded=2)
    assert units_of([back]) == {MUG: 2}


def test_what_is_not_in_the_catalogue_any_more_counts_for_nothing() -> None:
    assert units_of([replace(LINE, variant_id=None)]) == {}
