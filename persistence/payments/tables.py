"""Payments and refunds, what users keep to pay with, and what the provider told us."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from domain.payments.notices import ProviderEventStatus
from domain.payments.payment import OPEN, CaptureMethod, PaymentProvider, PaymentStatus
from domain.payments.refund import RefundReason, RefundStatus
from persistence.metadata import METADATA, one_of, timestamp, updated_at
from persistence.products.tables import AMOUNT

ZERO = text("0")


def _provider() -> Column[object]:
    return Column("provider", String(16), nullable=False)


_IS_OPEN = text(f"status IN ({', '.join(sorted(repr(status.value) for status in OPEN))})")

payments = Table(
    "payments",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("order_id", Uuid, ForeignKey("orders.id"), nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="SET NULL")),
    _provider(),
    Column("status", String(32), nullable=False),
    Column("currency_code", String(3), nullable=False),
    Column("amount", AMOUNT, nullable=False),
    Column("amount_captured", AMOUNT, nullable=False, server_default=ZERO),
    Column("amount_refunded", AMOUNT, nullable=False, server_default=ZERO),
    Column("capture_method", String(16), nullable=False),
    Column("method", JSONB),
    Column("failure", JSONB),
    Column("next_action", JSONB),
    Column("reference", String(255)),
    Column("saved_payment_method_id", Uuid, ForeignKey("saved_payment_methods.id", ondelete="SET NULL")),
    Column("is_disputed", Boolean, nullable=False, server_default=false()),
    Column("is_closed", Boolean, nullable=False, server_default=false()),
    timestamp("created_at"),
    updated_at(),
    one_of("provider", PaymentProvider),
    one_of("status", PaymentStatus),
    one_of("capture_method", CaptureMethod),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("0 <= amount_captured AND amount_captured <= amount", name="captured"),
    CheckConstraint("0 <= amount_refunded AND amount_refunded <= amount_captured", name="refunded"),
    CheckConstraint("amount_captured = 0 OR status = 'captured'", name="status_of_money"),
    UniqueConstraint("provider", "reference"),
    Index("ix_payments_order_id", "order_id", "id"),
    Index("ix_payments_user_id", "user_id"),
    Index("uq_payments_open", "order_id", unique=True, postgresql_where=_IS_OPEN),
    Index("ix_payments_unsettled", "updated_at", "id", postgresql_where=text("NOT is_closed")),
)

refunds = Table(
    "refunds",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("order_id", Uuid, ForeignKey("orders.id"), nullable=False),
    Column("payment_id", Uuid, ForeignKey("payments.id"), nullable=False),
    Column("amount", AMOUNT, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("note", String(500)),
    Column("reference", String(255)),
    timestamp("created_at"),
    updated_at(),
    one_of("status", RefundStatus),
    one_of("reason", RefundReason),
    CheckConstraint("amount > 0", name="amount"),
    UniqueConstraint("payment_id", "reference"),
    Index("ix_refunds_order_id", "order_id", "id"),
    Index("ix_refunds_pending", "updated_at", "id", postgresql_where=text("status = 'pending'")),
)

refund_lines = Table(
    "refund_lines",
    METADATA,
    Column("refund_id", Uuid, ForeignKey("refunds.id"), nullable=False),
    Column("order_line_id", Uuid, ForeignKey("order_lines.id"), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("restocked", Boolean, nullable=False),
    PrimaryKeyConstraint("refund_id", "order_line_id"),
    CheckConstraint("quantity >= 1", name="quantity"),
    Index("ix_refund_lines_order_line_id", "order_line_id"),
)

customers = Table(
    "payment_customers",
    METADATA,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    _provider(),
    Column("reference", String(255), nullable=False),
    PrimaryKeyConstraint("user_id", "provider"),
    one_of("provider", PaymentProvider),
    UniqueConstraint("provider", "reference"),
)

saved_methods = Table(
    "saved_payment_methods",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    _provider(),
    Column("reference", String(255), nullable=False),
    Column("details", JSONB, nullable=False),
    Column("is_default", Boolean, nullable=False),
    timestamp("created_at"),
    one_of("provider", PaymentProvider),
    UniqueConstraint("provider", "reference"),
    Index("ix_saved_payment_methods_user_id", "user_id", "id"),
    Index("uq_saved_payment_methods_default", "user_id", unique=True, postgresql_where=text("is_default")),
)

provider_events = Table(
    "provider_events",
    METADATA,
    Column("id", Uuid, primary_key=True),
    _provider(),
    Column("external_id", String(255), nullable=False),
    Column("type", String(100), nullable=False),
    Column("subject", String(16), nullable=False),
    Column("reference", String(255)),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default=ZERO),
    Column("error", String(500)),
    Column("account", String(255)),
    Column("is_live", Boolean, nullable=False, server_default=false()),
    Column("payment_id", Uuid),  # as it claims: there need not be one
    Column("amount", AMOUNT),
    Column("currency_code", String(3)),
    Column("payload", JSONB, nullable=False),
    timestamp("received_at"),
    timestamp("processed_at", nullable=True),
    one_of("provider", PaymentProvider),
    one_of("status", ProviderEventStatus),
    CheckConstraint("attempts >= 0", name="attempts"),
    CheckConstraint("(amount IS NULL) = (currency_code IS NULL)", name="amount"),
    UniqueConstraint("provider", "external_id"),
    Index("ix_provider_events_received_at", "received_at", "id"),
    Index("ix_provider_events_status", "status", "received_at", "id"),
)
