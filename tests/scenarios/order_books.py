"""What a story about orders should come to: stock, reservations, and where each shipment is, told by simple sums."""

from collections import Counter
from dataclasses import dataclass, field

from domain.orders.fulfillment import TRANSITIONS, FulfillmentId, FulfillmentStatus
from domain.orders.order import OrderId

Units = dict[int, int]
"""By the number of a variant."""
WAITING = {FulfillmentStatus.PENDING, FulfillmentStatus.CANCELED}


@dataclass
class Shipment:
    order: OrderId
    units: Units
    status: FulfillmentStatus = FulfillmentStatus.PENDING


@dataclass
class Expected:
    """Orders that wait to be paid, that are being sent, and all shipments there ever were."""

    on_hand: Units = field(default_factory=Units)
    reserved: Units = field(default_factory=Units)
    pending: dict[OrderId, Units] = field(default_factory=dict[OrderId, Units])
    confirmed: dict[OrderId, Units] = field(default_factory=dict[OrderId, Units])
    shipments: dict[FulfillmentId, Shipment] = field(default_factory=dict[FulfillmentId, Shipment])

    def ended(self, order: OrderId) -> None:
        """Everything that was reserved for it is free, and nothing of it is packed any more."""
        wanted = self.pending.pop(order, None) or self.confirmed.pop(order)
        for which, units in wanted.items():
            self.reserved[which] -= units
        for shipment in self.of(order):
            shipment.status = FulfillmentStatus.CANCELED

    def of(self, order: OrderId) -> list[Shipment]:
        return [shipment for shipment in self.shipments.values() if shipment.order == order]

    def has_left(self, order: OrderId) -> bool:
        return any(shipment.status not in WAITING for shipment in self.of(order))

    def free(self, order: OrderId) -> Counter[int]:
        left = Counter(self.confirmed[order])
        for shipment in self.of(order):
            if shipment.status is not FulfillmentStatus.CANCELED:
                left.subtract(shipment.units)
        return left

    def moved(self, identity: FulfillmentId, status: FulfillmentStatus) -> bool:
        """Whether it may be, and what comes of it."""
        shipment = self.shipments[identity]
        if status not in TRANSITIONS[shipment.status]:
            return False
        if shipment.status is FulfillmentStatus.PENDING and status is FulfillmentStatus.IN_TRANSIT:
            for which, units in shipment.units.items():
                self.on_hand[which] -= units
                self.reserved[which] -= units
        shipment.status = status
        if status is FulfillmentStatus.DELIVERED:
            self._complete(shipment.order)
        return True

    def _complete(self, order: OrderId) -> None:
        arrived = Counter[int]()
        for shipment in self.of(order):
            if shipment.status is FulfillmentStatus.DELIVERED:
                arrived.update(shipment.units)
        if arrived == Counter(self.confirmed.get(order)):
            self.confirmed.pop(order, None)
