"""Exact amounts."""

import operator
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from decimal import Context, Decimal, Inexact, localcontext
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.errors import InvalidInput
from domain.shared.money import Money, rounded, smallest_unit

AMOUNTS = st.decimals(min_value=Decimal(-(10**15)), max_value=Decimal(10**15), allow_nan=False, places=6)
CURRENCIES = st.sampled_from(["JPY", "USD", "EUR", "KWD"])
WHOLE = st.integers(-(10**25), 10**25)
"""Whose products have all their digits in the 60 that are reckoned with."""


@pytest.mark.parametrize(("currency", "unit"), [("JPY", "1"), ("USD", "0.01"), ("EUR", "0.01"), ("KWD", "0.001")])
def test_the_smallest_unit_is_the_currencys_own(currency: str, unit: str) -> None:
    assert str(smallest_unit(currency)) == unit


@pytest.mark.parametrize("code", ["", "usd", "US", "DOLLAR", "ZZZ", "U$D", "USD\n", "🪙"])
def test_what_is_no_currency_is_refused_by_name(code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Money.of(Decimal(1), code)
    assert refused.value.argument == "currencyCode"
    assert refused.value.code == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("0.5", "JPY", "1"),
        ("0.4999", "JPY", "0"),
        ("1.5", "JPY", "2"),
        ("2.5", "JPY", "3"),
        ("-2.5", "JPY", "-3"),
        ("1.005", "USD", "1.01"),
        ("1.015", "USD", "1.02"),
        ("1.00499", "USD", "1.00"),
        ("7", "USD", "7.00"),
        ("1.0005", "KWD", "1.001"),
        ("1", "KWD", "1.000"),
    ],
)
def test_halves_are_rounded_away_from_zero_to_the_currencys_scale(amount: str, currency: str, expected: str) -> None:
    assert str(Money.of(Decimal(amount), currency).amount) == expected


@given(AMOUNTS, CURRENCIES)
def test_rounding_moves_an_amount_by_half_a_unit_at_most(amount: Decimal, currency: str) -> None:
    unit = smallest_unit(currency)
    result = rounded(amount, currency)
    assert abs(result - amount) * 2 <= unit
    assert result.as_tuple().exponent == unit.as_tuple().exponent


@given(AMOUNTS, CURRENCIES)
def test_what_is_rounded_stays_as_it_is(amount: Decimal, currency: str) -> None:
    once = rounded(amount, currency)
    assert rounded(once, currency) == once


@given(AMOUNTS, CURRENCIES)
def test_rounding_treats_debts_as_it_treats_credits(amount: Decimal, currency: str) -> None:
    assert rounded(-amount, currency) == -rounded(amount, currency)


@given(AMOUNTS, AMOUNTS, CURRENCIES)
def test_rounding_keeps_the_order_of_amounts(one: Decimal, other: Decimal, currency: str) -> None:
    low, high = sorted((one, other))
    assert rounded(low, currency) <= rounded(high, currency)


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "expected"),
    [
        ("1234.5", "USD", "en-US", "$1,234.50"),
        ("1234.5", "USD", "de", "1.234,50\xa0$"),
        ("1234.5", "EUR", "de-CH", "EUR\xa01\u2019234.50"),
        ("1234.5", "JPY", "en-US", "¥1,235"),
        ("1.5", "KWD", "de", "1,500\xa0KWD"),
        ("-3", "USD", "en-US", "-$3.00"),
    ],
)
def test_an_amount_is_written_as_the_readers_language_writes_it(
    amount: str, currency: str, locale: str, expected: str
) -> None:
    assert Money.of(Decimal(amount), currency).formatted(locale) == expected


def test_an_amount_is_written_in_american_english_unless_told() -> None:
    assert Money.of(Decimal("1234.5"), "USD").formatted() == "$1,234.50"


@pytest.mark.parametrize("tag", ["", "xx-XX", "en_US", "english", "en-US-", "-", "../de", "de\0", "e" * 10_000])
def test_an_unknown_language_is_refused_by_name(tag: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Money.of(Decimal(1), "USD").formatted(tag)
    assert refused.value.argument == "locale"


SUBTAGS = ["en", "de", "und", "root", "zh", "Hant", "Latn", "US", "CH", "419", "x", "u", "POSIX", "@", ""]


@given(st.text() | st.lists(st.sampled_from(SUBTAGS), max_size=4).map("-".join))
def test_every_language_tag_is_understood_or_refused_by_name(tag: str) -> None:
    price = Money.of(Decimal("12.5"), "USD")
    try:
        written = price.formatted(tag)
    except InvalidInput:
        with pytest.raises(InvalidInput, match=r"^`locale` "):
            price.formatted(tag)
    else:
        assert written


def test_amounts_are_equal_when_amount_and_currency_are() -> None:
    assert Money.of(Decimal(5), "USD") == Money.of(Decimal("5.00"), "USD")
    assert Money.of(Decimal(5), "USD") != Money.of(Decimal(5), "EUR")
    assert Money.of(Decimal(5), "USD") != Money.of(Decimal("5.01"), "USD")


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "1250"), ("USD", "12.50"), ("KWD", "1.250")])
def test_an_amount_is_so_many_of_the_smallest_units(currency: str, amount: str) -> None:
    money = Money.of_units(1250, currency)
    assert str(money.amount) == amount
    assert money.units == 1250


@given(WHOLE, WHOLE, WHOLE, CURRENCIES)
def test_amounts_are_reckoned_with_like_their_units(one: int, other: int, times: int, currency: str) -> None:
    a, b = Money.of_units(one, currency), Money.of_units(other, currency)
    assert (a + b).units == one + other
    assert (a - b).units == one - other
    assert (a * times).units == one * times
    assert (a < b, a <= b, a > b, a >= b, a == b) == (
        one < other,
        one <= other,
        one > other,
        one >= other,
        one == other,
    )
    assert str((a + b).amount) == str(Money.of_units(one + other, currency).amount)


def test_reckoning_never_rounds() -> None:
    large = Money.of_units(10**50 + 1, "USD")
    with localcontext(Context(prec=3)):
        assert (large + large - large * 3).units == -(10**50) - 1
    with pytest.raises(Inexact):
        Money.of_units(10**70 + 1, "USD")
    with pytest.raises(Inexact):
        _ = Money(Decimal("0.001"), "USD").units


@pytest.mark.parametrize("reckon", [operator.add, operator.sub, operator.lt, operator.le, operator.gt, operator.ge])
def test_currencies_do_not_mix(reckon: Callable[[Money, Money], object]) -> None:
    with pytest.raises(ValueError, match="cannot be reckoned with"):
        reckon(Money.zero("USD"), Money.zero("EUR"))


@pytest.mark.parametrize("times", [0.5, 2.0, Decimal(2)])
def test_an_amount_is_multiplied_by_whole_numbers_only(times: object) -> None:
    with pytest.raises(TypeError):
        _ = Money.zero("USD") * cast("int", times)


def test_an_amount_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Money.of(Decimal(5), "USD").amount = Decimal(6)  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
