"""What a cart's cost is made from, besides prices: discount codes, shipping rates, tax rates."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Table,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from persistence.metadata import METADATA, timestamp
from persistence.products.tables import AMOUNT

discount_codes = Table(
    "discount_codes",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("code", String(40), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("value", AMOUNT, nullable=False),
    Column("minimum_subtotal", AMOUNT),
    Column("usage_limit", Integer),
    Column("usage_limit_per_user", Integer),
    Column("times_used", Integer, nullable=False, server_default=text("0")),
    timestamp("starts_at"),
    timestamp("ends_at", nullable=True),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    timestamp("created_at"),
    CheckConstraint("code ~ '^[A-Z0-9_-]{3,40}$'", name="code"),
    CheckConstraint(
        "kind = 'percentage' AND value > 0 AND value <= 100 OR kind = 'fixed_amount' AND value > 0 "
        "OR kind = 'free_shipping' AND value = 0",
        name="value",
    ),
    CheckConstraint("minimum_subtotal >= 0", name="minimum_subtotal"),
    CheckConstraint("times_used >= 0 AND usage_limit >= 1 AND usage_limit_per_user >= 1", name="usage"),
    CheckConstraint("ends_at > starts_at", name="window"),
    Index("ix_discount_codes_created_at", "created_at", "id"),
)

discount_code_categories = Table(
    "discount_code_categories",
    METADATA,
    Column("discount_code_id", Uuid, ForeignKey("discount_codes.id", ondelete="CASCADE"), nullable=False),
    # without its last category a code would be good for everything
    Column("category_id", Uuid, ForeignKey("categories.id", ondelete="RESTRICT"), nullable=False),
    PrimaryKeyConstraint("discount_code_id", "category_id"),
    Index("ix_discount_code_categories_category_id", "category_id"),
)

shipping_rates = Table(
    "shipping_rates",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("name", String(100), nullable=False),
    Column("description", String(500)),
    Column("countries", ARRAY(String(2)), nullable=False),
    Column("price", AMOUNT, nullable=False),
    Column("free_above", AMOUNT),
    Column("max_weight_grams", Integer),
    Column("min_days", Integer),
    Column("max_days", Integer),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    CheckConstraint("name <> '' AND cardinality(countries) > 0", name="present"),
    CheckConstraint("price >= 0 AND free_above >= 0", name="price"),
    CheckConstraint("max_weight_grams >= 1", name="max_weight_grams"),
    CheckConstraint("min_days >= 0 AND max_days >= 0 AND max_days >= min_days", name="days"),
)

tax_rates = Table(
    "tax_rates",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("title", String(100), nullable=False),
    Column("country_code", String(2), nullable=False),
    Column("region", String(100)),
    Column("rate", Numeric(7, 6), nullable=False),
    Column("included_in_price", Boolean, nullable=False, server_default=text("false")),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    CheckConstraint("title <> '' AND country_code ~ '^[A-Z]{2}$'", name="present"),
    CheckConstraint("rate >= 0 AND rate <= 1", name="rate"),
    Index("ix_tax_rates_country_code", "country_code"),
)
