"""Which columns are read, and how a row becomes a domain object."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from asyncpg import Record
from sqlalchemy import select

from domain.products.category import Category
from domain.products.inventory import Inventory
from domain.products.product import Product, ProductMedia, ProductStatus, ProductVariant, Seo
from domain.shared.money import Money, MoneyRange
from persistence.products.tables import categories, media, products, shop, variants

Row = Record | tuple[Any, ...]
K = TypeVar("K")
T = TypeVar("T")

CURRENCY = select(shop.c.currency_code).scalar_subquery()
"""PostgreSQL evaluates it once per statement."""

CATEGORY_COLUMNS = (
    categories.c.id,
    categories.c.name,
    categories.c.slug,
    categories.c.description,
    categories.c.parent_id,
    categories.c.created_at,
    categories.c.updated_at,
)
PRODUCT_COLUMNS = (
    products.c.id,
    products.c.name,
    products.c.slug,
    products.c.description,
    products.c.status,
    products.c.category_id,
    products.c.price_min,
    products.c.price_max,
    products.c.compare_at_price_min,
    products.c.compare_at_price_max,
    CURRENCY.label("currency_code"),
    products.c.meta_title,
    products.c.meta_description,
    products.c.published_at,
    products.c.created_at,
    products.c.updated_at,
)
VARIANT_COLUMNS = (
    variants.c.id,
    variants.c.product_id,
    variants.c.title,
    variants.c.sku,
    variants.c.barcode,
    variants.c.price,
    variants.c.compare_at_price,
    variants.c.cost_price,
    CURRENCY.label("currency_code"),
    variants.c.weight_grams,
    variants.c.tracked,
    variants.c.on_hand,
    variants.c.reserved,
    variants.c.low_stock_threshold,
    variants.c.created_at,
    variants.c.updated_at,
)
MEDIA_COLUMNS = (
    media.c.id,
    media.c.product_id,
    media.c.location,
    media.c.alt,
    media.c.position,
    media.c.width,
    media.c.height,
)
_STATUSES = {status.value: status for status in ProductStatus}


def category(row: Row) -> Category:
    return Category(*row)


def picture(row: Row) -> ProductMedia:
    return ProductMedia(*row)


def product(row: Row) -> Product:
    identity, name, slug, description, status, category_id = row[:6]
    low, high, compare_low, compare_high, currency = row[6:11]
    return Product(
        identity,
        name,
        slug,
        description,
        _STATUSES[status],
        category_id,
        _range(low, high, currency),
        None if compare_low is None else _range(compare_low, compare_high, currency),
        Seo(row[11], row[12]),
        row[13],
        row[14],
        row[15],
    )


def variant(row: Row) -> ProductVariant:
    identity, product_id, title, sku, barcode = row[:5]
    price, compare_at, cost, currency, weight_grams = row[5:10]
    return ProductVariant(
        identity,
        product_id,
        title,
        sku,
        barcode,
        Money.of(price, currency),
        _money(compare_at, currency),
        _money(cost, currency),
        weight_grams,
        Inventory(*row[10:14]),
        row[14],
        row[15],
    )


def _range(low: Decimal, high: Decimal, currency: str) -> MoneyRange:
    return MoneyRange(Money.of(low, currency), Money.of(high, currency))


def _money(amount: Decimal | None, currency: str) -> Money | None:
    return None if amount is None else Money.of(amount, currency)


def keyed(rows: Iterable[Record], make: Callable[[Record], T], key: Callable[[T], K]) -> Mapping[K, T]:
    made = map(make, rows)
    return {key(item): item for item in made}


def grouped(rows: Iterable[tuple[K, T]]) -> Mapping[K, Sequence[T]]:
    groups: dict[K, list[T]] = {}
    for owner, item in rows:
        groups.setdefault(owner, []).append(item)
    return groups
