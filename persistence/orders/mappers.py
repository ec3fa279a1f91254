"""From which columns orders, their lines, fulfilments and events are made."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import orjson
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from domain.orders.events import OrderEvent, OrderEventType, kind_of
from domain.orders.fulfillment import Fulfillment, FulfillmentId, FulfillmentLine, FulfillmentStatus, Tracking
from domain.orders.order import (
    Order,
    OrderCancelReason,
    OrderFulfillmentStatus,
    OrderLine,
    OrderLineId,
    OrderPaymentStatus,
    OrderStatus,
    ShippingMethodSnapshot,
)
from domain.pricing.taxes import TaxLine
from domain.pricing.totals import Amounts
from domain.shared.money import Money
from persistence.carts.repository import address_of
from persistence.mapping import Mapper, enum_of, made_by
from persistence.orders.tables import events, fulfillment_lines, fulfillments, lines, orders
from persistence.products.mappers import money


def _cost(
    subtotal: Decimal,
    discount: Decimal,
    shipping: Decimal,
    tax: Decimal,
    total: Decimal,
    tax_lines: str,
    tax_included: bool,  # noqa: FBT001  (values come by their columns' order)
    currency: str,
) -> Amounts:
    amounts = (Money.of(one, currency) for one in (subtotal, discount, shipping, tax, total))
    taxes = [
        TaxLine(title, Decimal(rate), Money.of(Decimal(amount), currency))
        for title, rate, amount in orjson.loads(tax_lines)
    ]
    return Amounts(*amounts, tax_lines=taxes, tax_included=tax_included)


def _amount(amount: Decimal | None, currency: str) -> Money | None:
    return None if amount is None else Money.of(amount, currency)


def _snapshot(name: str, price: Decimal, currency: str) -> ShippingMethodSnapshot:
    return ShippingMethodSnapshot(name, Money.of(price, currency))


def _tracking(carrier: str | None, number: str | None, url: str | None) -> Tracking | None:
    known = carrier is not None or number is not None or url is not None
    return Tracking(carrier, number, url) if known else None


def _packed(fulfillment: UUID, packed: str) -> Sequence[FulfillmentLine]:
    return [
        FulfillmentLine(FulfillmentId(fulfillment), OrderLineId(UUID(line)), quantity)
        for line, quantity in orjson.loads(packed)
    ]


_PACKED = (
    select(
        func.jsonb_agg(
            aggregate_order_by(
                func.jsonb_build_array(fulfillment_lines.c.order_line_id, fulfillment_lines.c.quantity),
                fulfillment_lines.c.order_line_id,
            )
        )
    )
    .where(fulfillment_lines.c.fulfillment_id == fulfillments.c.id)
    .correlate(fulfillments)
    .scalar_subquery()
)

ORDER = Mapper(
    Order,
    {
        "id": orders.c.id,
        "number": orders.c.number,
        "status": enum_of(OrderStatus, orders.c.status),
        "payment_status": enum_of(OrderPaymentStatus, orders.c.payment_status),
        "fulfillment_status": enum_of(OrderFulfillmentStatus, orders.c.fulfillment_status),
        "email": orders.c.email,
        "user_id": orders.c.user_id,
        "cost": made_by(
            _cost,
            *(orders.c.subtotal, orders.c.discount, orders.c.shipping, orders.c.tax, orders.c.total),
            *(orders.c.tax_lines, orders.c.tax_included, orders.c.currency_code),
        ),
        "discount_codes": orders.c.discount_codes,
        "shipping_address": made_by(address_of, orders.c.shipping_address),
        "billing_address": made_by(address_of, orders.c.billing_address),
        "shipping_method": made_by(_snapshot, orders.c.shipping_method, orders.c.shipping, orders.c.currency_code),
        "note": orders.c.note,
        "events": orders.c.events,
        "placed_at": orders.c.placed_at,
        "expires_at": orders.c.expires_at,
        "confirmed_at": orders.c.confirmed_at,
        "completed_at": orders.c.completed_at,
        "canceled_at": orders.c.canceled_at,
        "cancel_reason": enum_of(OrderCancelReason, orders.c.cancel_reason),
        "amount_captured": made_by(money, orders.c.amount_captured, orders.c.currency_code),
        "amount_refunded": made_by(money, orders.c.amount_refunded, orders.c.currency_code),
        "updated_at": orders.c.updated_at,
    },
    properties={"owner": ("id", "user_id"), "balance_due": ("status", "cost", "amount_captured")},
    always=("id", "number", "user_id"),
)
LINE = Mapper(
    OrderLine,
    {
        "id": lines.c.id,
        "order_id": lines.c.order_id,
        "variant_id": lines.c.variant_id,
        "product_name": lines.c.product_name,
        "variant_title": lines.c.variant_title,
        "sku": lines.c.sku,
        "quantity": lines.c.quantity,
        "quantity_fulfilled": lines.c.quantity_fulfilled,
        "quantity_refunded": lines.c.quantity_refunded,
        "quantity_canceled": lines.c.quantity_canceled,
        "quantity_returned": lines.c.quantity_returned,
        "unit_price": made_by(money, lines.c.unit_price, orders.c.currency_code),
        "discount": made_by(money, lines.c.discount, orders.c.currency_code),
        "tax": made_by(money, lines.c.tax, orders.c.currency_code),
        "total": made_by(money, lines.c.total, orders.c.currency_code),
    },
)
FULFILLMENT = Mapper(
    Fulfillment,
    {
        "id": fulfillments.c.id,
        "order_id": fulfillments.c.order_id,
        "status": enum_of(FulfillmentStatus, fulfillments.c.status),
        "tracking": made_by(
            _tracking,
            *(fulfillments.c.tracking_carrier, fulfillments.c.tracking_number, fulfillments.c.tracking_url),
        ),
        "estimated_delivery_at": fulfillments.c.estimated_delivery_at,
        "created_at": fulfillments.c.created_at,
        "shipped_at": fulfillments.c.shipped_at,
        "delivered_at": fulfillments.c.delivered_at,
        "lines": made_by(_packed, fulfillments.c.id, _PACKED),
    },
    always=("id", "order_id"),
)
EVENT = Mapper(
    OrderEvent,
    {
        "id": events.c.id,
        "order_id": events.c.order_id,
        "sequence": events.c.sequence,
        "type": enum_of(OrderEventType, events.c.type),
        "occurred_at": events.c.occurred_at,
        "message": events.c.message,
        "previous_status": enum_of(OrderStatus, events.c.previous_status),
        "status": enum_of(OrderStatus, events.c.status),
        "payment_id": events.c.payment_id,
        "fulfillment_id": events.c.fulfillment_id,
        "refund_id": events.c.refund_id,
        "amount": made_by(_amount, events.c.amount, orders.c.currency_code),
        "location": events.c.location,
    },
    always=("id", "payment_id", "fulfillment_id", "refund_id"),
    kind_of=kind_of,
)
