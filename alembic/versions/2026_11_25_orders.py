"""Orders, their lines and events, and the uses of discount codes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_25_orders"
down_revision: str | None = "2026_11_25_carts"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

NOW = sa.text("now()")
ZERO = sa.text("0")
STATUSES = ("pending", "confirmed", "completed", "canceled", "expired")
PAYMENT_STATUSES = (
    *("pending", "authorized", "partially_paid", "paid", "partially_refunded", "refunded", "voided", "failed"),
)
FULFILLMENT_STATUSES = (
    *("unfulfilled", "partially_fulfilled", "fulfilled", "partially_delivered", "delivered"),
    *("partially_returned", "returned"),
)


def amount(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Numeric(precision=19, scale=4), nullable=False)


def timestamp(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def one_of(column: str, values: Sequence[str]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_orders_{column}"))


def upgrade() -> None:
    orders()
    lines()
    events()
    redemptions()
    op.add_column("inventory_adjustments", sa.Column("order_id", sa.Uuid()))
    op.create_foreign_key(
        op.f("fk_inventory_adjustments_order_id"), "inventory_adjustments", "orders", ["order_id"], ["id"]
    )
    op.create_index(
        "ix_inventory_adjustments_order_id",
        "inventory_adjustments",
        ["order_id"],
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )


def orders() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=14), nullable=False),
        sa.Column("cart_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("payment_status", sa.String(length=32), nullable=False),
        sa.Column("fulfillment_status", sa.String(length=32), nullable=False),
        sa.Column("currency_code", sa.String(length=3), nullable=False),
        *(amount(name) for name in ("subtotal", "discount", "shipping", "tax", "total")),
        sa.Column("tax_lines", postgresql.JSONB(), nullable=False),
        sa.Column("tax_included", sa.Boolean(), nullable=False),
        sa.Column("discount_codes", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("shipping_address", postgresql.JSONB(), nullable=False),
        sa.Column("billing_address", postgresql.JSONB()),
        sa.Column("shipping_method", sa.String(length=100), nullable=False),
        sa.Column("note", sa.String(length=1000)),
        sa.Column("access_nonce", sa.LargeBinary()),
        sa.Column("events", sa.Integer(), nullable=False),
        timestamp("placed_at", nullable=False),
        *(timestamp(name) for name in ("expires_at", "confirmed_at", "completed_at", "canceled_at")),
        sa.Column("cancel_reason", sa.String(length=16)),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        one_of("status", STATUSES),
        one_of("payment_status", PAYMENT_STATUSES),
        one_of("fulfillment_status", FULFILLMENT_STATUSES),
        sa.CheckConstraint(
            "subtotal >= 0 AND discount >= 0 AND discount <= subtotal AND shipping >= 0 AND tax >= 0 "
            "AND total = subtotal - discount + shipping + CASE WHEN tax_included THEN 0 ELSE tax END",
            name=op.f("ck_orders_total"),
        ),
        sa.CheckConstraint("(status = 'canceled') = (canceled_at IS NOT NULL)", name=op.f("ck_orders_canceled")),
        sa.CheckConstraint("events >= 1", name=op.f("ck_orders_events")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_orders_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("number", name=op.f("uq_orders_number")),
        sa.UniqueConstraint("cart_id", name=op.f("uq_orders_cart_id")),
    )
    op.create_index("ix_orders_user_id", "orders", ["user_id", "placed_at", "id"])
    op.create_index("ix_orders_placed_at", "orders", ["placed_at", "id"])
    op.create_index("ix_orders_updated_at", "orders", ["updated_at", "id"])
    op.create_index("ix_orders_total", "orders", ["total", "id"])
    op.create_index("ix_orders_email", "orders", ["email"])
    op.create_index("ix_orders_expires_at", "orders", ["expires_at"], postgresql_where=sa.text("status = 'pending'"))
    op.execute(
        "CREATE TRIGGER touch_updated_at BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch_updated_at()"
    )


def lines() -> None:
    op.create_table(
        "order_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid()),
        sa.Column("product_name", sa.String(length=255), nullable=False),
        sa.Column("variant_title", sa.String(length=255), nullable=False),
        sa.Column("sku", sa.String(length=100)),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("quantity_reserved", sa.Integer(), nullable=False),
        sa.Column("quantity_fulfilled", sa.Integer(), server_default=ZERO, nullable=False),
        sa.Column("quantity_refunded", sa.Integer(), server_default=ZERO, nullable=False),
        *(amount(name) for name in ("unit_price", "discount", "tax", "total")),
        sa.CheckConstraint(
            "quantity >= 1 AND quantity_reserved >= 0 AND quantity_fulfilled >= 0 AND quantity_refunded >= 0 "
            "AND quantity_reserved + quantity_fulfilled <= quantity AND quantity_refunded <= quantity",
            name=op.f("ck_order_lines_quantities"),
        ),
        sa.CheckConstraint(
            "unit_price >= 0 AND discount >= 0 AND tax >= 0 AND total >= 0", name=op.f("ck_order_lines_amounts")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_lines_order_id")),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["product_variants.id"], name=op.f("fk_order_lines_variant_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
    )
    op.create_index("ix_order_lines_order_id", "order_lines", ["order_id", "id"])
    op.create_index("ix_order_lines_variant_id", "order_lines", ["variant_id"])


def events() -> None:
    op.create_table(
        "order_events",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message", sa.String(length=1200), nullable=False),
        sa.Column("previous_status", sa.String(length=16)),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_order_events_sequence")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_events_order_id")),
        sa.PrimaryKeyConstraint("order_id", "sequence", name=op.f("pk_order_events")),
        sa.UniqueConstraint("id", name=op.f("uq_order_events_id")),
    )


def redemptions() -> None:
    op.create_table(
        "discount_redemptions",
        sa.Column("discount_code_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["discount_code_id"], ["discount_codes.id"], name=op.f("fk_discount_redemptions_discount_code_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_discount_redemptions_order_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_discount_redemptions_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("discount_code_id", "order_id", name=op.f("pk_discount_redemptions")),
    )
    op.create_index("ix_discount_redemptions_order_id", "discount_redemptions", ["order_id"])
    op.create_index("ix_discount_redemptions_email", "discount_redemptions", ["discount_code_id", "email"])
    op.create_index("ix_discount_redemptions_user_id", "discount_redemptions", ["user_id"])


def downgrade() -> None:
    op.drop_index("ix_inventory_adjustments_order_id", "inventory_adjustments")
    op.drop_column("inventory_adjustments", "order_id")
    for table in ("discount_redemptions", "order_events", "order_lines", "orders"):
        op.drop_table(table)
