"""Shipments of orders, and notes about them."""

from collections.abc import Sequence
from datetime import datetime

from strawberry import UNSET

from domain.orders.fulfilling import Wish
from domain.orders.fulfillment import Fulfillment, FulfillmentId
from domain.orders.fulfillments import Packed, Packing, Update
from domain.orders.order import Order, OrderId, OrderLineId
from domain.orders.shipment import Details
from domain.shared.work import Once
from resolvers import global_ids
from resolvers.context import Info
from resolvers.paging import given
from resolvers.product_listing import NOWHERE, bounded
from schema.inputs import fulfillments as inputs


async def create(info: Info, input: inputs.FulfillmentCreateInput, once: Once | None) -> Packed:  # noqa: A002
    order = OrderId(global_ids.required("Order", input.order_id, "order", "orderId"))
    packing = Packing(order, _wishes(given(input.lines)), _details(input.tracking, input.estimated_delivery_at))
    return await info.context.services.fulfillments.create(packing, once)


async def update(info: Info, input: inputs.FulfillmentUpdateInput, once: Once | None) -> Fulfillment:  # noqa: A002
    details = _details(input.tracking, input.estimated_delivery_at)
    wanted = Update(_fulfillment(input.id), given(input.status), given(input.location), details)
    return await info.context.services.fulfillments.update(wanted, once)


async def cancel(info: Info, input: inputs.FulfillmentCancelInput, once: Once | None) -> Fulfillment:  # noqa: A002
    return await info.context.services.fulfillments.cancel(_fulfillment(input.id), once)


async def add_note(info: Info, input: inputs.OrderNoteAddInput, once: Once | None) -> Order:  # noqa: A002
    order = OrderId(global_ids.required("Order", input.order_id, "order", "orderId"))
    return await info.context.services.orders.add_note(order, input.note, once)


def _fulfillment(identity: str) -> FulfillmentId:
    return FulfillmentId(global_ids.required("Fulfillment", identity, "fulfillment"))


def _wishes(lines: Sequence[inputs.FulfillmentLineInput] | None) -> Sequence[Wish] | None:
    """An id that is no line's names nothing in the order, like that of somebody else's line."""
    if lines is None:
        return None
    return [
        (OrderLineId(global_ids.of_type("OrderLine", line.order_line_id) or NOWHERE), line.quantity)
        for line in bounded("lines", lines)
    ]


def _details(tracking: inputs.TrackingInput | None, estimated_delivery_at: datetime | None) -> Details:
    details = Details()
    if tracking is None:
        details = Details(carrier=None, number=None, url=None)
    elif tracking is not UNSET:
        if tracking.carrier is not UNSET:
            details["carrier"] = tracking.carrier
        if tracking.number is not UNSET:
            details["number"] = tracking.number
        if tracking.url is not UNSET:
            details["url"] = tracking.url
    if estimated_delivery_at is not UNSET:
        details["estimated_delivery_at"] = estimated_delivery_at
    return details
