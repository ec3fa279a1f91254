"""Carts and their lines."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_25_carts"
down_revision: str | None = "2026_11_25_store_settings"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "carts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("currency_code", sa.String(length=3), nullable=False),
        sa.Column("email", sa.String(length=255)),
        sa.Column("phone", sa.String(length=40)),
        sa.Column("shipping_address", postgresql.JSONB()),
        sa.Column("billing_address", postgresql.JSONB()),
        sa.Column("shipping_rate_id", sa.Uuid()),
        sa.Column("codes", postgresql.ARRAY(sa.String(length=40)), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("order_id", sa.Uuid()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("version >= 0", name=op.f("ck_carts_version")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_carts_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carts")),
    )
    op.create_index("uq_carts_open", "carts", ["user_id"], unique=True, postgresql_where=sa.text("order_id IS NULL"))
    op.create_index("ix_carts_updated_at", "carts", ["updated_at"], postgresql_where=sa.text("order_id IS NULL"))
    op.execute(
        "CREATE TRIGGER touch_updated_at BEFORE UPDATE ON carts FOR EACH ROW EXECUTE FUNCTION touch_updated_at()"
    )
    op.create_table(
        "cart_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cart_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("seen_price", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity >= 1", name=op.f("ck_cart_lines_quantity")),
        sa.CheckConstraint("seen_price >= 0", name=op.f("ck_cart_lines_seen_price")),
        sa.ForeignKeyConstraint(["cart_id"], ["carts.id"], name=op.f("fk_cart_lines_cart_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["product_variants.id"], name=op.f("fk_cart_lines_variant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cart_lines")),
        sa.UniqueConstraint("cart_id", "variant_id", name=op.f("uq_cart_lines_cart_id_variant_id")),
    )
    op.create_index("ix_cart_lines_variant_id", "cart_lines", ["variant_id"])


def downgrade() -> None:
    op.drop_table("cart_lines")
    op.drop_table("carts")
