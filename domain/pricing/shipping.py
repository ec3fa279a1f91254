"""What it costs to bring goods to a country."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NewType
from uuid import UUID

from domain.pricing.settings import at_least, country, price
from domain.shared.checks import checking
from domain.shared.errors import InvalidInput, UserErrorCode
from domain.shared.money import Money
from domain.users.person import plain

ShippingRateId = NewType("ShippingRateId", UUID)

LONGEST_NAME = 100
LONGEST_DESCRIPTION = 500


@dataclass(frozen=True, slots=True)
class ShippingRate:
    """A way of shipping to any of `countries` (ISO 3166-1 alpha-2), in `min_days` to `max_days`.

    It costs nothing when the goods cost `free_above` or more after discounts, and takes parcels of up to
    `max_weight_grams`; None is no limit.
    """

    id: ShippingRateId
    name: str
    description: str | None
    countries: frozenset[str]
    price: Money
    free_above: Money | None
    max_weight_grams: int | None
    min_days: int | None
    max_days: int | None
    active: bool

    @property
    def sorted_countries(self) -> Sequence[str]:
        return sorted(self.countries)

    def takes(self, country_code: str, weight_grams: int) -> bool:
        light = self.max_weight_grams is None or weight_grams <= self.max_weight_grams
        return self.active and country_code in self.countries and light

    def offered_at(self, price: Money) -> "ShippingMethod":
        return ShippingMethod(self.id, self.name, self.description, price, self.min_days, self.max_days)

    def price_for(self, goods: Money) -> Money:
        free = self.free_above is not None and goods >= self.free_above
        return Money.zero(self.price.currency_code) if free else self.price


@dataclass(frozen=True, slots=True)
class ShippingMethod:
    """A rate as it is offered to one cart; `price` is 0 when it is free."""

    id: ShippingRateId
    name: str
    description: str | None
    price: Money
    min_days: int | None
    max_days: int | None


def methods(
    rates: Sequence[ShippingRate], country_code: str, weight_grams: int, goods: Money
) -> Sequence[ShippingMethod]:
    """How goods that cost `goods` after discounts can get there, the cheapest way first."""
    offered = [rate.offered_at(rate.price_for(goods)) for rate in rates if rate.takes(country_code, weight_grams)]
    return sorted(offered, key=lambda method: (method.price, method.name, method.id))


def checked(rate: ShippingRate, currency: str) -> ShippingRate:
    """The rate as it is stored, for a shop with this currency.

    Raises:
        SeveralErrors: parts of it cannot be used; there is an error for each.
    """
    with checking() as checks:
        tidy = replace(
            rate,
            name=checks.attempt(lambda: plain(rate.name, "name", LONGEST_NAME), ""),
            description=checks.attempt(lambda: _description(rate.description), None),
            countries=checks.attempt(lambda: _countries(rate.countries), rate.countries),
            price=checks.attempt(lambda: price(rate.price, currency, "price"), rate.price),
            free_above=checks.attempt(lambda: _free_above(rate.free_above, currency), None),
        )
        checks.attempt(lambda: at_least(1, rate.max_weight_grams, "maxWeightGrams"), None)
        checks.attempt(lambda: at_least(0, rate.min_days, "minDays"), None)
        # without a first day, the last one is not before today
        checks.attempt(lambda: at_least(max(rate.min_days or 0, 0), rate.max_days, "maxDays"), None)
    return tidy


def _description(text: str | None) -> str | None:
    return plain(text, "description", LONGEST_DESCRIPTION) if text and text.strip() else None


def _countries(codes: frozenset[str]) -> frozenset[str]:
    if not codes:
        raise InvalidInput("countries", "must name a country at least.", UserErrorCode.REQUIRED)
    return frozenset(country(code, "countries") for code in sorted(codes))


def _free_above(threshold: Money | None, currency: str) -> Money | None:
    return None if threshold is None else price(threshold, currency, "freeAbove")
