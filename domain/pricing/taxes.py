"""Taxes on what is sold, added to prices or included in them.

Several rates that hold together act as one rate, their sum, and the tax is rounded once. So the tax that was added to a
price is the same as the one that is found in the sum. What belongs to each rate is allocated at the end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NewType
from uuid import UUID

from domain.pricing.allocation import allocate
from domain.pricing.settings import country
from domain.shared.checks import checking
from domain.shared.errors import InvalidInput, UserErrorCode
from domain.shared.money import Money
from domain.users.person import plain

TaxRateId = NewType("TaxRateId", UUID)

LONGEST_TITLE = 100
LONGEST_REGION = 100
_MILLIONTH = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A tax of a country, or of one of its regions.

    `rate` is a fraction, from 0 to 1 with at most 6 decimals: 0.19 is 19 %. `included_in_price` says whether the shop's
    prices contain it already; all active rates of a country agree on that.
    """

    id: TaxRateId
    title: str
    country_code: str
    region: str | None
    rate: Decimal
    included_in_price: bool
    active: bool

    def holds_in(self, country_code: str, region: str | None) -> bool:
        return self.active and self.country_code == country_code and self.region_key in {None, _folded(region)}

    @property
    def region_key(self) -> str | None:
        """What regions are compared by: capitals make no difference."""
        return _folded(self.region)


@dataclass(frozen=True, slots=True)
class TaxLine:
    """What one rate makes of a whole cart; `rate` is a fraction."""

    title: str
    rate: Decimal
    amount: Money


def applicable(rates: Iterable[TaxRate], country_code: str, region: str | None) -> Sequence[TaxRate]:
    """The rates that hold there, all together: those of the region and those of the whole country."""
    return in_order(rate for rate in rates if rate.holds_in(country_code, region))


def in_order(rates: Iterable[TaxRate]) -> Sequence[TaxRate]:
    return sorted(rates, key=lambda rate: (rate.title, rate.id))


def are_included(rates: Iterable[TaxRate]) -> bool:
    """Whether prices contain these taxes; not so when there is none.

    Raises:
        ValueError: the rates disagree, which `checked` never lets happen.
    """
    opinions = {rate.included_in_price for rate in rates}
    if len(opinions) > 1:
        raise ValueError("taxes that are included in prices do not mix with those that are added")
    return True in opinions


def tax_on(price: Money, rates: Sequence[TaxRate]) -> Money:
    """The tax that comes on top of `price`, or the one inside it when the rates are included."""
    together = sum((rate.rate for rate in rates), Decimal(0))
    if are_included(rates):
        # 28 digits of the quotient are enough: it is either half a unit, or a ten-millionth of one away from that
        return price - Money.of(price.amount / (1 + together), price.currency_code)
    return Money.of(price.amount * together, price.currency_code)


def tax_lines(tax: Money, rates: Sequence[TaxRate]) -> Sequence[TaxLine]:
    """`tax`, which these rates made together, by rate."""
    shares = allocate(tax, {rate.id: rate.rate for rate in rates})
    return [TaxLine(rate.title, rate.rate, shares[rate.id]) for rate in in_order(rates)]


def checked(rate: TaxRate, others: Iterable[TaxRate]) -> TaxRate:
    """The rate as it is stored beside `others`, among which may be what it was before.

    Raises:
        SeveralErrors: parts of it cannot be used, or it is included in prices while others of its country are added, or
            the reverse; there is an error for each.
    """
    with checking() as checks:
        tidy = replace(
            rate,
            title=checks.attempt(lambda: plain(rate.title, "title", LONGEST_TITLE), ""),
            country_code=checks.attempt(lambda: country(rate.country_code, "countryCode"), ""),
            region=checks.attempt(lambda: _region(rate.region), None),
            rate=checks.attempt(lambda: _fraction(rate.rate), Decimal(0)),
        )
        checks.attempt(lambda: _agreement(tidy, others), None)
    return tidy


def _region(text: str | None) -> str | None:
    return plain(text, "region", LONGEST_REGION) if text and text.strip() else None


def _fraction(rate: Decimal) -> Decimal:
    if not 0 <= rate <= 1:
        raise InvalidInput("rate", "must be a fraction from 0 to 1: 0.19 is 19 %.", UserErrorCode.OUT_OF_RANGE)
    scaled = rate.quantize(_MILLIONTH)
    if scaled != rate:
        raise InvalidInput("rate", "must have at most 6 decimals.")
    return scaled


def _agreement(rate: TaxRate, others: Iterable[TaxRate]) -> None:
    known = {
        other.included_in_price
        for other in others
        if rate.active and other.active and other.country_code == rate.country_code and other.id != rate.id
    }
    if known - {rate.included_in_price}:
        said = "added to" if rate.included_in_price else "included in"
        raise InvalidInput(
            "includedInPrice", f"must agree with this country's other rates, which are {said} the price."
        )


def _folded(region: str | None) -> str | None:
    return None if region is None else " ".join(region.split()).casefold()
