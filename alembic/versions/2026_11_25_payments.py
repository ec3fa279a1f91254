"""Payments and refunds, fulfilments, and what orders, their lines and events say of them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_25_payments"
down_revision: str | None = "2026_11_25_orders"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ZERO = sa.text("0")
NOW = sa.text("now()")
PROVIDERS = ("stripe", "sandbox")
PAYMENT_STATUSES = (
    *("requires_payment_method", "requires_confirmation", "requires_action", "processing"),
    *("authorized", "captured", "failed", "canceled"),
)
OPEN = "'authorized', 'processing', 'requires_action', 'requires_confirmation', 'requires_payment_method'"
QUANTITIES = (
    "quantity >= 1 AND quantity_reserved >= 0 AND quantity_fulfilled >= 0 AND quantity_refunded >= 0 "
    "AND quantity_reserved + quantity_fulfilled{canceled} <= quantity AND quantity_refunded <= quantity"
)


def amount(name: str, *, zero: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Numeric(precision=19, scale=4), nullable=False, server_default=ZERO if zero else None)


def timestamp(name: str, *, nullable: bool = False, default: sa.TextClause | None = None) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def words(name: str, length: int, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def flag(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False)


def refers(table: str, column: str, target: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)


def one_of(table: str, column: str, values: Sequence[str]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}"))


def check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def upgrade() -> None:
    saved_methods()
    payments()
    refunds()
    fulfillments()
    provider_events()
    on_orders()
    for table in ("payments", "refunds"):
        op.execute(
            f"CREATE TRIGGER touch_updated_at BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION touch_updated_at()"
        )


def saved_methods() -> None:
    op.create_table(
        "payment_customers",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        words("provider", 16),
        words("reference", 255),
        one_of("payment_customers", "provider", PROVIDERS),
        refers("payment_customers", "user_id", "users", "CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "provider", name=op.f("pk_payment_customers")),
        sa.UniqueConstraint("provider", "reference", name=op.f("uq_payment_customers_provider_reference")),
    )
    op.create_table(
        "saved_payment_methods",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        words("provider", 16),
        words("reference", 255),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        timestamp("created_at"),
        one_of("saved_payment_methods", "provider", PROVIDERS),
        refers("saved_payment_methods", "user_id", "users", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_payment_methods")),
        sa.UniqueConstraint("provider", "reference", name=op.f("uq_saved_payment_methods_provider_reference")),
    )
    op.create_index("ix_saved_payment_methods_user_id", "saved_payment_methods", ["user_id", "id"])
    op.create_index(
        "uq_saved_payment_methods_default",
        "saved_payment_methods",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )


def payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        words("provider", 16),
        words("status", 32),
        words("currency_code", 3),
        amount("amount"),
        amount("amount_captured", zero=True),
        amount("amount_refunded", zero=True),
        words("capture_method", 16),
        *(sa.Column(name, postgresql.JSONB()) for name in ("method", "failure", "next_action")),
        words("reference", 255, nullable=True),
        sa.Column("saved_payment_method_id", sa.Uuid()),
        flag("is_disputed"),
        flag("is_closed"),
        timestamp("created_at"),
        timestamp("updated_at", default=NOW),
        one_of("payments", "provider", PROVIDERS),
        one_of("payments", "status", PAYMENT_STATUSES),
        one_of("payments", "capture_method", ("automatic", "manual")),
        check("payments", "amount", "amount > 0"),
        check("payments", "captured", "0 <= amount_captured AND amount_captured <= amount"),
        check("payments", "refunded", "0 <= amount_refunded AND amount_refunded <= amount_captured"),
        check("payments", "status_of_money", "amount_captured = 0 OR status = 'captured'"),
        refers("payments", "order_id", "orders"),
        refers("payments", "user_id", "users", "SET NULL"),
        refers("payments", "saved_payment_method_id", "saved_payment_methods", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("provider", "reference", name=op.f("uq_payments_provider_reference")),
    )
    op.create_index("ix_payments_order_id", "payments", ["order_id", "id"])
    op.create_index("ix_payments_user_id", "payments", ["user_id"])
    op.create_index(
        "uq_payments_open", "payments", ["order_id"], unique=True, postgresql_where=sa.text(f"status IN ({OPEN})")
    )
    op.create_index(
        "ix_payments_unsettled", "payments", ["updated_at", "id"], postgresql_where=sa.text("NOT is_closed")
    )


def refunds() -> None:
    op.create_table(
        "refunds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        amount("amount"),
        words("status", 16),
        words("reason", 32),
        words("note", 500, nullable=True),
        words("reference", 255, nullable=True),
        timestamp("created_at"),
        timestamp("updated_at", default=NOW),
        one_of("refunds", "status", ("pending", "succeeded", "failed", "canceled")),
        one_of("refunds", "reason", ("requested_by_customer", "duplicate", "fraudulent", "undeliverable", "other")),
        check("refunds", "amount", "amount > 0"),
        refers("refunds", "order_id", "orders"),
        refers("refunds", "payment_id", "payments"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("payment_id", "reference", name=op.f("uq_refunds_payment_id_reference")),
    )
    op.create_index("ix_refunds_order_id", "refunds", ["order_id", "id"])
    op.create_index(
        "ix_refunds_pending", "refunds", ["updated_at", "id"], postgresql_where=sa.text("status = 'pending'")
    )
    op.create_table(
        "refund_lines",
        sa.Column("refund_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("restocked", sa.Boolean(), nullable=False),
        check("refund_lines", "quantity", "quantity >= 1"),
        refers("refund_lines", "refund_id", "refunds"),
        refers("refund_lines", "order_line_id", "order_lines"),
        sa.PrimaryKeyConstraint("refund_id", "order_line_id", name=op.f("pk_refund_lines")),
    )
    op.create_index("ix_refund_lines_order_line_id", "refund_lines", ["order_line_id"])


def fulfillments() -> None:
    op.create_table(
        "fulfillments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        words("status", 16),
        words("tracking_carrier", 100, nullable=True),
        words("tracking_number", 100, nullable=True),
        words("tracking_url", 2000, nullable=True),
        timestamp("estimated_delivery_at", nullable=True),
        timestamp("created_at"),
        timestamp("shipped_at", nullable=True),
        timestamp("delivered_at", nullable=True),
        one_of(
            "fulfillments",
            "status",
            ("pending", "in_transit", "out_for_delivery", "delivered", "failed", "canceled", "returned"),
        ),
        check("fulfillments", "shipped", "(status IN ('pending', 'canceled')) = (shipped_at IS NULL)"),
        refers("fulfillments", "order_id", "orders"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfillments")),
    )
    op.create_index("ix_fulfillments_order_id", "fulfillments", ["order_id", "id"])
    op.create_table(
        "fulfillment_lines",
        sa.Column("fulfillment_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        check("fulfillment_lines", "quantity", "quantity >= 1"),
        refers("fulfillment_lines", "fulfillment_id", "fulfillments"),
        refers("fulfillment_lines", "order_line_id", "order_lines"),
        sa.PrimaryKeyConstraint("fulfillment_id", "order_line_id", name=op.f("pk_fulfillment_lines")),
    )
    op.create_index("ix_fulfillment_lines_order_line_id", "fulfillment_lines", ["order_line_id"])


def provider_events() -> None:
    op.create_table(
        "provider_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        words("provider", 16),
        words("external_id", 255),
        words("type", 100),
        words("subject", 16),
        words("reference", 255, nullable=True),
        words("status", 16),
        sa.Column("attempts", sa.Integer(), server_default=ZERO, nullable=False),
        words("error", 500, nullable=True),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        timestamp("received_at"),
        timestamp("processed_at", nullable=True),
        one_of("provider_events", "provider", PROVIDERS),
        one_of("provider_events", "status", ("received", "processed", "ignored", "failed")),
        check("provider_events", "attempts", "attempts >= 0"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_events")),
        sa.UniqueConstraint("provider", "external_id", name=op.f("uq_provider_events_provider_external_id")),
    )
    op.create_index("ix_provider_events_received_at", "provider_events", ["received_at", "id"])
    op.create_index("ix_provider_events_status", "provider_events", ["status", "received_at", "id"])


def on_orders() -> None:
    op.add_column("orders", amount("amount_captured", zero=True))
    op.add_column("orders", amount("amount_refunded", zero=True))
    op.create_check_constraint(
        op.f("ck_orders_paid"), "orders", "0 <= amount_refunded AND amount_refunded <= amount_captured"
    )
    for name in ("quantity_canceled", "quantity_returned"):
        op.add_column("order_lines", sa.Column(name, sa.Integer(), server_default=ZERO, nullable=False))
    op.drop_constraint(op.f("ck_order_lines_quantities"), "order_lines")
    op.create_check_constraint(
        op.f("ck_order_lines_quantities"), "order_lines", QUANTITIES.format(canceled=" + quantity_canceled")
    )
    op.create_check_constraint(
        op.f("ck_order_lines_undone"),
        "order_lines",
        "0 <= quantity_canceled AND quantity_canceled <= quantity_refunded "
        "AND 0 <= quantity_returned AND quantity_returned <= quantity_fulfilled",
    )
    for name, table in (("payment_id", "payments"), ("fulfillment_id", "fulfillments"), ("refund_id", "refunds")):
        op.add_column("order_events", sa.Column(name, sa.Uuid()))
        op.create_foreign_key(op.f(f"fk_order_events_{name}"), "order_events", table, [name], ["id"])
    op.add_column("order_events", sa.Column("amount", sa.Numeric(precision=19, scale=4)))
    op.add_column("order_events", words("location", 200, nullable=True))


def downgrade() -> None:
    for name in ("payment_id", "fulfillment_id", "refund_id", "amount", "location"):
        op.drop_column("order_events", name)
    op.drop_constraint(op.f("ck_order_lines_undone"), "order_lines")
    op.drop_constraint(op.f("ck_order_lines_quantities"), "order_lines")
    for name in ("quantity_canceled", "quantity_returned"):
        op.drop_column("order_lines", name)
    op.create_check_constraint(op.f("ck_order_lines_quantities"), "order_lines", QUANTITIES.format(canceled=""))
    op.drop_constraint(op.f("ck_orders_paid"), "orders")
    for name in ("amount_captured", "amount_refunded"):
        op.drop_column("orders", name)
    for table in ("provider_events", "fulfillment_lines", "fulfillments", "refund_lines", "refunds", "payments"):
        op.drop_table(table)
    for table in ("saved_payment_methods", "payment_customers"):
        op.drop_table(table)
