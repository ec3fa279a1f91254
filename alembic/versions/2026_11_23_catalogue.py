"""The catalogue: shop, categories, products, variants, options, media."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_23_catalogue"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    create_categories()
    create_shop()
    create_products()
    create_product_media()
    create_product_options()
    create_product_variants()
    create_product_option_values()
    create_product_variant_options()


def create_categories() -> None:
    op.create_table(
        "categories",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), sa.Computed("lower(name)", persisted=True), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_categories_name")),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name=op.f("ck_categories_slug")),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_categories_own_parent")),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["categories.id"], name=op.f("fk_categories_parent_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint("name", name=op.f("uq_categories_name")),
        sa.UniqueConstraint("slug", name=op.f("uq_categories_slug")),
    )
    op.create_index("ix_categories_name_key_id", "categories", ["name_key", "id"], unique=False)
    op.create_index("ix_categories_parent_id", "categories", ["parent_id", "name_key", "id"], unique=False)


def create_shop() -> None:
    op.create_table(
        "shop",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("currency_code", sa.String(length=3), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_shop_single")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_shop_name")),
        sa.CheckConstraint("currency_code ~ '^[A-Z]{3}$'", name=op.f("ck_shop_currency_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop")),
    )


def create_products() -> None:
    op.create_table("products", *product_columns(), *product_constraints())
    op.create_index("ix_products_category_id", "products", ["category_id"], unique=False)
    op.create_index("ix_products_created_at", "products", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_products_description_vector", "products", ["description_vector"], unique=False, postgresql_using="gin"
    )
    op.create_index("ix_products_name_key", "products", ["name_key", "id"], unique=False)
    op.create_index("ix_products_name_vector", "products", ["name_vector"], unique=False, postgresql_using="gin")
    op.create_index("ix_products_price_min", "products", ["price_min", "id"], unique=False)
    op.create_index("ix_products_published_key", "products", ["published_key", "id"], unique=False)
    op.create_index("ix_products_rating_average", "products", ["rating_average", "id"], unique=False)
    op.create_index("ix_products_status", "products", ["status"], unique=False)
    op.create_index("ix_products_units_sold", "products", ["units_sold", "id"], unique=False)
    op.create_index("ix_products_updated_at", "products", ["updated_at"], unique=False)


def product_columns() -> Sequence[sa.Column[Any]]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), sa.Computed("lower(name)", persisted=True), nullable=False),
        sa.Column("slug", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=16), server_default=sa.text("'draft'"), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("meta_title", sa.String(length=255), nullable=True),
        sa.Column("meta_description", sa.String(length=500), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "published_key",
            sa.DateTime(timezone=True),
            sa.Computed("COALESCE(published_at, '0001-01-02 00:00:00+00'::timestamptz)", persisted=True),
            nullable=False,
        ),
        sa.Column("price_min", sa.Numeric(precision=19, scale=4), server_default=sa.text("0"), nullable=False),
        sa.Column("price_max", sa.Numeric(precision=19, scale=4), server_default=sa.text("0"), nullable=False),
        sa.Column("compare_at_price_min", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("compare_at_price_max", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("units_sold", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rating_average", sa.Numeric(precision=3, scale=2), server_default=sa.text("0"), nullable=False),
        sa.Column("rating_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "name_vector",
            postgresql.TSVECTOR(),
            sa.Computed("to_tsvector('english'::regconfig, name)", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "description_vector",
            postgresql.TSVECTOR(),
            sa.Computed("to_tsvector('english'::regconfig, COALESCE(description, ''))", persisted=True),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )


def product_constraints() -> Sequence[sa.Constraint]:
    return (
        sa.CheckConstraint("name <> ''", name=op.f("ck_products_name")),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name=op.f("ck_products_slug")),
        sa.CheckConstraint(
            "status <> 'active' OR published_at IS NOT NULL", name=op.f("ck_products_active_is_published")
        ),
        sa.CheckConstraint("status IN ('draft', 'active', 'archived')", name=op.f("ck_products_status")),
        sa.CheckConstraint(
            "compare_at_price_max >= compare_at_price_min", name=op.f("ck_products_compare_at_price_range")
        ),
        sa.CheckConstraint("price_min >= 0 AND price_max >= price_min", name=op.f("ck_products_price_range")),
        sa.CheckConstraint("rating_average BETWEEN 0 AND 5 AND rating_count >= 0", name=op.f("ck_products_rating")),
        sa.CheckConstraint("units_sold >= 0", name=op.f("ck_products_units_sold")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_products_category_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("slug", name=op.f("uq_products_slug")),
    )


def create_product_media() -> None:
    op.create_table(
        "product_media",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("location", sa.String(length=2048), nullable=False),
        sa.Column("alt", sa.String(length=500), nullable=False),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("location ~ '^(https?://|/[^/])'", name=op.f("ck_product_media_location")),
        sa.CheckConstraint("width > 0 AND height > 0", name=op.f("ck_product_media_size")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_product_media_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_media")),
    )
    op.create_index("ix_product_media_product_id", "product_media", ["product_id", "position", "id"], unique=False)


def create_product_options() -> None:
    op.create_table(
        "product_options",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_product_options_name")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_product_options_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("product_id", "name", name=op.f("pk_product_options")),
    )


def create_product_variants() -> None:
    op.create_table(
        "product_variants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("sku", sa.String(length=100), nullable=True),
        sa.Column("barcode", sa.String(length=100), nullable=True),
        sa.Column("price", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("compare_at_price", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("cost_price", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("weight_grams", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("tracked", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("on_hand", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("reserved", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("low_stock_threshold", sa.Integer(), server_default=sa.text("10"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("sku <> ''", name=op.f("ck_product_variants_sku")),
        sa.CheckConstraint("title <> ''", name=op.f("ck_product_variants_title")),
        sa.CheckConstraint("compare_at_price >= price", name=op.f("ck_product_variants_compare_at_price")),
        sa.CheckConstraint("cost_price >= 0", name=op.f("ck_product_variants_cost_price")),
        sa.CheckConstraint("low_stock_threshold >= 0", name=op.f("ck_product_variants_low_stock_threshold")),
        sa.CheckConstraint("price >= 0", name=op.f("ck_product_variants_price")),
        sa.CheckConstraint("reserved >= 0 AND reserved <= on_hand", name=op.f("ck_product_variants_stock")),
        sa.CheckConstraint("weight_grams >= 0", name=op.f("ck_product_variants_weight_grams")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_product_variants_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_variants")),
        sa.UniqueConstraint("id", "product_id", name=op.f("uq_product_variants_id_product_id")),
        sa.UniqueConstraint("product_id", "title", name=op.f("uq_product_variants_product_id_title")),
        sa.UniqueConstraint("sku", name=op.f("uq_product_variants_sku")),
    )
    op.create_index(
        "ix_product_variants_on_sale",
        "product_variants",
        ["product_id"],
        unique=False,
        postgresql_where=sa.text("compare_at_price > price"),
    )
    op.create_index("ix_product_variants_price", "product_variants", ["price", "product_id"], unique=False)
    op.create_index(
        "ix_product_variants_product_id", "product_variants", ["product_id", "position", "id"], unique=False
    )


def create_product_option_values() -> None:
    op.create_table(
        "product_option_values",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("value", sa.String(length=100), nullable=False),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("value <> ''", name=op.f("ck_product_option_values_value")),
        sa.ForeignKeyConstraint(
            ["product_id", "name"],
            ["product_options.product_id", "product_options.name"],
            name=op.f("fk_product_option_values_product_id_name"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("product_id", "name", "value", name=op.f("pk_product_option_values")),
    )


def create_product_variant_options() -> None:
    op.create_table(
        "product_variant_options",
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("value", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id", "name", "value"],
            ["product_option_values.product_id", "product_option_values.name", "product_option_values.value"],
            name=op.f("fk_product_variant_options_product_id_name_value"),
            onupdate="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["variant_id", "product_id"],
            ["product_variants.id", "product_variants.product_id"],
            name=op.f("fk_product_variant_options_variant_id_product_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("variant_id", "name", name=op.f("pk_product_variant_options")),
    )
    op.create_index(
        "ix_product_variant_options_product_id",
        "product_variant_options",
        ["product_id", "name", "value"],
        unique=False,
    )
    op.create_index(
        "ix_product_variant_options_value",
        "product_variant_options",
        ["name", "value", "product_id", "variant_id"],
        unique=False,
    )


def downgrade() -> None:
    tables = (
        "product_variant_options",
        "product_option_values",
        "product_variants",
        "product_options",
        "product_media",
        "products",
        "shop",
        "categories",
    )
    for table in tables:
        op.drop_table(table)
