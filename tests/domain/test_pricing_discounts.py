"""Discount codes: which are accepted, and when they hold."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pricing.discounts import DiscountCode, DiscountKind, checked, spelled, why_not
from domain.shared.errors import InvalidInput, SeveralErrors, UserErrorCode
from domain.shared.money import Money
from tests.domain.baskets import CATEGORIES, NOW, discount, fixed, free_shipping, money, percent, some

SUMMER = percent("SUMMER", "10")


def arguments(refused: SeveralErrors) -> list[str]:
    return [error.argument for error in refused.errors if isinstance(error, InvalidInput)]


def wrong(code: DiscountCode, currency: str = "USD") -> list[str]:
    with pytest.raises(SeveralErrors) as refused:
        checked(code, currency)
    return arguments(refused.value)


@pytest.mark.parametrize(
    ("kind", "value", "currency", "stored"),
    [
        (DiscountKind.PERCENTAGE, "0.01", "USD", "0.01"),
        (DiscountKind.PERCENTAGE, "12.5", "USD", "12.50"),
        (DiscountKind.PERCENTAGE, "100.000", "USD", "100.00"),
        (DiscountKind.FIXED_AMOUNT, "0.01", "USD", "0.01"),
        (DiscountKind.FIXED_AMOUNT, "5", "USD", "5.00"),
        (DiscountKind.FIXED_AMOUNT, "500.0", "JPY", "500"),
        (DiscountKind.FIXED_AMOUNT, "0.001", "KWD", "0.001"),
        (DiscountKind.FREE_SHIPPING, "0.00", "USD", "0"),
    ],
)
def test_a_value_that_fits_its_kind_is_accepted(kind: DiscountKind, value: str, currency: str, stored: str) -> None:
    assert str(checked(discount("SUMMER", kind, Decimal(value)), currency).value) == stored


@pytest.mark.parametrize(
    ("kind", "value", "currency"),
    [
        (DiscountKind.PERCENTAGE, "0", "USD"),
        (DiscountKind.PERCENTAGE, "-1", "USD"),
        (DiscountKind.PERCENTAGE, "100.01", "USD"),
        (DiscountKind.PERCENTAGE, "0.001", "USD"),
        (DiscountKind.PERCENTAGE, "1E-39", "USD"),
        (DiscountKind.PERCENTAGE, "1E+39", "USD"),
        (DiscountKind.FIXED_AMOUNT, "0", "USD"),
        (DiscountKind.FIXED_AMOUNT, "-5", "USD"),
        (DiscountKind.FIXED_AMOUNT, "0.001", "USD"),
        (DiscountKind.FIXED_AMOUNT, "0.5", "JPY"),
        (DiscountKind.FIXED_AMOUNT, "0.0005", "KWD"),
        (DiscountKind.FIXED_AMOUNT, "1E+39", "USD"),
        (DiscountKind.FREE_SHIPPING, "1", "USD"),
    ],
)
def test_a_value_that_does_not_fit_its_kind_is_refused(kind: DiscountKind, value: str, currency: str) -> None:
    assert wrong(discount("SUMMER", kind, Decimal(value)), currency) == ["value"]


@pytest.mark.parametrize(
    ("text", "stored"), [("abc", "ABC"), (" Summer-26_x ", "SUMMER-26_X"), ("a" * 40, "A" * 40), ("123", "123")]
)
def test_a_code_is_spelled_in_capitals(text: str, stored: str) -> None:
    assert spelled(text) == stored
    assert checked(percent(text, "10"), "USD").code == stored


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", UserErrorCode.REQUIRED),
        ("  ", UserErrorCode.REQUIRED),
        ("ab", UserErrorCode.TOO_SHORT),
        ("a" * 41, UserErrorCode.TOO_LONG),
        ("SUMMER 26", UserErrorCode.INVALID),
        ("10%OFF", UserErrorCode.INVALID),
        ("straße", UserErrorCode.INVALID),  # in capitals it would be ASCII
        ("d\N{LATIN SMALL LETTER DOTLESS I}scount", UserErrorCode.INVALID),
        ("ABC\nDEF", UserErrorCode.INVALID),
    ],
)
def test_what_cannot_be_a_code_is_refused(text: str, reason: UserErrorCode) -> None:
    with pytest.raises(InvalidInput) as refused:
        spelled(text, "discountCode")
    assert (refused.value.argument, refused.value.reason) == ("discountCode", reason)


@some
@given(st.text() | st.text("abcXYZ019_- ", max_size=42))
def test_the_spelling_of_a_code_is_spelled_like_itself(text: str) -> None:
    try:
        code = spelled(text)
    except InvalidInput:
        return
    assert spelled(code) == spelled(code.lower()) == code


def test_everything_that_is_wrong_is_told_at_once() -> None:
    code = replace(
        fixed("!", "0.001"),
        minimum_subtotal=money(5, "EUR"),
        usage_limit=0,
        usage_limit_per_user=-1,
        starts_at=NOW,
        ends_at=NOW,
    )
    assert wrong(code) == [
        "code",
        "value",
        "minimumSubtotal.currencyCode",
        "usageLimit",
        "usageLimitPerUser",
        "endsAt",
    ]


@pytest.mark.parametrize("amount", ["-0.01", "0.001", "1E+39"])
def test_a_minimum_is_an_amount_of_the_currency(amount: str) -> None:
    assert wrong(replace(SUMMER, minimum_subtotal=Money(Decimal(amount), "USD"))) == ["minimumSubtotal.amount"]


def test_a_code_without_an_end_and_without_limits_is_accepted() -> None:
    assert checked(replace(SUMMER, ends_at=None), "USD") == replace(SUMMER, ends_at=None)


@pytest.mark.parametrize(
    ("code", "subtotal", "used", "reason"),
    [
        (SUMMER, "10", 0, None),
        (replace(SUMMER, active=False), "10", 0, "not active"),
        (replace(SUMMER, starts_at=NOW + timedelta(microseconds=1)), "10", 0, "not valid yet"),
        (replace(SUMMER, starts_at=NOW), "10", 0, None),
        (replace(SUMMER, ends_at=NOW + timedelta(microseconds=1)), "10", 0, None),
        (replace(SUMMER, ends_at=NOW), "10", 0, "no longer valid"),
        (replace(SUMMER, ends_at=None), "10", 0, None),
        (replace(SUMMER, usage_limit=3, times_used=2), "10", 0, None),
        (replace(SUMMER, usage_limit=3, times_used=3), "10", 0, "used up"),
        (replace(SUMMER, usage_limit_per_user=2), "10", 1, None),
        (replace(SUMMER, usage_limit_per_user=2), "10", 2, "already used"),
        (replace(SUMMER, minimum_subtotal=money("10.00")), "10", 0, None),
        (replace(SUMMER, minimum_subtotal=money("10.01")), "10", 0, "for $10.01 or more: $0.01 is missing"),
        (SUMMER, "0", 0, None),
        (SUMMER, None, 0, "Nothing in the cart"),
    ],
)
def test_a_code_holds_or_says_why_not(code: DiscountCode, subtotal: str | None, used: int, reason: str | None) -> None:
    said = why_not(code, NOW, None if subtotal is None else money(subtotal), used)
    assert said is None if reason is None else reason in (said or "")


def test_a_code_is_for_goods_in_its_categories_and_for_all_when_it_has_none() -> None:
    hats, shoes, toys, _ = CATEGORIES
    code = percent("HATS", "10", hats, shoes)
    assert code.holds_for({shoes, toys})
    assert not code.holds_for({toys})
    assert not code.holds_for(frozenset())
    assert SUMMER.holds_for({toys})
    assert SUMMER.holds_for(frozenset())


@pytest.mark.parametrize(
    ("code", "subtotal", "currency", "off"),
    [
        (percent("A", "10"), "9.95", "USD", "1.00"),
        (percent("A", "10"), "9.94", "USD", "0.99"),
        (percent("A", "33.33"), "1.00", "USD", "0.33"),
        (percent("A", "12.5"), "4", "JPY", "1"),
        (percent("A", "0.01"), "4.999", "KWD", "0.000"),
        (percent("A", "0.01"), "5.000", "KWD", "0.001"),
        (percent("A", "100"), "0.01", "USD", "0.01"),
        (percent("A", "99.99"), "0.01", "USD", "0.01"),
        (fixed("A", "5"), "4.99", "USD", "4.99"),
        (fixed("A", "5"), "5.00", "USD", "5.00"),
        (fixed("A", "5"), "5.01", "USD", "5.00"),
        (free_shipping("A"), "5.01", "USD", "0.00"),
    ],
)
def test_a_code_takes_off_what_it_promises_and_never_more_than_there_is(
    code: DiscountCode, subtotal: str, currency: str, off: str
) -> None:
    assert str(code.off(money(subtotal, currency)).amount) == off
