"""Carts to price: by hand, and at random."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from domain.pricing.basket import Basket, EnteredCode, PricedLine
from domain.pricing.discounts import DiscountCode, DiscountCodeId, DiscountKind
from domain.pricing.shipping import ShippingMethod, ShippingRate, ShippingRateId
from domain.pricing.taxes import TaxRate, TaxRateId
from domain.products.category import CategoryId
from domain.shared.money import Money
from tests.sizes import REPEATABLE, STRESS

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CATEGORIES = [CategoryId(UUID(int=number)) for number in range(1, 5)]
CURRENCIES = st.sampled_from(["JPY", "USD", "KWD"])
LARGEST_PRICE = 10**7
FREE = Decimal(0)

some = settings(max_examples=2_000 if STRESS else 60, deadline=None, derandomize=REPEATABLE)
"""For amounts and weights."""
few = settings(some, max_examples=1_000 if STRESS else 25, suppress_health_check=[HealthCheck.too_slow])
"""For whole carts, which take 10 ms to make up, and much longer where the machine is busy."""


def money(amount: str | int, currency: str = "USD") -> Money:
    return Money.of(Decimal(amount), currency)


def line(number: int, unit_price: Money, quantity: int = 1, *categories: CategoryId) -> PricedLine:
    return PricedLine(UUID(int=number), unit_price, quantity, 100, frozenset(categories))


def percent(code: str, value: str, *categories: CategoryId) -> DiscountCode:
    return discount(code, DiscountKind.PERCENTAGE, Decimal(value), *categories)


def fixed(code: str, value: str, *categories: CategoryId) -> DiscountCode:
    return discount(code, DiscountKind.FIXED_AMOUNT, Decimal(value), *categories)


def free_shipping(code: str, *categories: CategoryId) -> DiscountCode:
    return discount(code, DiscountKind.FREE_SHIPPING, FREE, *categories)


def discount(code: str, kind: DiscountKind, value: Decimal, *categories: CategoryId) -> DiscountCode:
    """One that holds now, as often as you like."""
    return DiscountCode(
        id=DiscountCodeId(UUID(int=1)),
        code=code,
        kind=kind,
        value=value,
        minimum_subtotal=None,
        usage_limit=None,
        usage_limit_per_user=None,
        times_used=0,
        starts_at=NOW - timedelta(days=1),
        ends_at=NOW + timedelta(days=1),
        active=True,
        category_ids=frozenset(categories),
        created_at=NOW - timedelta(days=2),
    )


def tax(number: int, rate: str, *, included: bool = False, title: str = "VAT", region: str | None = None) -> TaxRate:
    return TaxRate(TaxRateId(UUID(int=number)), title, "DE", region, Decimal(rate), included, active=True)


def shipping_rate(number: int, price: Money, free_above: Money | None = None, name: str = "Post") -> ShippingRate:
    return ShippingRate(
        ShippingRateId(UUID(int=number)), name, None, frozenset({"DE"}), price, free_above, None, 1, 3, active=True
    )


def method(price: Money) -> ShippingMethod:
    return ShippingMethod(ShippingRateId(UUID(int=1)), "Post", None, price, 1, 3)


def entered(*codes: DiscountCode) -> Sequence[EnteredCode]:
    return [EnteredCode(code) for code in codes]


def amounts(currency: str, largest: int = LARGEST_PRICE) -> st.SearchStrategy[Money]:
    """Any amount of it from 0, to the smallest unit."""
    return st.integers(0, Money.of(Decimal(largest), currency).units).map(lambda units: Money.of_units(units, currency))


@st.composite
def tax_rates(draw: st.DrawFn, *, included: bool | None = None) -> Sequence[TaxRate]:
    """None to four that agree, in millionths."""
    inside = draw(st.booleans()) if included is None else included
    millionths = draw(
        st.lists(st.integers(0, 10**6) | st.sampled_from([0, 50_000, 99_750, 190_000, 10**6]), max_size=4)
    )
    return [tax(number, str(Decimal(rate).scaleb(-6)), included=inside) for number, rate in enumerate(millionths)]


@st.composite
def codes(draw: st.DrawFn, currency: str) -> Sequence[EnteredCode]:
    """None to six, for all goods or for some, a few of which need a minimum."""
    found: list[EnteredCode] = []
    for number, kind in enumerate(draw(st.lists(st.sampled_from(DiscountKind), max_size=6))):
        value = {
            DiscountKind.PERCENTAGE: st.integers(1, 10_000).map(lambda hundredths: Decimal(hundredths).scaleb(-2)),
            DiscountKind.FIXED_AMOUNT: amounts(currency, 10**5).map(lambda amount: amount.amount),
            DiscountKind.FREE_SHIPPING: st.just(FREE),
        }[kind]
        name = draw(st.sampled_from("ABC")) + str(number)
        found.append(EnteredCode(discount(name, kind, draw(value), *draw(st.sets(st.sampled_from(CATEGORIES))))))
    return found


@st.composite
def lines(draw: st.DrawFn, currency: str) -> Sequence[PricedLine]:
    """Up to 100, with keys in no order, up to 1,000 pieces each, at prices from 0."""
    size = draw(st.integers(0, 8) | st.integers(0, 100))
    prices = st.tuples(amounts(currency), st.integers(1, 1_000), st.sets(st.sampled_from(CATEGORIES), max_size=2))
    drawn = draw(st.lists(prices, min_size=size, max_size=size))
    return [line(7 * at % 101, price, quantity, *shelves) for at, (price, quantity, shelves) in enumerate(drawn)]


@st.composite
def baskets(draw: st.DrawFn, *, included: bool | None = None) -> Basket:
    currency = draw(CURRENCIES)
    shipping = draw(st.none() | amounts(currency, 1_000).map(method))
    return Basket(
        currency,
        NOW,
        draw(lines(currency)),
        draw(codes(currency)),
        shipping,
        draw(tax_rates(included=included)),
    )
