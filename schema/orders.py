"""Orders: what was bought, and what happened to it since."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from domain.carts import changes, errors
from domain.carts.changes import QuoteChangeReason
from domain.orders import access, events, fulfillment, order
from domain.orders import errors as order_errors
from domain.orders.events import OrderEventType
from domain.orders.fulfillment import FulfillmentStatus
from domain.orders.order import OrderCancelReason, OrderFulfillmentStatus, OrderPaymentStatus, OrderStatus
from domain.payments import payment, placing, refund
from resolvers import orders as resolvers
from resolvers import payments as payment_resolvers
from resolvers import tracking
from schema import event_paging
from schema.addresses import Address
from schema.carts import CartLine
from schema.costs import Cost
from schema.errors import UserError, user_errors
from schema.money import Money
from schema.nodes import Node
from schema.paging import Connection
from schema.products import ProductVariant
from schema.rendering import identity, loaded, mutation, pays_out, renders, resolved, result, shown, subscription
from schema.scalars import ID, URL, EventCursor
from schema.users import User

if TYPE_CHECKING:
    from schema.payments import OrderAvailableAction, Payment, Refund

LOOKED_AT = (order.Order, order.OrderLine, fulfillment.Fulfillment, payment.Payment, refund.Refund)
"""By the rules of what can be done with an order."""


@strawberry.type(description="What was bought, as it was then: later edits of the catalogue never change an order.")
@renders(order.OrderLine)
class OrderLine(Node):
    id: ID = identity()
    variant: ProductVariant | None = loaded(
        "any_variant", key="variant_id", description="The variant as it is now; null when it is gone."
    )
    product_name: str = shown("What the product was called.")
    variant_title: str = shown("What the variant was called.")
    sku: str | None = shown("Its stock keeping unit.")
    quantity: int = shown("How many units were bought.")
    quantity_fulfilled: int = shown("How many of them are on their way, or there.")
    quantity_refunded: int = shown("How many of them were refunded.")
    unit_price: Money = shown("What one unit cost.")
    discount: Money = shown("What discount codes took off.")
    tax: Money = shown("The taxes on them.")
    total: Money = shown("What is to be paid for them, with taxes.")


@strawberry.type(description="How it is shipped, as it was when the order was placed.")
@renders(order.ShippingMethodSnapshot)
class ShippingMethodSnapshot:
    name: str = shown("What it was called.")
    price: Money = shown("What it costs.")


@strawberry.type(description="What somebody bought.")
@renders(order.Order)
class Order(Node):
    id: ID = identity()
    number: str = shown("What people call it: unique, and not guessable.")
    status: OrderStatus = shown("Where it stands as a whole.")
    payment_status: OrderPaymentStatus = shown("Where its money is.")
    fulfillment_status: OrderFulfillmentStatus = shown("Where its goods are.")
    email: str = shown("Where letters about it go.")
    user: User | None = loaded("user", key="user_id", description="The buyer's account; null for guests.")
    lines: list[OrderLine] = loaded("order_lines", key="id", description="What was bought.")
    cost: Cost = shown("What is to be paid, as it was when it was placed.")
    discount_codes: list[str] = shown("The discount codes that held.")
    shipping_address: Address = shown("Where it goes.")
    billing_address: Address | None = shown("Whom it is invoiced to; null: the same.")
    shipping_method: ShippingMethodSnapshot = shown("How it is shipped.")
    payments: list[Annotated["Payment", strawberry.lazy("schema.payments")]] = loaded(
        "payments", key="id", description="The tries to pay it, the oldest first."
    )
    refunds: list[Annotated["Refund", strawberry.lazy("schema.payments")]] = loaded(
        "refunds", key="id", description="What was or is being paid back, the oldest first."
    )
    balance_due: Money = shown("What is still to be paid; nothing once the order has ended unfulfilled.")
    available_actions: list[Annotated["OrderAvailableAction", strawberry.lazy("schema.payments")]] = resolved(
        payment_resolvers.available_actions,
        "What the viewer can do with it now, and why not the rest.",
        looks_at=LOOKED_AT,
    )
    fulfillments: list["Fulfillment"] = loaded(
        "fulfillments", key="id", description="What of it was packed and sent, the oldest first."
    )
    events: "event_paging.Connection[OrderEvent]" = resolved(resolvers.events, "What happened to it, in order.")
    event_cursor: EventCursor = resolved(
        resolvers.event_cursor,
        "The position of this read in its events: what comes after it is what happens from now on.",
        looks_at=(order.Order,),
    )
    note: str | None = shown("What the buyer had to say.")
    placed_at: datetime = shown("When it was placed.")
    expires_at: datetime | None = shown("Until when it must be paid; null when it need not.")
    confirmed_at: datetime | None = shown("When it was confirmed.")
    completed_at: datetime | None = shown("When all was delivered and paid.")
    canceled_at: datetime | None = shown("When it was canceled.")
    cancel_reason: OrderCancelReason | None = shown("Why it was canceled.")
    updated_at: datetime = shown("When it was last changed.")


@strawberry.type(description="Units of one line of an order.")
@renders(fulfillment.FulfillmentLine)
class FulfillmentLine:
    order_line: OrderLine = loaded("any_order_line", key="order_line_id", description="The line.")
    quantity: int = shown("How many of its units.")


@strawberry.type(description="How a shipment is followed.")
@renders(fulfillment.Tracking)
class Tracking:
    carrier: str | None = shown("Who carries it.")
    number: str | None = shown("The number that the carrier knows it by.")
    url: URL | None = shown("Where to follow it.")


@strawberry.type(description="Units of an order that are packed and sent together.")
@renders(fulfillment.Fulfillment)
class Fulfillment(Node):
    id: ID = identity()
    order: Order = loaded("any_order", key="order_id", description="The order.")
    status: FulfillmentStatus = shown("Where it stands.")
    lines: list[FulfillmentLine] = shown("What is in it.")
    tracking: Tracking | None = shown("How it is followed; null when it cannot be.")
    estimated_delivery_at: datetime | None = shown("When it should arrive; null when nobody knows.")
    created_at: datetime = shown("When it was packed.")
    shipped_at: datetime | None = shown("When it first left; null when it has not.")
    delivered_at: datetime | None = shown("When it arrived; null when it has not.")


@strawberry.interface(description="Something that happened to an order.")
class OrderEvent:
    id: ID = identity()
    cursor: EventCursor = resolved(
        resolvers.cursor, "Its position in the order's events.", looks_at=(events.OrderEvent,)
    )
    sequence: int = shown("Its number within the order, from 1 on without a gap.")
    type: OrderEventType = shown("What happened.")
    occurred_at: datetime = shown("When it happened.")
    message: str = shown("What happened, for people.")
    order: Order = loaded("any_order", key="order_id", description="The order.")


@strawberry.type(description="The order moved on as a whole, or somebody wrote a note.")
@renders(events.OrderLifecycleEvent)
class OrderLifecycleEvent(OrderEvent, Node):
    id: ID = identity()
    previous_status: OrderStatus | None = shown("Where it stood before; null when it was just placed.")
    status: OrderStatus = shown("Where it stands since.")


@strawberry.type(description="Units of the order were packed, moved on, or came back.")
@renders(events.OrderFulfillmentEvent)
class OrderFulfillmentEvent(OrderEvent, Node):
    id: ID = identity()
    fulfillment: Fulfillment = loaded(
        "any_fulfillment", key="fulfillment_id", description="The shipment, as it is now."
    )
    location: str | None = shown("Where that was; null when nobody told.")


@strawberry.type(description="Returned when fewer units are left than are wanted.")
@renders(order_errors.InsufficientStock)
class InsufficientStockError(UserError):
    variant: ProductVariant = shown("The variant.")
    quantity_requested: int = shown("How many units are wanted.")
    quantity_available: int = shown("How many units are left.")


@strawberry.type(
    description="Returned when the order, or what of it is meant, does not stand where this could be done."
)
@renders(order_errors.InvalidTransition)
class InvalidTransitionError(UserError):
    from_: str = shown("Where it stands.", "current", name="from")
    action: str = shown("What was tried.")


@strawberry.type(description="How what would be charged differs from what was quoted.")
@renders(changes.QuoteChange)
class QuoteChange:
    line: CartLine | None = shown("The line that it is about; null when it is about the whole cart.")
    reason: QuoteChangeReason = shown("What changed.")
    quoted: Money | None = shown("What was quoted.")
    current: Money | None = shown("What it is now.")


@strawberry.type(description="Returned when the price is not what was quoted. Nothing was placed.")
@renders(errors.QuoteChanged)
class QuoteChangedError(UserError):
    quoted_total: Money = shown("What was quoted.")
    current_total: Money = shown("What would be charged now.")
    changes: list[QuoteChange] = shown("What changed.")


@strawberry.type
class OrderQueries:
    order: Order | None = resolved(
        resolvers.order, "An order by its id or number, for its owner; or by its access token, for who has that."
    )
    orders: Connection[Order] = resolved(resolvers.orders, "All orders, filtered and sorted.")


@strawberry.type(description="The new order.")
@pays_out(placing.Placed)
class OrderPlacePayload:
    order: Order | None = result("The new order.", "order")
    payment: Annotated["Payment", strawberry.lazy("schema.payments")] | None = result(
        "The payment that it is to be paid by; null where nothing is to be paid.", "payment"
    )
    access_token: str | None = result(
        "For guests: the key by which the order is found again. Null for who is signed in.", "access_token"
    )
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The order as it is now.")
@pays_out(order.Order)
class OrderCancelPayload:
    order: Order | None = result("The order as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The order, whose access token until now opens nothing any more.")
@pays_out(access.Revoked)
class OrderAccessTokenRevokePayload:
    order: Order | None = result("The order.", "order")
    access_token: str | None = result("The new token, for who sent the old one. Null for others.", "access_token")
    user_errors: list[UserError] = user_errors()


def _revoked(done: access.Revoked) -> UUID:
    return done.order.owner


def _placed(done: placing.Placed) -> UUID:
    return done.order.owner


@strawberry.type
class OrderMutations:
    order_place: OrderPlacePayload = mutation(
        resolvers.place,
        "Place a cart. The order is there and its stock reserved, for half an hour, before any money moves.",
        holds=_placed,
    )
    order_access_token_revoke: OrderAccessTokenRevokePayload = mutation(
        resolvers.revoke_access,
        "Make a guest's access token worth nothing, at once and everywhere, as when others saw it. Who sends the token "
        "gets a new one; staff does it without the token, and gets none.",
        holds=_revoked,
    )
    order_cancel: OrderCancelPayload = mutation(
        resolvers.cancel,
        "Cancel an order while nothing of it has shipped; what was packed or reserved for it is free again.",
    )


@strawberry.type
class OrderSubscriptions:
    order_events: OrderEvent = subscription(
        tracking.order_events,
        "What happens to an order: first what has happened since the cursor `after` (since it was placed, if left "
        "out), then each event as it comes. They come in order, none is missing, and none comes twice. For the "
        "order's owner, and for who has its access token; it ends when that is over.",
    )
    all_order_events: OrderEvent = subscription(
        tracking.all_order_events,
        "What happens to any order: first what has happened since the event with the cursor `after`, then each event "
        "as it comes; without it, from now on. They come in one order, the same for everybody; none is missing.",
    )
