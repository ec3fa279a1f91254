"""Carts and their lines."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from persistence.metadata import METADATA, created_at, updated_at
from persistence.products.tables import AMOUNT

carts = Table(
    "carts",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE")),
    Column("version", Integer, nullable=False, server_default=text("0")),
    Column("currency_code", String(3), nullable=False),
    Column("email", String(255)),
    Column("phone", String(40)),
    Column("shipping_address", JSONB),
    Column("billing_address", JSONB),
    Column("shipping_rate_id", Uuid),
    Column("codes", ARRAY(String(40)), nullable=False, server_default=text("'{}'")),
    Column("order_id", Uuid),
    created_at(),
    updated_at(),
    CheckConstraint("version >= 0", name="version"),
    Index("uq_carts_open", "user_id", unique=True, postgresql_where=text("order_id IS NULL")),
    Index("ix_carts_updated_at", "updated_at", postgresql_where=text("order_id IS NULL")),
)

lines = Table(
    "cart_lines",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("cart_id", Uuid, ForeignKey("carts.id", ondelete="CASCADE"), nullable=False),
    Column("variant_id", Uuid, ForeignKey("product_variants.id", ondelete="CASCADE"), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("seen_price", AMOUNT, nullable=False),
    Column("position", Integer, nullable=False),
    CheckConstraint("quantity >= 1", name="quantity"),
    CheckConstraint("seen_price >= 0", name="seen_price"),
    UniqueConstraint("cart_id", "variant_id"),
    Index("ix_cart_lines_variant_id", "variant_id"),
)
