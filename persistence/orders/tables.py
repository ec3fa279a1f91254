"""Orders, their lines, events and fulfilments, and the uses of discount codes."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from domain.orders.fulfillment import FulfillmentStatus
from domain.orders.order import OrderFulfillmentStatus, OrderPaymentStatus, OrderStatus
from persistence.metadata import METADATA, one_of, timestamp, updated_at
from persistence.products.tables import AMOUNT

ZERO = text("0")


def _amount(name: str) -> Column[object]:
    return Column(name, AMOUNT, nullable=False)


def _paid(name: str) -> Column[object]:
    return Column(name, AMOUNT, nullable=False, server_default=ZERO)


orders = Table(
    "orders",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("number", String(14), nullable=False, unique=True),
    Column("cart_id", Uuid, nullable=False, unique=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="SET NULL")),
    Column("email", String(255), nullable=False),
    Column("status", String(16), nullable=False),
    Column("payment_status", String(32), nullable=False),
    Column("fulfillment_status", String(32), nullable=False),
    Column("currency_code", String(3), nullable=False),
    *(_amount(name) for name in ("subtotal", "discount", "shipping", "tax", "total")),
    Column("tax_lines", JSONB, nullable=False),
    Column("tax_included", Boolean, nullable=False),
    Column("discount_codes", ARRAY(String(40)), nullable=False),
    Column("shipping_address", JSONB, nullable=False),
    Column("billing_address", JSONB),
    Column("shipping_method", String(100), nullable=False),
    Column("note", String(1000)),
    Column("access_nonce", LargeBinary),
    Column("events", Integer, nullable=False),
    timestamp("placed_at"),
    *(timestamp(name, nullable=True) for name in ("expires_at", "confirmed_at", "completed_at", "canceled_at")),
    Column("cancel_reason", String(16)),
    *(_paid(name) for name in ("amount_captured", "amount_refunded")),
    updated_at(),
    one_of("status", OrderStatus),
    one_of("payment_status", OrderPaymentStatus),
    one_of("fulfillment_status", OrderFulfillmentStatus),
    CheckConstraint(
        "subtotal >= 0 AND discount >= 0 AND discount <= subtotal AND shipping >= 0 AND tax >= 0 "
        "AND total = subtotal - discount + shipping + CASE WHEN tax_included THEN 0 ELSE tax END",
        name="total",
    ),
    CheckConstraint("(status = 'canceled') = (canceled_at IS NOT NULL)", name="canceled"),
    CheckConstraint("events >= 1", name="events"),
    CheckConstraint("0 <= amount_refunded AND amount_refunded <= amount_captured", name="paid"),
    Index("ix_orders_user_id", "user_id", "placed_at", "id"),
    Index("ix_orders_placed_at", "placed_at", "id"),
    Index("ix_orders_updated_at", "updated_at", "id"),
    Index("ix_orders_total", "total", "id"),
    Index("ix_orders_email", "email"),
    Index("ix_orders_expires_at", "expires_at", postgresql_where=text("status = 'pending'")),
)

lines = Table(
    "order_lines",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("order_id", Uuid, ForeignKey("orders.id"), nullable=False),
    Column("variant_id", Uuid, ForeignKey("product_variants.id", ondelete="SET NULL")),
    Column("product_name", String(255), nullable=False),
    Column("variant_title", String(255), nullable=False),
    Column("sku", String(100)),
    Column("quantity", Integer, nullable=False),
    Column("quantity_reserved", Integer, nullable=False),
    Column("quantity_fulfilled", Integer, nullable=False, server_default=ZERO),
    Column("quantity_refunded", Integer, nullable=False, server_default=ZERO),
    Column("quantity_canceled", Integer, nullable=False, server_default=ZERO),
    Column("quantity_returned", Integer, nullable=False, server_default=ZERO),
    *(_amount(name) for name in ("unit_price", "discount", "tax", "total")),
    CheckConstraint(
        "quantity >= 1 AND quantity_reserved >= 0 AND quantity_fulfilled >= 0 AND quantity_refunded >= 0 "
        "AND quantity_reserved + quantity_fulfilled + quantity_canceled <= quantity AND quantity_refunded <= quantity",
        name="quantities",
    ),
    CheckConstraint(
        "0 <= quantity_canceled AND quantity_canceled <= quantity_refunded "
        "AND 0 <= quantity_returned AND quantity_returned <= quantity_fulfilled",
        name="undone",
    ),
    CheckConstraint("unit_price >= 0 AND discount >= 0 AND tax >= 0 AND total >= 0", name="amounts"),
    Index("ix_order_lines_order_id", "order_id", "id"),
    Index("ix_order_lines_variant_id", "variant_id"),
)

events = Table(
    "order_events",
    METADATA,
    Column("order_id", Uuid, ForeignKey("orders.id"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("id", Uuid, nullable=False, unique=True),
    Column("type", String(32), nullable=False),
    timestamp("occurred_at"),
    Column("message", String(1200), nullable=False),
    Column("previous_status", String(16)),
    Column("status", String(16), nullable=False),
    Column("payment_id", Uuid, ForeignKey("payments.id")),
    Column("fulfillment_id", Uuid, ForeignKey("fulfillments.id")),
    Column("refund_id", Uuid, ForeignKey("refunds.id")),
    Column("amount", AMOUNT),
    Column("location", String(200)),
    # among the events of all orders; see `SqlOrderedEvents`
    Column("position", BigInteger),
    PrimaryKeyConstraint("order_id", "sequence"),
    CheckConstraint("sequence >= 1", name="sequence"),
    Index("ix_order_events_position", "position", unique=True),
    Index("ix_order_events_waiting", "order_id", "sequence", postgresql_where=text("position IS NULL")),
)

fulfillments = Table(
    "fulfillments",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("order_id", Uuid, ForeignKey("orders.id"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("tracking_carrier", String(100)),
    Column("tracking_number", String(100)),
    Column("tracking_url", String(2000)),
    timestamp("estimated_delivery_at", nullable=True),
    timestamp("created_at"),
    timestamp("shipped_at", nullable=True),
    timestamp("delivered_at", nullable=True),
    one_of("status", FulfillmentStatus),
    CheckConstraint("(status IN ('pending', 'canceled')) = (shipped_at IS NULL)", name="shipped"),
    Index("ix_fulfillments_order_id", "order_id", "id"),
)

fulfillment_lines = Table(
    "fulfillment_lines",
    METADATA,
    Column("fulfillment_id", Uuid, ForeignKey("fulfillments.id"), nullable=False),
    Column("order_line_id", Uuid, ForeignKey("order_lines.id"), nullable=False),
    Column("quantity", Integer, nullable=False),
    PrimaryKeyConstraint("fulfillment_id", "order_line_id"),
    CheckConstraint("quantity >= 1", name="quantity"),
    Index("ix_fulfillment_lines_order_line_id", "order_line_id"),
)

redemptions = Table(
    "discount_redemptions",
    METADATA,
    Column("discount_code_id", Uuid, ForeignKey("discount_codes.id"), nullable=False),
    Column("order_id", Uuid, ForeignKey("orders.id"), nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="SET NULL")),
    Column("email", String(255), nullable=False),
    PrimaryKeyConstraint("discount_code_id", "order_id"),
    Index("ix_discount_redemptions_order_id", "order_id"),
    Index("ix_discount_redemptions_email", "discount_code_id", "email"),
    Index("ix_discount_redemptions_user_id", "user_id"),
)
