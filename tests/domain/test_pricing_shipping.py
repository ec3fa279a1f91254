"""Shipping rates, and the methods that they make for a cart."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.pricing.shipping import ShippingRate, checked, methods
from domain.shared.errors import InvalidInput, SeveralErrors
from domain.shared.money import Money
from tests.domain.baskets import money, shipping_rate

POST = shipping_rate(1, money("4.90"), money("50.00"))


def wrong(rate: ShippingRate, currency: str = "USD") -> list[str]:
    with pytest.raises(SeveralErrors) as refused:
        checked(rate, currency)
    return [error.argument for error in refused.value.errors if isinstance(error, InvalidInput)]


def prices(*rates: ShippingRate, goods: str = "10", country: str = "DE", grams: int = 100) -> list[str]:
    return [str(offered.price.amount) for offered in methods(rates, country, grams, money(goods))]


@pytest.mark.parametrize(("goods", "price"), [("49.99", "4.90"), ("50.00", "0.00"), ("50.01", "0.00")])
def test_shipping_is_free_from_the_threshold_on(goods: str, price: str) -> None:
    assert prices(POST, goods=goods) == [price]


def test_a_threshold_of_nothing_makes_it_free_for_all() -> None:
    assert prices(replace(POST, free_above=money(0)), goods="0") == ["0.00"]


@pytest.mark.parametrize(("grams", "offered"), [(0, 1), (1999, 1), (2000, 1), (2001, 0)])
def test_a_parcel_may_be_as_heavy_as_the_limit(grams: int, offered: int) -> None:
    assert len(prices(replace(POST, max_weight_grams=2000), grams=grams)) == offered


def test_without_a_limit_a_parcel_may_weigh_anything() -> None:
    assert len(prices(POST, grams=10**9)) == 1


def test_only_active_rates_of_the_country_are_offered() -> None:
    assert prices(POST, country="FR") == []
    assert prices(replace(POST, active=False)) == []
    assert prices(replace(POST, countries=frozenset({"AT", "FR"})), country="FR") == ["4.90"]


def test_the_cheapest_method_comes_first_and_among_equals_the_name_decides_then_the_id() -> None:
    rates = [
        shipping_rate(5, money("3.00"), name="Courier"),
        shipping_rate(4, money("9.00"), money("10.00"), name="Express"),
        shipping_rate(3, money("3.00"), name="Bicycle"),
        shipping_rate(2, money("3.00"), name="Courier"),
    ]
    for order in (rates, rates[::-1]):
        offered = methods(order, "DE", 100, money("10.00"))
        assert [(method.name, method.id.int) for method in offered] == [
            ("Express", 4),
            ("Bicycle", 3),
            ("Courier", 2),
            ("Courier", 5),
        ]


def test_a_method_says_what_its_rate_says() -> None:
    (offered,) = methods([replace(POST, description="To your door")], "DE", 100, money(1))
    assert (offered.id, offered.name, offered.description) == (POST.id, "Post", "To your door")
    assert (offered.price, offered.min_days, offered.max_days) == (money("4.90"), 1, 3)


def test_a_rate_is_stored_tidied() -> None:
    rate = replace(
        POST,
        name="  DHL   Paket ",
        description=" ",
        countries=frozenset({"de", "DE", " at"}),
        price=Money(Decimal(5), "USD"),
    )
    stored = checked(rate, "USD")
    assert (stored.name, stored.description, stored.countries) == ("DHL Paket", None, {"DE", "AT"})
    assert str(stored.price.amount) == "5.00"
    assert checked(replace(POST, description="To  the door"), "USD").description == "To the door"


def test_a_rate_may_be_free_and_same_day_and_say_nothing_of_days_and_limits() -> None:
    free = replace(POST, price=money(0), free_above=None, max_weight_grams=None, min_days=0, max_days=0)
    assert checked(free, "USD") == free
    silent = replace(free, min_days=None, max_days=None)
    assert checked(silent, "USD") == silent


def test_everything_that_is_wrong_is_told_at_once() -> None:
    rate = replace(
        POST,
        name=" ",
        description="x" * 501,
        countries=frozenset({"DE", "EU"}),
        price=money(1, "EUR"),
        free_above=Money(Decimal("0.001"), "USD"),
        max_weight_grams=0,
        min_days=-1,
        max_days=-1,
    )
    assert wrong(rate) == [
        "name",
        "description",
        "countries",
        "price.currencyCode",
        "freeAbove.amount",
        "maxWeightGrams",
        "minDays",
        "maxDays",
    ]


@pytest.mark.parametrize("price", ["-0.01", "4.905", "1E+39"])
def test_a_price_is_an_amount_of_the_currency(price: str) -> None:
    assert wrong(replace(POST, price=Money(Decimal(price), "USD"))) == ["price.amount"]


def test_the_last_day_is_not_before_the_first() -> None:
    assert wrong(replace(POST, min_days=3, max_days=2)) == ["maxDays"]
    assert wrong(replace(POST, min_days=None, max_days=-1)) == ["maxDays"]


def test_a_rate_is_for_a_country_at_least() -> None:
    assert wrong(replace(POST, countries=frozenset())) == ["countries"]
