"""A refund: money on its way back, and the units that it is for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NewType
from uuid import UUID

from domain.orders.order import OrderId, OrderLineId
from domain.payments.payment import PaymentId
from domain.shared.money import Money

RefundId = NewType("RefundId", UUID)
LONGEST_NOTE = 500


class RefundStatus(Enum):
    """How far a refund got."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class RefundReason(Enum):
    REQUESTED_BY_CUSTOMER = "requested_by_customer"
    DUPLICATE = "duplicate"
    FRAUDULENT = "fraudulent"
    UNDELIVERABLE = "undeliverable"
    OTHER = "other"


TRANSITIONS: Mapping[RefundStatus, frozenset[RefundStatus]] = {
    RefundStatus.PENDING: frozenset({RefundStatus.SUCCEEDED, RefundStatus.FAILED, RefundStatus.CANCELED}),
    # banks send money back weeks later, when the account is closed
    RefundStatus.SUCCEEDED: frozenset({RefundStatus.FAILED}),
    RefundStatus.FAILED: frozenset(),
    RefundStatus.CANCELED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class RefundLine:
    """Units that are paid back; `restocked` tells whether they are on the shelf again."""

    refund_id: RefundId
    order_line_id: OrderLineId
    quantity: int
    restocked: bool


@dataclass(frozen=True, slots=True)
class Refund:
    """`reference` is the provider's id of it, once the provider knows it."""

    id: RefundId
    order_id: OrderId
    payment_id: PaymentId
    amount: Money
    status: RefundStatus
    reason: RefundReason
    note: str | None
    reference: str | None
    created_at: datetime
    updated_at: datetime
