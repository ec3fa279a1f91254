"""Payments and refunds: how an order's money comes in, and goes back."""

from datetime import datetime
from uuid import UUID

import strawberry

from domain.orders import events
from domain.payments import actions, errors, payment, refund, refunds, saved_methods
from domain.payments.actions import OrderAction
from domain.payments.payment import CaptureMethod, PaymentProvider, PaymentStatus
from domain.payments.refund import RefundReason, RefundStatus
from resolvers import payments as resolvers
from schema.errors import UserError, user_errors
from schema.money import Money
from schema.nodes import Node
from schema.orders import Order, OrderEvent, OrderLine
from schema.rendering import (
    identity,
    loaded,
    mutation,
    pays_out,
    renders,
    resolved,
    result,
    result_id,
    shown,
)
from schema.scalars import ID, URL


@strawberry.type(description="What may be shown of a means of payment.")
@renders(payment.PaymentMethodDetails)
class PaymentMethodDetails:
    type: str = shown("The kind, such as `card`.")
    brand: str | None = shown("The card's brand, such as `visa`.")
    last4: str | None = shown("The last four digits of its number.")
    exp_month: int | None = shown("The month that it is valid until, from 1 to 12.")
    exp_year: int | None = shown("The year that it is valid until.")


@strawberry.type(description="Why a try to pay failed.")
@renders(payment.PaymentFailure)
class PaymentFailure:
    code: str = shown("Why, for programs, in the provider's words.")
    decline_code: str | None = shown("Why the buyer's bank said no, in the provider's words.")
    message: str = shown("Why, for people.")


@strawberry.type(description="What the buyer has to do before the payment goes on.")
@renders(payment.PaymentNextAction)
class PaymentNextAction:
    type: str = shown("The kind, such as `redirect_to_url`.")
    url: URL | None = shown("Where the buyer does it.")


@strawberry.type(description="A try to get an order's money, and how far it got.")
@renders(payment.Payment)
class Payment(Node):
    id: ID = identity()
    order: Order = loaded("any_order", key="order_id", description="The order.")
    provider: PaymentProvider = shown("Who moves the money.")
    status: PaymentStatus = shown("How far it got.")
    amount: Money = shown("What is to be paid.")
    amount_captured: Money = shown("What was received.")
    amount_refunded: Money = shown("What of it was paid back.")
    capture_method: CaptureMethod = shown("When the money is taken.")
    method: PaymentMethodDetails | None = shown("What it is paid with, once that is known.")
    failure: PaymentFailure | None = shown("Why it failed.")
    next_action: PaymentNextAction | None = shown("What the buyer has to do, with REQUIRES_ACTION.")
    client_secret: str | None = resolved(
        resolvers.client_secret,
        "What the provider's software in the buyer's browser or phone needs; null once nothing can come of it. It is "
        "fetched from the provider.",
        looks_at=(payment.Payment,),
    )
    provider_reference: str | None = shown("The provider's own id of it, once there is one.", "reference")
    created_at: datetime = shown("When it was begun.")
    updated_at: datetime = shown("When it was last changed.")


@strawberry.type(description="A means of payment that a user keeps for next time.")
@renders(payment.SavedPaymentMethod)
class SavedPaymentMethod(Node):
    id: ID = identity()
    details: PaymentMethodDetails = shown("What may be shown of it.")
    is_default: bool = shown("Whether it is the one that is used first.")
    created_at: datetime = shown("When it was saved.")


@strawberry.type(description="Units that were paid back.")
@renders(refund.RefundLine)
class RefundLine:
    order_line: OrderLine = loaded("any_order_line", key="order_line_id", description="The line of the order.")
    quantity: int = shown("How many units.")
    restocked: bool = shown("Whether they can be sold again.")


@strawberry.type(description="Money on its way back to the buyer.")
@renders(refund.Refund)
class Refund(Node):
    id: ID = identity()
    order: Order = loaded("any_order", key="order_id", description="The order.")
    payment: Payment = loaded("any_payment", key="payment_id", description="The payment that it goes back from.")
    amount: Money = shown("How much.")
    status: RefundStatus = shown("How far it got.")
    reason: RefundReason = shown("Why.")
    note: str | None = shown("What else there is to say.")
    lines: list[RefundLine] = loaded("refund_lines", key="id", description="The units that it is for.")
    created_at: datetime = shown("When it was begun.")
    updated_at: datetime = shown("When it was last changed.")


@strawberry.type(description="Something that can be done with an order, or why it cannot be.")
@renders(actions.AvailableAction)
class OrderAvailableAction:
    action: OrderAction = shown("What it is.")
    allowed: bool = shown("Whether the viewer can do it now.")
    reason: UserError | None = shown("Why they cannot.")


@strawberry.type(description="A payment of the order moved on.")
@renders(events.OrderPaymentEvent)
class OrderPaymentEvent(OrderEvent, Node):
    id: ID = identity()
    payment: Payment = loaded("any_payment", key="payment_id", description="The payment.")
    amount: Money | None = shown("What it is about.")


@strawberry.type(description="Money of the order moves back.")
@renders(events.OrderRefundEvent)
class OrderRefundEvent(OrderEvent, Node):
    id: ID = identity()
    refund: Refund = loaded("any_refund", key="refund_id", description="The refund.")


@strawberry.type(description="Returned when the buyer's bank or card says no. Nothing was charged.")
@renders(errors.PaymentDeclined)
class PaymentDeclinedError(UserError):
    decline_code: str | None = shown("Why, in the provider's words.")
    retryable: bool = shown("Whether the same means of payment may be accepted another time.")


@strawberry.type
class PaymentQueries:
    payment: Payment | None = resolved(resolvers.payment, "A payment by its id, for whoever has its order.")


@strawberry.type(description="The new payment.")
@pays_out(payment.Payment)
class PaymentCreatePayload:
    payment: Payment | None = result("The new payment.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The payment as it is now.")
@pays_out(payment.Payment)
class PaymentConfirmPayload:
    payment: Payment | None = result("The payment as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The payment as it is now.")
@pays_out(payment.Payment)
class PaymentCapturePayload:
    payment: Payment | None = result("The payment as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The payment as it is now.")
@pays_out(payment.Payment)
class PaymentCancelPayload:
    payment: Payment | None = result("The payment as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The new refund.")
@pays_out(refunds.BegunRefund)
class RefundCreatePayload:
    refund: Refund | None = result("The new refund; it is paid out behind the answer.", "refund")
    order: Order | None = result("The order as it is now.", "order")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The beginning of keeping a means of payment.")
@pays_out(saved_methods.BegunSetup)
class PaymentMethodSetupPayload:
    client_secret: str | None = result(
        "What the provider's software in the buyer's browser or phone goes on with.", "client_secret"
    )
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Which saved means of payment is forgotten.")
@pays_out(UUID)
class SavedPaymentMethodDeletePayload:
    deleted_payment_method_id: ID | None = result_id("SavedPaymentMethod", "The id that it had.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class PaymentMutations:
    payment_create: PaymentCreatePayload = mutation(
        resolvers.create, "Begin another payment for what is due. Earlier ones of the order are closed first."
    )
    payment_confirm: PaymentConfirmPayload = mutation(
        resolvers.confirm,
        "Try to get a payment's money, with a token of a means of payment. While it is not known what became of the "
        "try, the payment is PROCESSING.",
    )
    payment_capture: PaymentCapturePayload = mutation(
        resolvers.capture, "Take money that is authorized, or part of it; the rest is let go."
    )
    payment_cancel: PaymentCancelPayload = mutation(resolvers.cancel, "Let a payment go before its money is taken.")
    refund_create: RefundCreatePayload = mutation(
        resolvers.refund,
        "Pay money back: an amount, what units cost, or everything. Units that were not sent are for sale again; with "
        "`restock`, those that were are, too.",
    )
    payment_method_setup: PaymentMethodSetupPayload = mutation(
        resolvers.set_up, "Begin to keep a means of payment for next time."
    )
    saved_payment_method_delete: SavedPaymentMethodDeletePayload = mutation(
        resolvers.forget, "Forget a saved means of payment, here and at the provider."
    )
