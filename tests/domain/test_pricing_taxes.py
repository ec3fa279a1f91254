"""Tax rates, and the taxes that they make."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pricing.taxes import TaxRate, applicable, are_included, checked, tax_lines, tax_on
from domain.shared.errors import InvalidInput, SeveralErrors
from domain.shared.money import Money, smallest_unit
from tests.domain.baskets import CURRENCIES, amounts, money, some, tax, tax_rates

ADDED = tax(1, "0.19")
INCLUDED = tax(1, "0.19", included=True)


def wrong(rate: TaxRate, *others: TaxRate) -> list[str]:
    with pytest.raises(SeveralErrors) as refused:
        checked(rate, others)
    return [error.argument for error in refused.value.errors if isinstance(error, InvalidInput)]


@st.composite
def sums(draw: st.DrawFn) -> Money:
    return draw(amounts(draw(CURRENCIES), 10**12))


@pytest.mark.parametrize(
    ("price", "currency", "rate", "added"),
    [
        ("100.00", "EUR", "0.19", "19.00"),
        ("0.05", "EUR", "0.1", "0.01"),  # 0.005, a half, is rounded up
        ("0.04", "EUR", "0.1", "0.00"),
        ("15", "JPY", "0.1", "2"),
        ("14", "JPY", "0.1", "1"),
        ("0.010", "KWD", "0.05", "0.001"),
        ("100.00", "USD", "0", "0.00"),
        ("100.00", "USD", "1", "100.00"),
        ("999.99", "USD", "0.088750", "88.75"),
    ],
)
def test_a_tax_is_added_to_a_price(price: str, currency: str, rate: str, added: str) -> None:
    assert str(tax_on(money(price, currency), [tax(1, rate)]).amount) == added


@pytest.mark.parametrize(
    ("price", "currency", "rate", "inside"),
    [
        ("119.00", "EUR", "0.19", "19.00"),
        ("39.98", "EUR", "0.19", "6.38"),
        ("110", "JPY", "0.1", "10"),
        ("5", "JPY", "0.1", "0"),  # 4.545…
        ("1.050", "KWD", "0.05", "0.050"),
        ("100.00", "USD", "0", "0.00"),
        ("0.01", "USD", "1", "0.00"),  # half a cent is rounded up, for the net price
    ],
)
def test_a_tax_is_found_inside_a_price(price: str, currency: str, rate: str, inside: str) -> None:
    assert str(tax_on(money(price, currency), [tax(1, rate, included=True)]).amount) == inside


@some
@given(sums(), tax_rates(included=False))
def test_the_tax_that_was_added_is_the_one_that_is_found_inside(net: Money, rates: Sequence[TaxRate]) -> None:
    added = tax_on(net, rates)
    assert tax_on(net + added, [replace(rate, included_in_price=True) for rate in rates]) == added


@some
@given(sums(), tax_rates())
def test_a_tax_is_off_by_half_a_unit_at_most_and_never_negative(price: Money, rates: Sequence[TaxRate]) -> None:
    together = sum((rate.rate for rate in rates), Decimal(0))
    exact = price.amount * together / (1 + together if are_included(rates) else 1)
    assert abs(tax_on(price, rates).amount - exact) * 2 <= smallest_unit(price.currency_code)
    assert tax_on(price, rates).amount >= 0


@some
@given(sums(), tax_rates(), st.data())
def test_what_belongs_to_each_rate_adds_up_in_whatever_order_they_are(
    price: Money, rates: Sequence[TaxRate], data: st.DataObject
) -> None:
    tax_ = tax_on(price, rates)
    split = tax_lines(tax_, rates)
    assert sum((line.amount for line in split), Money.zero(price.currency_code)) == tax_
    assert tax_lines(tax_, data.draw(st.permutations(rates))) == split


def test_tax_lines_stand_by_title() -> None:
    qst, gst = tax(1, "0.09975", title="QST"), tax(2, "0.05", title="GST")
    split = tax_lines(money("14.98", "CAD"), [qst, gst])
    assert [(line.title, str(line.rate), str(line.amount.amount)) for line in split] == [
        ("GST", "0.05", "5.00"),
        ("QST", "0.09975", "9.98"),
    ]


def test_a_rate_of_zero_stands_there_with_nothing() -> None:
    assert [line.amount for line in tax_lines(money(5), [tax(1, "0"), tax(2, "0.19")])] == [money(0), money(5)]
    assert [line.amount for line in tax_lines(money(0), [tax(1, "0")])] == [money(0)]


def test_rates_that_disagree_cannot_be_reckoned_with() -> None:
    with pytest.raises(ValueError, match="do not mix"):
        tax_on(money(1), [ADDED, replace(INCLUDED, included_in_price=True)])


def test_without_rates_nothing_is_included_and_there_is_no_tax() -> None:
    assert not are_included([])
    assert tax_on(money(1), []) == money(0)


@pytest.mark.parametrize(
    ("region", "asked"), [(None, None), (None, "QC"), ("QC", "QC"), ("QC", " qc "), ("Québec", "QUÉBEC")]
)
def test_a_rate_holds_in_its_region_or_in_the_whole_country(region: str | None, asked: str | None) -> None:
    rate = replace(ADDED, region=region)
    assert applicable([rate], "DE", asked) == [rate]


@pytest.mark.parametrize("asked", ["ON", "", None])
def test_a_rate_does_not_hold_outside_its_region(asked: str | None) -> None:
    assert applicable([replace(ADDED, region="QC")], "DE", asked) == []


def test_rates_of_other_countries_and_inactive_ones_do_not_hold() -> None:
    assert applicable([ADDED, replace(ADDED, active=False)], "FR", None) == []
    assert applicable([replace(ADDED, active=False)], "DE", None) == []


def test_rates_of_the_country_and_of_the_region_hold_together() -> None:
    country, region = tax(2, "0.05", title="GST"), tax(1, "0.09975", title="QST", region="QC")
    assert applicable([region, country], "DE", "qc") == [country, region]


def test_a_rate_is_stored_tidied() -> None:
    rate = TaxRate(
        ADDED.id, "  Sales   tax ", "us", " New  York ", Decimal("0.08875"), included_in_price=False, active=True
    )
    stored = checked(rate, [])
    assert (stored.title, stored.country_code, stored.region) == ("Sales tax", "US", "New York")
    assert str(stored.rate) == "0.088750"
    assert checked(replace(rate, region=" "), []).region is None


def test_everything_that_is_wrong_is_told_at_once() -> None:
    rate = replace(INCLUDED, title="", region="x" * 101, rate=Decimal(19))
    assert wrong(rate, tax(2, "0.1")) == ["title", "region", "rate", "includedInPrice"]
    assert wrong(replace(rate, country_code="Germany")) == ["title", "countryCode", "region", "rate"]


@pytest.mark.parametrize("rate", ["-0.000001", "1.000001", "0.0000001", "19", "1E-39", "1E+39"])
def test_what_is_no_fraction_of_a_millionth_is_refused(rate: str) -> None:
    assert wrong(replace(ADDED, rate=Decimal(rate))) == ["rate"]


@pytest.mark.parametrize("rate", ["0", "1", "0.000001", "0.1900000"])
def test_fractions_from_nothing_to_the_whole_are_accepted(rate: str) -> None:
    assert checked(replace(ADDED, rate=Decimal(rate)), []).rate == Decimal(rate)


def test_the_active_rates_of_a_country_agree_on_being_included() -> None:
    other = tax(2, "0.07", region="Bavaria")
    assert wrong(INCLUDED, other) == ["includedInPrice"]
    assert wrong(ADDED, replace(other, included_in_price=True)) == ["includedInPrice"]
    assert checked(ADDED, [other])
    assert checked(INCLUDED, [replace(other, active=False)])
    assert checked(replace(INCLUDED, active=False), [other])
    assert checked(INCLUDED, [replace(other, country_code="FR")])
    assert checked(INCLUDED, [ADDED]), "what it was before has no say"
