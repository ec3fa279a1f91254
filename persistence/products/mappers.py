"""From which columns the catalogue's objects are made."""

from decimal import Decimal
from functools import lru_cache

from sqlalchemy import select

from domain.products.category import Category
from domain.products.inventory import Inventory, InventoryAdjustment, InventoryReason
from domain.products.product import Product, ProductMedia, ProductStatus, ProductVariant, Seo
from domain.shared.money import Money, MoneyRange
from persistence.mapping import Mapper, made_by, value_of
from persistence.products.tables import adjustments, categories, media, products, shop, variants

CURRENCY = select(shop.c.currency_code).scalar_subquery().label("currency_code")
"""PostgreSQL evaluates it once per statement."""


@lru_cache(maxsize=16_384)
def money(amount: Decimal | None, currency: str) -> Money | None:
    """Prices repeat: 19.90 is the same object wherever it stands."""
    return None if amount is None else Money.of(amount, currency)


@lru_cache(maxsize=16_384)
def money_range(low: Decimal | None, high: Decimal | None, currency: str) -> MoneyRange | None:
    return None if low is None or high is None else MoneyRange(Money.of(low, currency), Money.of(high, currency))


CATEGORY = Mapper(
    Category,
    {
        "id": categories.c.id,
        "name": categories.c.name,
        "slug": categories.c.slug,
        "description": categories.c.description,
        "parent_id": categories.c.parent_id,
        "created_at": categories.c.created_at,
        "updated_at": categories.c.updated_at,
    },
)
PRODUCT = Mapper(
    Product,
    {
        "id": products.c.id,
        "name": products.c.name,
        "slug": products.c.slug,
        "description": products.c.description,
        "status": made_by({status.value: status for status in ProductStatus}.__getitem__, products.c.status),
        "category_id": products.c.category_id,
        "price_range": made_by(money_range, products.c.price_min, products.c.price_max, CURRENCY),
        "compare_at_price_range": made_by(
            money_range, products.c.compare_at_price_min, products.c.compare_at_price_max, CURRENCY
        ),
        "seo": value_of(Seo, products.c.meta_title, products.c.meta_description),
        "published_at": products.c.published_at,
        "created_at": products.c.created_at,
        "updated_at": products.c.updated_at,
    },
    properties={"for_sale": ("status",)},
)
VARIANT = Mapper(
    ProductVariant,
    {
        "id": variants.c.id,
        "product_id": variants.c.product_id,
        "title": variants.c.title,
        "sku": variants.c.sku,
        "barcode": variants.c.barcode,
        "price": made_by(money, variants.c.price, CURRENCY),
        "compare_at_price": made_by(money, variants.c.compare_at_price, CURRENCY),
        "cost_price": made_by(money, variants.c.cost_price, CURRENCY),
        "weight_grams": variants.c.weight_grams,
        "inventory": value_of(
            Inventory,
            variants.c.tracked,
            variants.c.on_hand,
            variants.c.reserved,
            variants.c.low_stock_threshold,
            variants.c.id,
        ),
        "created_at": variants.c.created_at,
        "updated_at": variants.c.updated_at,
    },
    properties={
        "available_for_sale": ("inventory",),
        "stock_status": ("inventory",),
        "quantity_available": ("inventory",),
    },
)
MEDIA = Mapper(
    ProductMedia,
    {
        "id": media.c.id,
        "product_id": media.c.product_id,
        "location": media.c.location,
        "alt": media.c.alt,
        "position": media.c.position,
        "width": media.c.width,
        "height": media.c.height,
    },
)
ADJUSTMENT = Mapper(
    InventoryAdjustment,
    {
        "id": adjustments.c.id,
        "variant_id": adjustments.c.variant_id,
        "on_hand_delta": adjustments.c.on_hand_delta,
        "reserved_delta": adjustments.c.reserved_delta,
        "reason": made_by({reason.value: reason for reason in InventoryReason}.__getitem__, adjustments.c.reason),
        "note": adjustments.c.note,
        "order_id": adjustments.c.order_id,
        "user_id": adjustments.c.user_id,
        "created_at": adjustments.c.created_at,
    },
    properties={"delta": ("on_hand_delta", "reserved_delta")},
)
