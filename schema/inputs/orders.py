"""What clients send about orders."""

from datetime import datetime

import strawberry
from strawberry import UNSET

from domain.orders.listing import OrderSortField
from domain.orders.order import OrderCancelReason, OrderFulfillmentStatus, OrderPaymentStatus, OrderStatus
from domain.payments.payment import CaptureMethod
from schema.enums import SortDirection
from schema.inputs.idempotency import KEY, idempotency_key
from schema.scalars import ID


@strawberry.input(name="OrderFilter", description="All given conditions must hold.")
class OrderFilterInput:
    status: list[OrderStatus] | None = strawberry.field(default=UNSET, description="Any of these statuses.")
    payment_status: list[OrderPaymentStatus] | None = strawberry.field(
        default=UNSET, description="Any of these payment statuses."
    )
    fulfillment_status: list[OrderFulfillmentStatus] | None = strawberry.field(
        default=UNSET, description="Any of these fulfillment statuses."
    )
    placed_after: datetime | None = strawberry.field(default=UNSET, description="Placed after this instant.")
    placed_before: datetime | None = strawberry.field(default=UNSET, description="Placed before this instant.")
    user_id: ID | None = strawberry.field(default=UNSET, description="Placed by this user.")
    email: str | None = strawberry.field(default=UNSET, description="With this e-mail address.")
    number: str | None = strawberry.field(default=UNSET, description="With this number.")


@strawberry.input(name="OrderSort", description="The order of a list of orders.")
class OrderSortInput:
    field: OrderSortField = strawberry.field(description="What to order by.")
    direction: SortDirection | None = strawberry.field(default=SortDirection.DESC, description="Which end comes first.")


@strawberry.input(description="A cart that is placed.")
class OrderPlaceInput:
    cart_id: ID = strawberry.field(description="The cart.")
    quote_id: ID | None = strawberry.field(
        default=UNSET, description="The quote that the buyer saw; if anything changed, nothing is placed."
    )
    note: str | None = strawberry.field(
        default=UNSET, description="What the buyer has to say, 1,000 characters at most."
    )
    capture_method: CaptureMethod | None = strawberry.field(
        default=CaptureMethod.AUTOMATIC, description="When the money is taken."
    )
    saved_payment_method_id: ID | None = strawberry.field(
        default=UNSET, description="One of the buyer's own saved means of payment."
    )
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="An order whose access token is to be worth nothing any more.")
class OrderAccessTokenRevokeInput:
    order_id: ID = strawberry.field(description="The order.")
    access_token: str | None = strawberry.field(
        default=UNSET, description="For guests: the order's access token, in place of which they get another one."
    )
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="An order that is canceled.")
class OrderCancelInput:
    id: ID = strawberry.field(description="The order.")
    access_token: str | None = strawberry.field(default=UNSET, description="For guests: the order's access token.")
    reason: OrderCancelReason | None = strawberry.field(default=OrderCancelReason.CUSTOMER, description="Why.")
    note: str | None = strawberry.field(default=UNSET, description="What else there is to say, 100 characters at most.")
    idempotency_key: str | None = idempotency_key()
