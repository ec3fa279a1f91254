"""Packing and sending an order's goods. Changes of one order take turns: its row is locked first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from domain.orders.errors import InvalidTransition
from domain.orders.events import OrderEventType
from domain.orders.fulfilling import Wish, chosen, fulfillment_status
from domain.orders.fulfillment import (
    ON_ITS_WAY,
    TRANSITIONS,
    Fulfillment,
    FulfillmentId,
    FulfillmentLine,
    FulfillmentStatus,
)
from domain.orders.order import Order, OrderId, OrderLine, OrderPaymentStatus, OrderStatus
from domain.orders.progress import Progress
from domain.orders.shipment import Details, checked, described, location
from domain.orders.work import BeginOrdersWork, OrdersWork
from domain.shared.clock import Clock
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.events import Event
from domain.shared.ids import uuid7
from domain.shared.work import Once

TOLD: Mapping[FulfillmentStatus, OrderEventType] = {
    FulfillmentStatus.PENDING: OrderEventType.FULFILLMENT_CREATED,
    FulfillmentStatus.IN_TRANSIT: OrderEventType.SHIPMENT_IN_TRANSIT,
    FulfillmentStatus.OUT_FOR_DELIVERY: OrderEventType.SHIPMENT_OUT_FOR_DELIVERY,
    FulfillmentStatus.DELIVERED: OrderEventType.SHIPMENT_DELIVERED,
    FulfillmentStatus.FAILED: OrderEventType.SHIPMENT_FAILED,
    FulfillmentStatus.CANCELED: OrderEventType.FULFILLMENT_CANCELED,
    FulfillmentStatus.RETURNED: OrderEventType.RETURN_RECEIVED,
}
"""What has happened when a fulfilment gets there."""


@dataclass(frozen=True, slots=True)
class Packing:
    """What of an order is packed: all that is left, unless lines are named."""

    order_id: OrderId
    lines: Sequence[Wish] | None
    details: Details


@dataclass(frozen=True, slots=True)
class Packed:
    fulfillment: Fulfillment
    order: Order


@dataclass(frozen=True, slots=True)
class Update:
    """`status` is where it moves on to, None to stay; `location` is where that happened."""

    fulfillment_id: FulfillmentId
    status: FulfillmentStatus | None
    location: str | None
    details: Details


_UNPAID = frozenset({OrderPaymentStatus.PENDING, OrderPaymentStatus.FAILED, OrderPaymentStatus.VOIDED})


def why_not_fulfill(order: Order) -> str | None:
    """Why nothing of an order can be packed, as a sentence; None when what is left can be."""
    if order.status is OrderStatus.CONFIRMED:
        return "The order is not paid: what was authorized was let go." if order.payment_status in _UNPAID else None
    if order.status is OrderStatus.PENDING:
        return "The order is not confirmed yet."
    return f"The order is {order.status.value} already."


@dataclass(frozen=True, slots=True)
class Fulfillments:
    begin: BeginOrdersWork
    clock: Clock

    async def create(self, packing: Packing, once: Once | None = None) -> Packed:
        """Set units of a confirmed order aside. They stay reserved until they are shipped.

        Raises:
            NotFound: there is no such order.
            InvalidTransition: it is not confirmed, or has ended.
            Conflict: nothing of it is left to be sent.
            InvalidInput, SeveralErrors: its units are not free, or the tracking cannot be used.
        """
        details = checked(packing.details)
        async with self.begin(once) as work:
            order = await work.orders.lock(packing.order_id)
            if order is None:
                raise NotFound("orderId", "order")
            why = why_not_fulfill(order)
            if why is not None:
                raise InvalidTransition(order.status.name, "FULFILL", why)
            lines, known = await work.orders.lines_of(order.id), await work.orders.fulfillments_of(order.id)
            units = chosen(lines, known, packing.lines)
            identity, progress = FulfillmentId(uuid7()), Progress(order, self.clock())
            new = Fulfillment(
                id=identity,
                order_id=order.id,
                status=FulfillmentStatus.PENDING,
                tracking=None,
                estimated_delivery_at=None,
                created_at=progress.at,
                shipped_at=None,
                delivered_at=None,
                lines=[FulfillmentLine(identity, line, units[line]) for line in sorted(units)],
            )
            fulfillment = described(new, details)
            await work.fulfillments.add(fulfillment)
            progress.happened(TOLD[new.status], fulfillment_id=identity)
            work.happened(Event("fulfillment.created", order.id, _facts(fulfillment)))
            packed = Packed(fulfillment, await progress.store(work))
            await work.commit(packed)
        return packed

    async def update(self, update: Update, once: Once | None = None) -> Fulfillment:
        """Move a shipment on, tell where it is, or change how it is followed.

        Raises:
            NotFound: there is no such fulfilment.
            InvalidTransition: it cannot move there.
            InvalidInput, SeveralErrors: something in it cannot be used.
        """
        details, where = checked(update.details), location(update.location)
        async with self.begin(once) as work:
            progress, before = await self._locked(work, update.fulfillment_id)
            fulfillment = described(before, details)
            if update.status is not None:
                fulfillment = await _moved(work, progress, fulfillment, update.status, where)
            else:
                _seen(progress, fulfillment, where)
            await work.fulfillments.save(fulfillment)
            await progress.store(work)
            await work.commit(fulfillment)
        return fulfillment

    async def cancel(self, fulfillment_id: FulfillmentId, once: Once | None = None) -> Fulfillment:
        """Unpack what has not been shipped; its units can be packed again.

        Raises:
            NotFound: there is no such fulfilment.
            InvalidTransition: it has left, or is canceled already.
        """
        async with self.begin(once) as work:
            progress, before = await self._locked(work, fulfillment_id)
            fulfillment = await _moved(work, progress, before, FulfillmentStatus.CANCELED)
            await work.fulfillments.save(fulfillment)
            await progress.store(work)
            await work.commit(fulfillment)
        return fulfillment

    async def _locked(self, work: OrdersWork, fulfillment_id: FulfillmentId) -> tuple[Progress, Fulfillment]:
        order = await work.fulfillments.lock_order(fulfillment_id)
        if order is None:
            raise NotFound("id", "fulfillment")
        known = await work.orders.fulfillments_of(order.id)
        return Progress(order, self.clock()), next(one for one in known if one.id == fulfillment_id)


async def call_off(work: OrdersWork, progress: Progress) -> None:
    """Cancel what is packed of an order, and has not left."""
    for one in await work.orders.fulfillments_of(progress.order.id):
        if one.status is FulfillmentStatus.PENDING:
            await work.fulfillments.save(await _moved(work, progress, one, FulfillmentStatus.CANCELED))


async def _moved(
    work: OrdersWork, progress: Progress, before: Fulfillment, status: FulfillmentStatus, where: str | None = None
) -> Fulfillment:
    """Raises: InvalidTransition: it cannot move there."""
    if status not in TRANSITIONS[before.status]:
        raise InvalidTransition(before.status.name, status.name, _why_not(before.status, status))
    leaves, at = before.status is FulfillmentStatus.PENDING and status in ON_ITS_WAY, progress.at
    lines, known = await work.orders.lines_of(before.order_id), await work.orders.fulfillments_of(before.order_id)
    if leaves:
        _require_whole(before, lines)
        await work.fulfillments.ship(before, at)
    fulfillment = replace(
        before,
        status=status,
        shipped_at=at if leaves else before.shipped_at,
        delivered_at=at if status is FulfillmentStatus.DELIVERED else before.delivered_at,
    )
    progress.happened(TOLD[status], fulfillment_id=before.id, location=where)
    now = [fulfillment if one.id == before.id else one for one in known]
    progress.order = replace(progress.order, fulfillment_status=fulfillment_status(lines, now))
    progress.complete()
    _tell(work, fulfillment, leaves=leaves)
    return fulfillment


def _require_whole(packed: Fulfillment, lines: Iterable[OrderLine]) -> None:
    """Raises: InvalidTransition: some of its units were paid back since they were packed."""
    left = {line.id: line.quantity - line.quantity_fulfilled - line.quantity_canceled for line in lines}
    if any(one.quantity > left[one.order_line_id] for one in packed.lines):
        why = "Some of its units were paid back since: cancel the fulfillment and pack what is left."
        raise InvalidTransition(packed.status.name, FulfillmentStatus.IN_TRANSIT.name, why)


def _seen(progress: Progress, fulfillment: Fulfillment, where: str | None) -> None:
    """A shipment on its way was seen somewhere. Raises: InvalidInput: it is not on its way."""
    if where is None:
        return
    if fulfillment.status not in ON_ITS_WAY:
        raise InvalidInput("location", "goes with a new status, or with a shipment that is on its way.")
    progress.happened(TOLD[fulfillment.status], fulfillment_id=fulfillment.id, location=where)


def _why_not(current: FulfillmentStatus, wanted: FulfillmentStatus) -> str:
    words = current.value.replace("_", " ")
    if wanted is current:
        return f"The fulfillment is {words} already."
    return f"A fulfillment that is {words} cannot become {wanted.value.replace('_', ' ')}."


def _tell(work: OrdersWork, fulfillment: Fulfillment, *, leaves: bool) -> None:
    key, facts = fulfillment.order_id, _facts(fulfillment)
    if leaves:
        work.happened(Event("fulfillment.shipped", key, facts))
    elif fulfillment.status is FulfillmentStatus.DELIVERED:
        work.happened(Event("fulfillment.delivered", key, facts))
    elif fulfillment.status is FulfillmentStatus.FAILED:
        work.happened(Event("fulfillment.failed", key, facts))
    elif fulfillment.status is FulfillmentStatus.RETURNED:
        work.happened(Event("fulfillment.returned", key, facts))
    elif fulfillment.status is FulfillmentStatus.CANCELED:
        work.happened(Event("fulfillment.canceled", key, facts))


def _facts(fulfillment: Fulfillment) -> Mapping[str, str]:
    return {"fulfillment_id": str(fulfillment.id)}
