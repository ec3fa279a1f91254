"""What happens to orders: one event for each thing, numbered without a gap within its order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NewType
from uuid import UUID

from domain.orders.order import OrderId, OrderStatus

OrderEventId = NewType("OrderEventId", UUID)


class OrderEventType(Enum):
    ORDER_PLACED = "order_placed"
    ORDER_CONFIRMED = "order_confirmed"
    ORDER_COMPLETED = "order_completed"
    ORDER_CANCELED = "order_canceled"
    ORDER_EXPIRED = "order_expired"
    NOTE_ADDED = "note_added"


MESSAGES: Mapping[OrderEventType, str] = {
    OrderEventType.ORDER_PLACED: "The order was placed.",
    OrderEventType.ORDER_CONFIRMED: "The order was confirmed.",
    OrderEventType.ORDER_COMPLETED: "The order is complete.",
    OrderEventType.ORDER_CANCELED: "The order was canceled.",
    OrderEventType.ORDER_EXPIRED: "The order was not paid in time.",
    OrderEventType.NOTE_ADDED: "A note was added.",
}


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """`status` is the order's after it, `previous_status` before it."""

    id: OrderEventId
    order_id: OrderId
    sequence: int
    type: OrderEventType
    occurred_at: datetime
    message: str
    previous_status: OrderStatus | None
    status: OrderStatus
