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
    refunded: Counter[tuple[OrderId, int]] = field(default_factory=Counter[tuple[OrderId, int]])
    """Units that were paid back, by order and variant; of these, those that had not left are canceled."""
    canceled: Counter[tuple[OrderId, int]] = field(default_factory=Counter[tuple[OrderId, int]])
    returned: Counter[OrderId] = field(default_factory=Counter[OrderId])
    """Units that are on the shelf again."""

    def ended(self, order: OrderId) -> None:
        """Everything that was reserved for it is free, and nothing of it is packed any more."""
        wanted = self.pending.pop(order, None) or self.confirmed.pop(order)
        for which, units in wanted.items():
            self.reserved[which] -= units - self.canceled[order, which]
        for shipment in self.of(order):
            shipment.status = FulfillmentStatus.CANCELED

    def of(self, order: OrderId) -> list[Shipment]:
        return [shipment for shipment in self.shipments.values() if shipment.order == order]

    def has_left(self, order: OrderId) -> bool:
        return any(shipment.status not in WAITING for shipment in self.of(order))

    def free(self, order: OrderId) -> Counter[int]:
        left = Counter({which: units - self.canceled[order, which] for which, units in self.confirmed[order].items()})
        for shipment in self.of(order):
            if shipment.status is not FulfillmentStatus.CANCELED:
                left.subtract(shipment.units)
        return left

    def paid_back(self, order: OrderId, which: int, units: int, *, restock: bool) -> bool:
        """Whether so many may be, and what comes of it. Those that have not left go first, unless they are packed."""
        free = self.free(order)[which]
        kept = self.refunded[order, which] - self.canceled[order, which]
        sent = sum(one.units.get(which, 0) for one in self.of(order) if one.status not in WAITING) - kept
        if not 1 <= units <= free + sent:
            return False
        not_sent = min(units, free)
        self.refunded[order, which] += units
        self.canceled[order, which] += not_sent
        self.reserved[which] -= not_sent
        if restock:
            self.on_hand[which] += units - not_sent
            self.returned[order] += units - not_sent
        self._complete(order)
        return True

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
        wanted = self.confirmed.get(order, {})
        due = +Counter({which: units - self.canceled[order, which] for which, units in wanted.items()})
        if due and arrived == due and not self.returned[order]:
            self.confirmed.pop(order, None)
