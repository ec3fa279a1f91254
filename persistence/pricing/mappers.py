"""From which columns store settings are made."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Uuid, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY

from domain.pricing.discounts import DiscountCode, DiscountKind
from domain.pricing.shipping import ShippingRate
from domain.pricing.taxes import TaxRate
from domain.products.category import CategoryId
from domain.shared.money import rounded
from persistence.mapping import Mapper, made_by
from persistence.pricing.tables import discount_code_categories, discount_codes, shipping_rates, tax_rates
from persistence.products.mappers import CURRENCY, money

HUNDREDTH = Decimal("0.01")
CATEGORIES = (
    select(func.coalesce(func.array_agg(discount_code_categories.c.category_id), literal_column("'{}'", ARRAY(Uuid()))))
    .where(discount_code_categories.c.discount_code_id == discount_codes.c.id)
    .correlate(discount_codes)
    .scalar_subquery()
    .label("category_ids")
)


def _value(kind: str, value: Decimal, currency: str) -> Decimal:
    """With the decimals that the kind has, not those of the column."""
    match DiscountKind(kind):
        case DiscountKind.PERCENTAGE:
            return value.quantize(HUNDREDTH)
        case DiscountKind.FIXED_AMOUNT:
            return rounded(value, currency)
        case DiscountKind.FREE_SHIPPING:
            return Decimal(0)


def _categories(ids: Sequence[UUID]) -> frozenset[CategoryId]:
    return frozenset(CategoryId(identity) for identity in ids)


DISCOUNT = Mapper(
    DiscountCode,
    {
        "id": discount_codes.c.id,
        "code": discount_codes.c.code,
        "kind": made_by({kind.value: kind for kind in DiscountKind}.__getitem__, discount_codes.c.kind),
        "value": made_by(_value, discount_codes.c.kind, discount_codes.c.value, CURRENCY),
        "minimum_subtotal": made_by(money, discount_codes.c.minimum_subtotal, CURRENCY),
        "usage_limit": discount_codes.c.usage_limit,
        "usage_limit_per_user": discount_codes.c.usage_limit_per_user,
        "times_used": discount_codes.c.times_used,
        "starts_at": discount_codes.c.starts_at,
        "ends_at": discount_codes.c.ends_at,
        "active": discount_codes.c.active,
        "category_ids": made_by(_categories, CATEGORIES),
        "created_at": discount_codes.c.created_at,
    },
)
SHIPPING_RATE = Mapper(
    ShippingRate,
    {
        "id": shipping_rates.c.id,
        "name": shipping_rates.c.name,
        "description": shipping_rates.c.description,
        "countries": made_by(frozenset[str], shipping_rates.c.countries),
        "price": made_by(money, shipping_rates.c.price, CURRENCY),
        "free_above": made_by(money, shipping_rates.c.free_above, CURRENCY),
        "max_weight_grams": shipping_rates.c.max_weight_grams,
        "min_days": shipping_rates.c.min_days,
        "max_days": shipping_rates.c.max_days,
        "active": shipping_rates.c.active,
    },
)
TAX_RATE = Mapper(
    TaxRate,
    {
        "id": tax_rates.c.id,
        "title": tax_rates.c.title,
        "country_code": tax_rates.c.country_code,
        "region": tax_rates.c.region,
        "rate": tax_rates.c.rate,
        "included_in_price": tax_rates.c.included_in_price,
        "active": tax_rates.c.active,
    },
)
