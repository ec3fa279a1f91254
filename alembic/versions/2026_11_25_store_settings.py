"""Discount codes, shipping rates and tax rates."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_25_store_settings"
down_revision: str | None = "2026_11_25_stock_ledger"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

AMOUNT = sa.Numeric(precision=19, scale=4)
ACTIVE = sa.text("true")


def timestamp(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    discounts()
    shipping_and_taxes()


def discounts() -> None:
    op.create_table(
        "discount_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", AMOUNT, nullable=False),
        sa.Column("minimum_subtotal", AMOUNT),
        sa.Column("usage_limit", sa.Integer()),
        sa.Column("usage_limit_per_user", sa.Integer()),
        sa.Column("times_used", sa.Integer(), server_default=sa.text("0"), nullable=False),
        timestamp("starts_at"),
        timestamp("ends_at", nullable=True),
        sa.Column("active", sa.Boolean(), server_default=ACTIVE, nullable=False),
        timestamp("created_at"),
        sa.CheckConstraint("code ~ '^[A-Z0-9_-]{3,40}$'", name=op.f("ck_discount_codes_code")),
        sa.CheckConstraint(
            "kind = 'percentage' AND value > 0 AND value <= 100 OR kind = 'fixed_amount' AND value > 0 "
            "OR kind = 'free_shipping' AND value = 0",
            name=op.f("ck_discount_codes_value"),
        ),
        sa.CheckConstraint("minimum_subtotal >= 0", name=op.f("ck_discount_codes_minimum_subtotal")),
        sa.CheckConstraint(
            "times_used >= 0 AND usage_limit >= 1 AND usage_limit_per_user >= 1", name=op.f("ck_discount_codes_usage")
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_discount_codes_window")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discount_codes")),
        sa.UniqueConstraint("code", name=op.f("uq_discount_codes_code")),
    )
    op.create_index("ix_discount_codes_created_at", "discount_codes", ["created_at", "id"])
    op.create_table(
        "discount_code_categories",
        sa.Column("discount_code_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["discount_code_id"],
            ["discount_codes.id"],
            name=op.f("fk_discount_code_categories_discount_code_id"),
            ondelete="CASCADE",
        ),
        # without its last category a code would be good for everything
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["categories.id"],
            name=op.f("fk_discount_code_categories_category_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("discount_code_id", "category_id", name=op.f("pk_discount_code_categories")),
    )
    op.create_index("ix_discount_code_categories_category_id", "discount_code_categories", ["category_id"])


def shipping_and_taxes() -> None:
    op.create_table(
        "shipping_rates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.String(length=500)),
        sa.Column("countries", postgresql.ARRAY(sa.String(length=2)), nullable=False),
        sa.Column("price", AMOUNT, nullable=False),
        sa.Column("free_above", AMOUNT),
        sa.Column("max_weight_grams", sa.Integer()),
        sa.Column("min_days", sa.Integer()),
        sa.Column("max_days", sa.Integer()),
        sa.Column("active", sa.Boolean(), server_default=ACTIVE, nullable=False),
        sa.CheckConstraint("name <> '' AND cardinality(countries) > 0", name=op.f("ck_shipping_rates_present")),
        sa.CheckConstraint("price >= 0 AND free_above >= 0", name=op.f("ck_shipping_rates_price")),
        sa.CheckConstraint("max_weight_grams >= 1", name=op.f("ck_shipping_rates_max_weight_grams")),
        sa.CheckConstraint(
            "min_days >= 0 AND max_days >= 0 AND max_days >= min_days", name=op.f("ck_shipping_rates_days")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipping_rates")),
    )
    op.create_table(
        "tax_rates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("country_code", sa.String(length=2), nullable=False),
        sa.Column("region", sa.String(length=100)),
        sa.Column("rate", sa.Numeric(precision=7, scale=6), nullable=False),
        sa.Column("included_in_price", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=ACTIVE, nullable=False),
        sa.CheckConstraint("title <> '' AND country_code ~ '^[A-Z]{2}$'", name=op.f("ck_tax_rates_present")),
        sa.CheckConstraint("rate >= 0 AND rate <= 1", name=op.f("ck_tax_rates_rate")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rates")),
    )
    op.create_index("ix_tax_rates_country_code", "tax_rates", ["country_code"])


def downgrade() -> None:
    for table in ("tax_rates", "shipping_rates", "discount_code_categories", "discount_codes"):
        op.drop_table(table)
