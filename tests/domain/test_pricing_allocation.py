"""Shares that add up."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pricing.allocation import allocate
from domain.shared.money import Money
from tests.domain.baskets import CURRENCIES, amounts, money, some

KEYS = st.text("abcdefgh", min_size=1, max_size=4)
WEIGHTS = st.dictionaries(
    KEYS, st.decimals(0, 10**6, places=6) | st.sampled_from([Decimal(0), Decimal(1)]), min_size=1, max_size=40
)


@st.composite
def totals(draw: st.DrawFn) -> Money:
    return draw(amounts(draw(CURRENCIES)))


@st.composite
def coverable(draw: st.DrawFn) -> tuple[Money, Mapping[str, Decimal]]:
    """A total, and amounts in its scale that are as much or more together."""
    currency = draw(CURRENCIES)
    subtotals = draw(st.dictionaries(KEYS, amounts(currency), min_size=1, max_size=40))
    everything = sum((subtotal.units for subtotal in subtotals.values()), 0)
    total = Money.of_units(draw(st.integers(0, everything) | st.just(everything)), currency)
    return total, {key: subtotal.amount for key, subtotal in subtotals.items()}


def shares(total: str, currency: str, **weights: str) -> Mapping[str, str]:
    allocated = allocate(money(total, currency), {key: Decimal(weight) for key, weight in weights.items()})
    return {key: str(share.amount) for key, share in allocated.items()}


@some
@given(totals(), WEIGHTS)
def test_shares_add_up_and_are_less_than_a_unit_from_their_proportion(
    total: Money, weights: Mapping[str, Decimal]
) -> None:
    allocated = allocate(total, weights)
    assert sum(share.units for share in allocated.values()) == total.units
    everything = sum(map(Fraction, weights.values())) or Fraction(len(weights))
    for key, weight in weights.items():
        proportion = Fraction(weight) if any(weights.values()) else Fraction(1)
        assert abs(allocated[key].units - total.units * proportion / everything) < 1


@some
@given(totals(), WEIGHTS, st.data())
def test_the_order_of_the_weights_does_not_matter(
    total: Money, weights: Mapping[str, Decimal], data: st.DataObject
) -> None:
    shuffled = dict(data.draw(st.permutations(list(weights.items()))))
    assert allocate(total, shuffled) == allocate(total, weights)


@some
@given(coverable())
def test_no_share_exceeds_its_weight_when_the_weights_cover_the_total(
    case: tuple[Money, Mapping[str, Decimal]],
) -> None:
    total, weights = case
    assert all(share.amount <= weights[key] for key, share in allocate(total, weights).items())


@some
@given(totals(), WEIGHTS)
def test_what_weighs_nothing_gets_nothing_unless_nothing_weighs_anything(
    total: Money, weights: Mapping[str, Decimal]
) -> None:
    allocated = allocate(total, weights)
    if any(weights.values()):
        assert all(not allocated[key].units for key, weight in weights.items() if not weight)
    else:
        units = [share.units for share in allocated.values()]
        assert max(units) - min(units) <= 1


def test_units_that_are_left_over_go_to_the_largest_remainders() -> None:
    assert shares("1.00", "USD", a="1", b="2", c="3") == {"a": "0.17", "b": "0.33", "c": "0.50"}
    assert shares("100", "JPY", a="999", b="1") == {"a": "100", "b": "0"}
    assert shares("0.010", "KWD", a="0.35", b="0.35", c="0.30") == {"a": "0.004", "b": "0.003", "c": "0.003"}


def test_among_equal_remainders_the_lowest_keys_come_first() -> None:
    assert shares("1.00", "USD", c="1", b="1", a="1") == {"a": "0.34", "b": "0.33", "c": "0.33"}
    assert shares("2", "JPY", c="0", b="0", a="0") == {"a": "1", "b": "1", "c": "0"}


def test_weights_need_no_scale_in_common() -> None:
    assert shares("14.98", "CAD", gst="0.05", qst="0.099750") == {"gst": "5.00", "qst": "9.98"}


@pytest.mark.parametrize(("total", "weight"), [("-0.01", "1"), ("1", "-1")])
def test_what_is_negative_is_refused(total: str, weight: str) -> None:
    with pytest.raises(ValueError, match="negative"):
        shares(total, "USD", a=weight, b="5")


def test_nothing_can_be_divided_among_nobody_but_something_cannot() -> None:
    assert shares("0", "USD") == {}
    with pytest.raises(ValueError, match="nobody"):
        shares("0.01", "USD")
