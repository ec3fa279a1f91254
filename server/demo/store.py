"""The demo's store settings, so that a cart can be placed at once: ways of shipping, taxes, and discount codes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from domain.pricing.discounts import DiscountCode, DiscountCodeId, DiscountKind
from domain.pricing.shipping import ShippingRate, ShippingRateId
from domain.pricing.taxes import TaxRate, TaxRateId
from domain.shared.errors import Conflict
from domain.shared.money import Money
from persistence.connections import ConnectionSettings
from persistence.database import Database
from persistence.pricing.store import SqlStore
from server.demo.identity import identity

CURRENCY = "USD"
OPENED = datetime(2025, 1, 1, tzinfo=UTC)
HERE = frozenset({"US", "CA"})
ABROAD = frozenset({"AT", "AU", "BE", "CH", "DE", "DK", "ES", "FR", "GB", "IE", "IT", "JP", "NL", "NZ", "SE"})


def _shipping(name: str, about: str, countries: frozenset[str], price: str, days: tuple[int, int]) -> ShippingRate:
    return ShippingRate(
        id=ShippingRateId(identity("shipping", name)),
        name=name,
        description=about,
        countries=countries,
        price=_money(price),
        free_above=None,
        max_weight_grams=None,
        min_days=days[0],
        max_days=days[1],
        active=True,
    )


def shipping_rates() -> Sequence[ShippingRate]:
    parcel = _shipping("Parcel", "To your door; free from $75.", HERE, "6.90", (3, 5))
    express = _shipping("Express", "Handed to you, up to 10 kg.", HERE, "18.00", (1, 2))
    abroad = _shipping("International parcel", "Tracked, up to 20 kg; free from $200.", ABROAD, "19.00", (6, 12))
    return [
        _with(parcel, free_above="75"),
        _with(express, heaviest=10_000),
        _with(abroad, free_above="200", heaviest=20_000),
    ]


def _with(rate: ShippingRate, free_above: str | None = None, heaviest: int | None = None) -> ShippingRate:
    return replace(rate, free_above=None if free_above is None else _money(free_above), max_weight_grams=heaviest)


def tax_rates() -> Sequence[TaxRate]:
    """Added to prices in America, included in them in Europe."""
    states = [("CA", "0.0725"), ("NY", "0.04"), ("TX", "0.0625"), ("WA", "0.065")]
    included = [("DE", "MwSt.", "0.19"), ("FR", "TVA", "0.2"), ("GB", "VAT", "0.2"), ("NL", "btw", "0.21")]
    return [
        *(_tax("US", "Sales tax", rate, region) for region, rate in states),
        _tax("CA", "GST", "0.05"),
        *(_tax(country, title, rate, included=True) for country, title, rate in included),
    ]


def _tax(country: str, title: str, rate: str, region: str | None = None, *, included: bool = False) -> TaxRate:
    made = TaxRateId(identity("tax", country, region or ""))
    return TaxRate(made, title, country, region, Decimal(rate), included, active=True)


def discount_codes() -> Sequence[DiscountCode]:
    return [
        _code("WELCOME10", DiscountKind.PERCENTAGE, "10", once_each=True),
        _code("SHIPFREE", DiscountKind.FREE_SHIPPING, "0", minimum="40"),
    ]


def _code(
    code: str, kind: DiscountKind, value: str, *, minimum: str | None = None, once_each: bool = False
) -> DiscountCode:
    return DiscountCode(
        id=DiscountCodeId(identity("discount", code)),
        code=code,
        kind=kind,
        value=Decimal(value),
        minimum_subtotal=None if minimum is None else _money(minimum),
        usage_limit=None,
        usage_limit_per_user=1 if once_each else None,
        times_used=0,
        starts_at=OPENED,
        ends_at=None,
        active=True,
        category_ids=frozenset(),
        created_at=OPENED,
    )


def _money(amount: str) -> Money:
    return Money.of(Decimal(amount), CURRENCY)


async def furnish(settings: ConnectionSettings) -> int:
    """Add what is missing of the settings; how many that were. What somebody changed is left as it is.

    Taxes are added only for countries that have none: whoever has set some there knows better.

    Raises:
        Unavailable: the database does not answer.
    """
    database = Database(settings)
    await database.open()
    try:
        async with database.transaction() as transaction:
            added = await _rates(SqlStore(transaction))
            await transaction.commit()
        return added + sum([await _add_code(database, code) for code in discount_codes()])
    finally:
        await database.close()


async def _rates(store: SqlStore) -> int:
    added = 0
    for shipping in shipping_rates():
        if not await store.has_shipping_rate(shipping.id):
            await store.put_shipping_rate(shipping)
            added += 1
    ours = tax_rates()
    for country in dict.fromkeys(tax.country_code for tax in ours):
        if not await store.tax_rates(country):
            for tax in (one for one in ours if one.country_code == country):
                await store.put_tax_rate(tax)
                added += 1
    return added


async def _add_code(database: Database, code: DiscountCode) -> int:
    """In a transaction of its own, which ends when there is another code of that name."""
    try:
        async with database.transaction() as transaction:
            store = SqlStore(transaction)
            if await store.discount(code.id) is not None:
                return 0
            await store.add_discount(code)
            await transaction.commit()
    except Conflict:
        return 0
    return 1
