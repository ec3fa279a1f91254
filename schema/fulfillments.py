"""What is done with shipments of orders, and notes about them."""

import strawberry

from domain.orders import fulfillment, fulfillments, order
from resolvers import fulfillments as resolvers
from schema.errors import UserError, user_errors
from schema.orders import Fulfillment, Order
from schema.rendering import mutation, pays_out, result


@strawberry.type(description="The new fulfillment.")
@pays_out(fulfillments.Packed)
class FulfillmentCreatePayload:
    fulfillment: Fulfillment | None = result("The new fulfillment.", "fulfillment")
    order: Order | None = result("The order as it is now.", "order")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The fulfillment as it is now.")
@pays_out(fulfillment.Fulfillment)
class FulfillmentUpdatePayload:
    fulfillment: Fulfillment | None = result("The fulfillment as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The fulfillment as it is now.")
@pays_out(fulfillment.Fulfillment)
class FulfillmentCancelPayload:
    fulfillment: Fulfillment | None = result("The fulfillment as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The order as it is now.")
@pays_out(order.Order)
class OrderNoteAddPayload:
    order: Order | None = result("The order as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class FulfillmentMutations:
    fulfillment_create: FulfillmentCreatePayload = mutation(
        resolvers.create,
        "Pack units of a confirmed order. They stay reserved, and can be packed once only, until they are shipped.",
    )
    fulfillment_update: FulfillmentUpdatePayload = mutation(
        resolvers.update,
        "Move a shipment on, tell where it is, or change how it is followed. What goes IN_TRANSIT for the first time "
        "leaves the stock. What is RETURNED does not come back into it by that: a refund with restock does so, once "
        "somebody has looked at the goods.",
    )
    fulfillment_cancel: FulfillmentCancelPayload = mutation(
        resolvers.cancel, "Unpack what has not been shipped; its units can be packed again."
    )
    order_note_add: OrderNoteAddPayload = mutation(
        resolvers.add_note, "Write a note among an order's events, where its buyer sees it, too."
    )
