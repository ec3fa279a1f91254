"""Which orders a list shows, and in which order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

from domain.orders.order import OrderFulfillmentStatus, OrderPaymentStatus, OrderStatus
from domain.shared.paging import Key, Order, Window
from domain.users.user import UserId


class OrderSortField(Enum):
    """What orders can be ordered by."""

    PLACED_AT = "PLACED_AT"
    UPDATED_AT = "UPDATED_AT"
    TOTAL = "TOTAL"
    NUMBER = "NUMBER"


KEYS: Mapping[OrderSortField, type[Key]] = {
    OrderSortField.PLACED_AT: datetime,
    OrderSortField.UPDATED_AT: datetime,
    OrderSortField.TOTAL: Decimal,
    OrderSortField.NUMBER: str,
}
NEWEST_FIRST = Order(OrderSortField.PLACED_AT.value, datetime, descending=True)
IN_SEQUENCE = Order("SEQUENCE", int)
"""Events, as they happened."""


@dataclass(frozen=True, slots=True)
class OrderScope:
    """All given conditions hold."""

    status: tuple[OrderStatus, ...] | None = None
    payment_status: tuple[OrderPaymentStatus, ...] | None = None
    fulfillment_status: tuple[OrderFulfillmentStatus, ...] | None = None
    placed_after: datetime | None = None
    placed_before: datetime | None = None
    user_id: UserId | None = None
    email: str | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class OrderListing:
    scope: OrderScope
    window: Window


def order_by(field: OrderSortField, *, descending: bool) -> Order:
    return Order(field.value, KEYS[field], descending)
