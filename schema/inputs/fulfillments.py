"""What administrators send about shipments, and about what happened to orders."""

from datetime import datetime

import strawberry
from strawberry import UNSET

from domain.orders.fulfillment import FulfillmentStatus
from schema.inputs.idempotency import idempotency_key
from schema.scalars import ID, URL


@strawberry.input(description="Units of one line of an order.")
class FulfillmentLineInput:
    order_line_id: ID = strawberry.field(description="The line.")
    quantity: int = strawberry.field(description="How many of its units, 1 at least.")


@strawberry.input(
    description="How a shipment is followed. What is left out stays as it is; null takes away what was there."
)
class TrackingInput:
    carrier: str | None = strawberry.field(default=UNSET, description="Who carries it, 100 characters at most.")
    number: str | None = strawberry.field(
        default=UNSET, description="The number that the carrier knows it by, 100 characters at most."
    )
    url: URL | None = strawberry.field(
        default=UNSET, description="Where to follow it: a page on the web, 2,000 characters at most."
    )


@strawberry.input(description="Units of an order that are packed together.")
class FulfillmentCreateInput:
    order_id: ID = strawberry.field(description="The order, which must be confirmed.")
    lines: list[FulfillmentLineInput] | None = strawberry.field(
        default=UNSET, description="What is packed, each line once; left out: everything that is still to be sent."
    )
    tracking: TrackingInput | None = strawberry.field(default=UNSET, description="How it is followed.")
    estimated_delivery_at: datetime | None = strawberry.field(default=UNSET, description="When it should arrive.")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="A shipment that moves on, or is described anew. What is left out stays as it is.")
class FulfillmentUpdateInput:
    id: ID = strawberry.field(description="The fulfillment.")
    status: FulfillmentStatus | None = strawberry.field(default=UNSET, description="Where it stands from now on.")
    tracking: TrackingInput | None = strawberry.field(
        default=UNSET, description="How it is followed; null: it cannot be followed any more."
    )
    location: str | None = strawberry.field(
        default=UNSET,
        description="Where it is, 200 characters at most; it is told with the new status. Without one, the shipment "
        "must be on its way: it was seen there.",
    )
    estimated_delivery_at: datetime | None = strawberry.field(
        default=UNSET, description="When it should arrive; null: nobody knows."
    )
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="A shipment that is called off before it leaves.")
class FulfillmentCancelInput:
    id: ID = strawberry.field(description="The fulfillment.")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="Something that an order's events shall tell.")
class OrderNoteAddInput:
    order_id: ID = strawberry.field(description="The order.")
    note: str = strawberry.field(description="What there is to say, 1 to 1,000 characters. The buyer sees it, too.")
    idempotency_key: str | None = idempotency_key()
