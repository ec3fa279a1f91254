"""What is done with orders after they were placed."""

from dataclasses import dataclass, replace
from typing import Protocol

from domain.orders.errors import InvalidTransition
from domain.orders.events import OrderEventType
from domain.orders.fulfillments import call_off
from domain.orders.order import (
    LONGEST_NOTE,
    TRANSITIONS,
    Order,
    OrderCancelReason,
    OrderFulfillmentStatus,
    OrderId,
    OrderStatus,
)
from domain.orders.progress import Progress
from domain.orders.work import BeginOrdersWork, OrdersWork
from domain.shared.clock import Clock
from domain.shared.errors import InvalidInput, NotFound, UserErrorCode
from domain.shared.events import Event
from domain.shared.text import one_line
from domain.shared.work import Once
from domain.users.access import OWNER
from domain.users.user import Actor

AT_ONCE = 50


def why_not_cancel(order: Order) -> str | None:
    """Why an order cannot be canceled any more, as a sentence; None when it can be."""
    if OrderStatus.CANCELED not in TRANSITIONS[order.status]:
        return f"The order is {order.status.value} already."
    if order.fulfillment_status is not OrderFulfillmentStatus.UNFULFILLED:
        return "Something of the order has been shipped already."
    return None


class Settlement(Protocol):
    """What the end of an order means for its money, which is known elsewhere."""

    async def call_off(self, work: OrdersWork, progress: Progress) -> None:
        """Nothing more is taken for it, and what was taken goes back."""
        ...


@dataclass(frozen=True, slots=True)
class Orders:
    begin: BeginOrdersWork
    settlement: Settlement
    clock: Clock

    async def cancel(
        self, actor: Actor, order_id: OrderId, reason: OrderCancelReason, note: str | None, once: Once | None = None
    ) -> Order:
        """Cancel an order while nothing of it has shipped; what is packed or reserved for it is free again.

        Raises:
            NotFound: it is not there, or somebody else's.
            InvalidTransition: it is too late.
        """
        async with self.begin(once) as work:
            order = await work.orders.lock(order_id)
            if order is None or not OWNER.allows(actor, order.owner):
                raise NotFound("id", "order")
            why = why_not_cancel(order)
            if why is not None:
                raise InvalidTransition(order.status.name, "CANCEL", why)
            progress = Progress(order, self.clock())
            await call_off(work, progress)
            progress.happened(OrderEventType.ORDER_CANCELED, note)
            progress.order = replace(progress.order, canceled_at=progress.at, cancel_reason=reason)
            stored = await self._ended(work, progress)
            work.happened(Event("order.canceled", order_id))
            await work.commit(stored)
        return stored

    async def add_note(self, order_id: OrderId, note: str, once: Once | None = None) -> Order:
        """Write something into the order's events, where its buyer sees it, too.

        Raises:
            NotFound: there is no such order.
            InvalidInput: the note is empty or too long.
        """
        words = one_line(note)
        if not words:
            raise InvalidInput("note", "must not be empty.", UserErrorCode.REQUIRED)
        if len(words) > LONGEST_NOTE:
            raise InvalidInput("note", f"must have at most {LONGEST_NOTE:,} characters.", UserErrorCode.TOO_LONG)
        async with self.begin(once) as work:
            order = await work.orders.lock(order_id)
            if order is None:
                raise NotFound("orderId", "order")
            progress = Progress(order, self.clock())
            progress.happened(OrderEventType.NOTE_ADDED, words)
            stored = await progress.store(work)
            await work.commit(stored)
        return stored

    async def expire(self) -> int:
        """End orders that were not paid in time. How many there were. Raises: Unavailable."""
        done = 0
        while done < AT_ONCE and await self._expire_one():
            done += 1
        return done

    async def _expire_one(self) -> bool:
        """In a transaction of its own: the variants of many orders would be locked in an order of their own."""
        at = self.clock()
        async with self.begin() as work:
            for order in await work.orders.overdue(at, 1):
                progress = Progress(order, at)
                progress.happened(OrderEventType.ORDER_EXPIRED)
                await self._ended(work, progress)
                work.happened(Event("order.expired", order.id))
                await work.commit()
                return True
        return False

    async def _ended(self, work: OrdersWork, progress: Progress) -> Order:
        """Nothing is reserved for it any more."""
        progress.order = replace(progress.order, expires_at=None)
        await self.settlement.call_off(work, progress)
        await work.orders.release(progress.order.id, progress.at)
        return await progress.store(work)
