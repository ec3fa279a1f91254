"""How an order moves on: what happens to it is told in events, and stored together with where it stands then."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from domain.orders.errors import InvalidTransition
from domain.orders.events import MESSAGES, OrderEvent, OrderEventId, OrderEventType
from domain.orders.order import TRANSITIONS, Order, OrderFulfillmentStatus, OrderPaymentStatus, OrderStatus
from domain.orders.work import OrdersWork
from domain.shared.ids import uuid7
from domain.shared.money import Money

STATUS_AFTER: Mapping[OrderEventType, OrderStatus] = {
    OrderEventType.ORDER_CONFIRMED: OrderStatus.CONFIRMED,
    OrderEventType.ORDER_COMPLETED: OrderStatus.COMPLETED,
    OrderEventType.ORDER_CANCELED: OrderStatus.CANCELED,
    OrderEventType.ORDER_EXPIRED: OrderStatus.EXPIRED,
}
_PAID = frozenset({OrderPaymentStatus.PAID, OrderPaymentStatus.PARTIALLY_REFUNDED})


class Progress:
    """An order that its unit of work has locked, being moved on at the instant `at`."""

    def __init__(self, order: Order, at: datetime) -> None:
        self.order = order
        self.at = at
        self._before: Order = order
        self._events: list[OrderEvent] = []

    @classmethod
    def begun(cls, order: Order) -> "Progress":
        """A new order, whose row is there, and counts its first event."""
        progress = cls(replace(order, events=0), order.placed_at)
        progress.happened(OrderEventType.ORDER_PLACED)
        progress._before = progress.order
        return progress

    def happened(
        self,
        kind: OrderEventType,
        words: str | None = None,
        *,
        payment_id: UUID | None = None,
        fulfillment_id: UUID | None = None,
        refund_id: UUID | None = None,
        amount: Money | None = None,
        location: str | None = None,
    ) -> None:
        """One event more; the order's status moves with those that are about it as a whole.

        `words` are somebody's own, behind the shop's.

        Raises:
            InvalidTransition: the order cannot move there.
        """
        before = self.order.status
        after = STATUS_AFTER.get(kind, before)
        if after is not before and after not in TRANSITIONS[before]:
            raise InvalidTransition(before.name, after.name, f"The order is {before.value} already.")
        self.order = replace(self.order, status=after, events=self.order.events + 1)
        message = f"{MESSAGES[kind]} {words}".strip() if words else MESSAGES[kind]
        self._events.append(
            OrderEvent(
                OrderEventId(uuid7()),
                *(self.order.id, self.order.events, kind, self.at, message),
                *(None if kind is OrderEventType.ORDER_PLACED else before, after),
                payment_id=payment_id,
                fulfillment_id=fulfillment_id,
                refund_id=refund_id,
                amount=amount,
                location=location,
            )
        )

    def complete(self) -> None:
        """Complete the order, if everything was delivered and paid."""
        order = self.order
        delivered = order.fulfillment_status is OrderFulfillmentStatus.DELIVERED
        if order.status is OrderStatus.CONFIRMED and delivered and order.payment_status in _PAID:
            self.happened(OrderEventType.ORDER_COMPLETED)
            self.order = replace(self.order, completed_at=self.at)

    async def store(self, work: OrdersWork) -> Order:
        """The order as stored, with its events."""
        if self._events:
            await work.orders.append(*self._events)
        stored = self.order if self.order == self._before else await work.orders.save(self.order)
        self._events.clear()
        self.order = stored
        self._before = stored
        return stored
