"""A fulfilment: some of an order's units, packed together, and where they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NewType
from uuid import UUID

from domain.orders.order import OrderId, OrderLineId

FulfillmentId = NewType("FulfillmentId", UUID)


class FulfillmentStatus(Enum):
    """Where a shipment is."""

    PENDING = "pending"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELED = "canceled"
    RETURNED = "returned"


TRANSITIONS: Mapping[FulfillmentStatus, frozenset[FulfillmentStatus]] = {
    FulfillmentStatus.PENDING: frozenset({FulfillmentStatus.IN_TRANSIT, FulfillmentStatus.CANCELED}),
    # not every carrier tells when it is out for delivery
    FulfillmentStatus.IN_TRANSIT: frozenset(
        {FulfillmentStatus.OUT_FOR_DELIVERY, FulfillmentStatus.DELIVERED, FulfillmentStatus.FAILED}
    ),
    FulfillmentStatus.OUT_FOR_DELIVERY: frozenset({FulfillmentStatus.DELIVERED, FulfillmentStatus.FAILED}),
    FulfillmentStatus.DELIVERED: frozenset({FulfillmentStatus.RETURNED}),
    FulfillmentStatus.FAILED: frozenset({FulfillmentStatus.IN_TRANSIT, FulfillmentStatus.RETURNED}),
    FulfillmentStatus.CANCELED: frozenset(),
    FulfillmentStatus.RETURNED: frozenset(),
}


SHIPPED = frozenset(FulfillmentStatus) - {FulfillmentStatus.PENDING, FulfillmentStatus.CANCELED}
"""Its units have left the shelf."""
ON_ITS_WAY = frozenset({FulfillmentStatus.IN_TRANSIT, FulfillmentStatus.OUT_FOR_DELIVERY})


@dataclass(frozen=True, slots=True)
class Tracking:
    """At least one of these is known."""

    carrier: str | None
    number: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class FulfillmentLine:
    """Units of one line of the order."""

    fulfillment_id: FulfillmentId
    order_line_id: OrderLineId
    quantity: int


@dataclass(frozen=True, slots=True)
class Fulfillment:
    """Its units are set aside from PENDING on, and have left the shelf with `shipped_at`."""

    id: FulfillmentId
    order_id: OrderId
    status: FulfillmentStatus
    tracking: Tracking | None
    estimated_delivery_at: datetime | None
    created_at: datetime
    shipped_at: datetime | None
    delivered_at: datetime | None
    lines: Sequence[FulfillmentLine]
