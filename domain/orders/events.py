"""What happens to orders: one event for each thing, numbered without a gap within its order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NewType
from uuid import UUID

from domain.orders.order import OrderId, OrderStatus
from domain.shared.money import Money

OrderEventId = NewType("OrderEventId", UUID)


class OrderEventType(Enum):
    ORDER_PLACED = "order_placed"
    ORDER_CONFIRMED = "order_confirmed"
    ORDER_COMPLETED = "order_completed"
    ORDER_CANCELED = "order_canceled"
    ORDER_EXPIRED = "order_expired"
    PAYMENT_REQUIRES_ACTION = "payment_requires_action"
    PAYMENT_AUTHORIZED = "payment_authorized"
    PAYMENT_CAPTURED = "payment_captured"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_CANCELED = "payment_canceled"
    PAYMENT_DISPUTED = "payment_disputed"
    FULFILLMENT_CREATED = "fulfillment_created"
    SHIPMENT_IN_TRANSIT = "shipment_in_transit"
    SHIPMENT_OUT_FOR_DELIVERY = "shipment_out_for_delivery"
    SHIPMENT_DELIVERED = "shipment_delivered"
    SHIPMENT_FAILED = "shipment_failed"
    FULFILLMENT_CANCELED = "fulfillment_canceled"
    REFUND_CREATED = "refund_created"
    REFUND_SUCCEEDED = "refund_succeeded"
    REFUND_FAILED = "refund_failed"
    RETURN_RECEIVED = "return_received"
    NOTE_ADDED = "note_added"


MESSAGES: Mapping[OrderEventType, str] = {
    OrderEventType.ORDER_PLACED: "The order was placed.",
    OrderEventType.ORDER_CONFIRMED: "The order was confirmed.",
    OrderEventType.ORDER_COMPLETED: "The order is complete.",
    OrderEventType.ORDER_CANCELED: "The order was canceled.",
    OrderEventType.ORDER_EXPIRED: "The order was not paid in time.",
    OrderEventType.PAYMENT_REQUIRES_ACTION: "The buyer has to approve the payment.",
    OrderEventType.PAYMENT_AUTHORIZED: "The payment was authorized.",
    OrderEventType.PAYMENT_CAPTURED: "The payment was received.",
    OrderEventType.PAYMENT_FAILED: "The payment failed.",
    OrderEventType.PAYMENT_CANCELED: "The payment was canceled.",
    OrderEventType.PAYMENT_DISPUTED: "The payment was disputed.",
    OrderEventType.FULFILLMENT_CREATED: "A shipment is being prepared.",
    OrderEventType.SHIPMENT_IN_TRANSIT: "A shipment is on its way.",
    OrderEventType.SHIPMENT_OUT_FOR_DELIVERY: "A shipment is out for delivery.",
    OrderEventType.SHIPMENT_DELIVERED: "A shipment was delivered.",
    OrderEventType.SHIPMENT_FAILED: "A shipment could not be delivered.",
    OrderEventType.FULFILLMENT_CANCELED: "A shipment was called off.",
    OrderEventType.REFUND_CREATED: "A refund is on its way.",
    OrderEventType.REFUND_SUCCEEDED: "A refund was paid out.",
    OrderEventType.REFUND_FAILED: "A refund could not be paid out.",
    OrderEventType.RETURN_RECEIVED: "Goods came back.",
    OrderEventType.NOTE_ADDED: "A note was added.",
}


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """`status` is the order's after it, `previous_status` before it; the rest is there where it is about such a thing.

    What is about a payment is an `OrderPaymentEvent`, and so on: `kind_of` says which.
    """

    id: OrderEventId
    order_id: OrderId
    sequence: int
    type: OrderEventType
    occurred_at: datetime
    message: str
    previous_status: OrderStatus | None
    status: OrderStatus
    payment_id: UUID | None = None
    fulfillment_id: UUID | None = None
    refund_id: UUID | None = None
    amount: Money | None = None
    location: str | None = None


class OrderLifecycleEvent(OrderEvent):
    """The order moved on as a whole, or somebody had something to say about it."""

    __slots__ = ()


class OrderPaymentEvent(OrderEvent):
    """It has a `payment_id`."""

    __slots__ = ()
    payment_id: UUID


class OrderFulfillmentEvent(OrderEvent):
    """It has a `fulfillment_id`, and a `location` if one was told."""

    __slots__ = ()
    fulfillment_id: UUID


class OrderRefundEvent(OrderEvent):
    """It has a `refund_id`."""

    __slots__ = ()
    refund_id: UUID


def kind_of(event: OrderEvent) -> type[OrderEvent]:
    """Its class, by what it is about."""
    if event.refund_id is not None:
        return OrderRefundEvent
    if event.payment_id is not None:
        return OrderPaymentEvent
    return OrderLifecycleEvent if event.fulfillment_id is None else OrderFulfillmentEvent
