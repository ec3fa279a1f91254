"""Catalogue tables. Every rule that a constraint can hold is one.

`products` carries summaries of its variants (price range, sale), kept by the trigger `summarise_variants` so that lists
can be sorted and shown without touching the variants. Stock is not summarised: it changes with every order, and a
shared product row would make orders of different variants wait for each other, in an order that can deadlock.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from persistence.metadata import METADATA, created_at, timestamp, updated_at

AMOUNT = Numeric(19, 4)
ZERO = text("0")

shop = Table(
    "shop",
    METADATA,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("name", String(100), nullable=False),
    Column("currency_code", String(3), nullable=False),
    created_at(),
    updated_at(),
    CheckConstraint("id = 1", name="single"),
    CheckConstraint("name <> ''", name="name"),
    CheckConstraint("currency_code ~ '^[A-Z]{3}$'", name="currency_code"),
)

categories = Table(
    "categories",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("name_key", Text(collation="C"), Computed("lower(name)", persisted=True), nullable=False),
    Column("slug", String(100), nullable=False, unique=True),
    Column("description", Text),
    Column("parent_id", Uuid, ForeignKey("categories.id", ondelete="RESTRICT")),
    created_at(),
    updated_at(),
    CheckConstraint("name <> ''", name="name"),
    CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug"),
    CheckConstraint("parent_id <> id", name="own_parent"),
    Index("ix_categories_name_key_id", "name_key", "id"),
    Index("ix_categories_parent_id", "parent_id", "name_key", "id"),
)

products = Table(
    "products",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("name", String(255), nullable=False),
    Column("name_key", Text(collation="C"), Computed("lower(name)", persisted=True), nullable=False),
    Column("slug", String(255), nullable=False, unique=True),
    Column("description", Text),
    Column("status", String(16), nullable=False, server_default=text("'draft'")),
    Column("category_id", Uuid, ForeignKey("categories.id", ondelete="RESTRICT")),
    Column("meta_title", String(255)),
    Column("meta_description", String(500)),
    timestamp("published_at", nullable=True),
    # never published is earliest: on the calendar's second day, because the driver takes the first for -infinity, which
    # no cursor can continue
    Column(
        "published_key",
        created_at().type,
        Computed("COALESCE(published_at, '0001-01-02 00:00:00+00'::timestamptz)", persisted=True),
        nullable=False,
    ),
    Column("price_min", AMOUNT, nullable=False, server_default=ZERO),
    Column("price_max", AMOUNT, nullable=False, server_default=ZERO),
    Column("compare_at_price_min", AMOUNT),
    Column("compare_at_price_max", AMOUNT),
    Column("units_sold", BigInteger, nullable=False, server_default=ZERO),
    Column("rating_average", Numeric(3, 2), nullable=False, server_default=ZERO),
    Column("rating_count", Integer, nullable=False, server_default=ZERO),
    Column(
        "name_vector", TSVECTOR, Computed("to_tsvector('english'::regconfig, name)", persisted=True), nullable=False
    ),
    Column(
        "description_vector",
        TSVECTOR,
        Computed("to_tsvector('english'::regconfig, COALESCE(description, ''))", persisted=True),
        nullable=False,
    ),
    created_at(),
    updated_at(),
    CheckConstraint("name <> ''", name="name"),
    CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug"),
    CheckConstraint("status IN ('draft', 'active', 'archived')", name="status"),
    CheckConstraint("status <> 'active' OR published_at IS NOT NULL", name="active_is_published"),
    CheckConstraint("price_min >= 0 AND price_max >= price_min", name="price_range"),
    CheckConstraint("compare_at_price_max >= compare_at_price_min", name="compare_at_price_range"),
    CheckConstraint("units_sold >= 0", name="units_sold"),
    CheckConstraint("rating_average BETWEEN 0 AND 5 AND rating_count >= 0", name="rating"),
    Index("ix_products_category_id", "category_id"),
    Index("ix_products_status", "status"),
    Index("ix_products_name_key", "name_key", "id"),
    Index("ix_products_price_min", "price_min", "id"),
    Index("ix_products_created_at", "created_at", "id"),
    Index("ix_products_updated_at", "updated_at"),
    Index("ix_products_published_key", "published_key", "id"),
    Index("ix_products_units_sold", "units_sold", "id"),
    Index("ix_products_rating_average", "rating_average", "id"),
    Index("ix_products_name_vector", "name_vector", postgresql_using="gin"),
    Index("ix_products_description_vector", "description_vector", postgresql_using="gin"),
)

variants = Table(
    "product_variants",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("product_id", Uuid, ForeignKey("products.id", ondelete="CASCADE"), nullable=False),
    Column("title", String(255), nullable=False),
    Column("sku", String(100), unique=True),
    Column("barcode", String(100)),
    Column("price", AMOUNT, nullable=False),
    Column("compare_at_price", AMOUNT),
    Column("cost_price", AMOUNT),
    Column("weight_grams", Integer),
    Column("position", Integer, nullable=False, server_default=ZERO),
    Column("tracked", Boolean, nullable=False, server_default=text("true")),
    Column("on_hand", Integer, nullable=False, server_default=ZERO),
    Column("reserved", Integer, nullable=False, server_default=ZERO),
    Column("low_stock_threshold", Integer, nullable=False, server_default=text("10")),
    created_at(),
    updated_at(),
    UniqueConstraint("id", "product_id"),
    UniqueConstraint("product_id", "title"),
    CheckConstraint("title <> ''", name="title"),
    CheckConstraint("sku <> ''", name="sku"),
    CheckConstraint("price >= 0", name="price"),
    CheckConstraint("compare_at_price >= price", name="compare_at_price"),
    CheckConstraint("cost_price >= 0", name="cost_price"),
    CheckConstraint("weight_grams >= 0", name="weight_grams"),
    CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="stock"),
    CheckConstraint("low_stock_threshold >= 0", name="low_stock_threshold"),
    # serves reading in display order and the stock filter; no index has stock in it, which keeps reservations HOT
    Index("ix_product_variants_product_id", "product_id", "position", "id"),
    Index("ix_product_variants_price", "price", "product_id"),
    Index("ix_product_variants_on_sale", "product_id", postgresql_where=text("compare_at_price > price")),
)

options = Table(
    "product_options",
    METADATA,
    Column("product_id", Uuid, ForeignKey("products.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("position", Integer, nullable=False, server_default=ZERO),
    PrimaryKeyConstraint("product_id", "name"),
    CheckConstraint("name <> ''", name="name"),
)

option_values = Table(
    "product_option_values",
    METADATA,
    Column("product_id", Uuid, nullable=False),
    Column("name", String(100), nullable=False),
    Column("value", String(100), nullable=False),
    Column("position", Integer, nullable=False, server_default=ZERO),
    PrimaryKeyConstraint("product_id", "name", "value"),
    ForeignKeyConstraint(
        ["product_id", "name"],
        ["product_options.product_id", "product_options.name"],
        ondelete="CASCADE",
        onupdate="CASCADE",
    ),
    CheckConstraint("value <> ''", name="value"),
)

variant_options = Table(
    "product_variant_options",
    METADATA,
    Column("variant_id", Uuid, nullable=False),
    Column("product_id", Uuid, nullable=False),
    Column("name", String(100), nullable=False),
    Column("value", String(100), nullable=False),
    PrimaryKeyConstraint("variant_id", "name"),
    ForeignKeyConstraint(
        ["variant_id", "product_id"], ["product_variants.id", "product_variants.product_id"], ondelete="CASCADE"
    ),
    # a variant can only have values that its product offers, and an offered value in use cannot be removed
    ForeignKeyConstraint(
        ["product_id", "name", "value"],
        ["product_option_values.product_id", "product_option_values.name", "product_option_values.value"],
        onupdate="CASCADE",
        deferrable=True,  # deleting a product removes both sides, in no promised order
        initially="DEFERRED",
    ),
    Index("ix_product_variant_options_value", "name", "value", "product_id", "variant_id"),
    Index("ix_product_variant_options_product_id", "product_id", "name", "value"),
)

media = Table(
    "product_media",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("product_id", Uuid, ForeignKey("products.id", ondelete="CASCADE"), nullable=False),
    Column("location", String(2048), nullable=False),
    Column("alt", String(500), nullable=False),
    Column("position", Integer, nullable=False, server_default=ZERO),
    Column("width", Integer),
    Column("height", Integer),
    created_at(),
    CheckConstraint("location ~ '^(https?://|/[^/])'", name="location"),
    CheckConstraint("width > 0 AND height > 0", name="size"),
    Index("ix_product_media_product_id", "product_id", "position", "id"),
)

adjustments = Table(
    "inventory_adjustments",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("variant_id", Uuid, ForeignKey("product_variants.id", ondelete="CASCADE"), nullable=False),
    Column("on_hand_delta", Integer, nullable=False),
    Column("reserved_delta", Integer, nullable=False),
    Column("reason", String(16), nullable=False),
    Column("note", String(500)),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="SET NULL")),
    created_at(),
    Column("order_id", Uuid, ForeignKey("orders.id")),
    CheckConstraint("on_hand_delta <> 0 OR reserved_delta <> 0", name="delta"),
    CheckConstraint(
        "reason IN ('received', 'correction', 'damaged', 'reserved', 'released', 'shipped', 'returned')", name="reason"
    ),
    Index("ix_inventory_adjustments_variant_id", "variant_id", "created_at", "id"),
    Index("ix_inventory_adjustments_user_id", "user_id"),
    Index("ix_inventory_adjustments_order_id", "order_id", postgresql_where=text("order_id IS NOT NULL")),
)

# what a product was counted for by each order that counts; part of its `units_sold`
sales = Table(
    "product_sales",
    METADATA,
    Column("order_id", Uuid, ForeignKey("orders.id"), nullable=False),
    Column("product_id", Uuid, ForeignKey("products.id", ondelete="CASCADE"), nullable=False),
    Column("units", BigInteger, nullable=False),
    PrimaryKeyConstraint("order_id", "product_id"),
    CheckConstraint("units >= 1", name="units"),
    Index("ix_product_sales_product_id", "product_id"),
)
