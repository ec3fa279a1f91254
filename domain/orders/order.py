"""An order: a promise to send goods for money, and where both stand."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import NewType
from uuid import UUID

from domain.pricing.totals import Amounts
from domain.products.inventory import VariantId
from domain.shared.money import Money
from domain.users.address import Address
from domain.users.user import UserId

OrderId = NewType("OrderId", UUID)
OrderLineId = NewType("OrderLineId", UUID)

UNPAID = timedelta(minutes=30)
"""How long stock is kept for an order that is not paid."""
LONGEST_NOTE = 1_000
TRACKING_PAGE = "/track"
"""Where buyers follow an order, whose number comes behind it."""
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS, _GROUP = 3, 4


class OrderStatus(Enum):
    """Where an order stands as a whole."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    CANCELED = "canceled"
    EXPIRED = "expired"


class OrderPaymentStatus(Enum):
    """Where its money is."""

    PENDING = "pending"
    AUTHORIZED = "authorized"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"
    FAILED = "failed"


class OrderFulfillmentStatus(Enum):
    """Where its goods are."""

    UNFULFILLED = "unfulfilled"
    PARTIALLY_FULFILLED = "partially_fulfilled"
    FULFILLED = "fulfilled"
    PARTIALLY_DELIVERED = "partially_delivered"
    DELIVERED = "delivered"
    PARTIALLY_RETURNED = "partially_returned"
    RETURNED = "returned"


class OrderCancelReason(Enum):
    CUSTOMER = "customer"
    INVENTORY = "inventory"
    FRAUD = "fraud"
    PAYMENT = "payment"
    OTHER = "other"


TRANSITIONS: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.PENDING: frozenset({OrderStatus.CONFIRMED, OrderStatus.CANCELED, OrderStatus.EXPIRED}),
    OrderStatus.CONFIRMED: frozenset({OrderStatus.COMPLETED, OrderStatus.CANCELED}),
    OrderStatus.COMPLETED: frozenset(),
    OrderStatus.CANCELED: frozenset(),
    OrderStatus.EXPIRED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class ShippingMethodSnapshot:
    """How it is shipped, as it was when the order was placed."""

    name: str
    price: Money


@dataclass(frozen=True, slots=True)
class OrderLine:
    """What was bought, as it was when the order was placed: later edits of the catalogue never change an order.

    `quantity_fulfilled` have left the shelf, of which `quantity_returned` came back; `quantity_canceled` were paid back
    before they left, and never will; `quantity_refunded` are all that were paid back.
    """

    id: OrderLineId
    order_id: OrderId
    variant_id: VariantId | None
    product_name: str
    variant_title: str
    sku: str | None
    quantity: int
    quantity_fulfilled: int
    quantity_refunded: int
    quantity_canceled: int
    quantity_returned: int
    unit_price: Money
    discount: Money
    tax: Money
    total: Money


@dataclass(frozen=True, slots=True)
class Order:
    """Its three statuses move independently. `events` is the number of its newest event.

    The amounts are those of all its payments together.
    """

    id: OrderId
    number: str
    status: OrderStatus
    payment_status: OrderPaymentStatus
    fulfillment_status: OrderFulfillmentStatus
    email: str
    user_id: UserId | None
    cost: Amounts
    discount_codes: Sequence[str]
    shipping_address: Address
    billing_address: Address | None
    shipping_method: ShippingMethodSnapshot
    note: str | None
    events: int
    placed_at: datetime
    expires_at: datetime | None
    confirmed_at: datetime | None
    completed_at: datetime | None
    canceled_at: datetime | None
    cancel_reason: OrderCancelReason | None
    amount_captured: Money
    amount_refunded: Money
    updated_at: datetime

    @property
    def balance_due(self) -> Money:
        """What is still to be paid. Nothing is asked for an order that will not be sent."""
        owed = self.cost.total - self.amount_captured
        if self.status in {OrderStatus.CANCELED, OrderStatus.EXPIRED} or owed.units < 0:
            return Money.zero(owed.currency_code)
        return owed

    @property
    def owner(self) -> UUID:
        """A guest's order belongs to whoever has its access token."""
        return self.user_id or self.id


def new_number() -> str:
    """Twelve signs that are easily read aloud, such as 7KQ2-M0XD-94RT: 60 random bits, which reveal nothing."""
    groups = ("".join(secrets.choice(_SIGNS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)
