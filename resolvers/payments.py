"""Payments and refunds."""

import asyncio
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import Parent

from domain.orders.order import Order, OrderId, OrderLineId
from domain.payments.actions import AvailableAction, Situation, available
from domain.payments.payment import Payment, PaymentId, SavedPaymentMethodId
from domain.payments.refund import RefundReason
from domain.payments.refunds import BegunRefund, RefundWish, ReturnWish
from domain.payments.saved_methods import BegunSetup
from domain.shared.clock import now
from domain.shared.work import Once
from domain.users.user import UserId
from resolvers import global_ids
from resolvers.amounts import money
from resolvers.context import Info
from resolvers.orders import by_token, wish
from resolvers.paging import given
from resolvers.product_listing import bounded
from schema.inputs import payments as inputs
from schema.scalars import ID


async def payment(
    info: Info,
    id: Annotated[ID, strawberry.argument(description="The payment's id.")],  # noqa: A002
) -> Payment | None:
    wanted = global_ids.of_type("Payment", id)
    return None if wanted is None else await info.context.loaders.payment.load(PaymentId(wanted))


async def client_secret(payment: Parent[Payment], info: Info) -> str | None:
    return await info.context.services.payments.client_secret(payment)


async def available_actions(order: Parent[Order], info: Info) -> Sequence[AvailableAction]:
    loaders = info.context.loaders
    lines, fulfillments, payments, refunds = await asyncio.gather(
        loaders.order_lines.load(order.id),
        loaders.fulfillments.load(order.id),
        loaders.payments.load(order.id),
        loaders.refunds.load(order.id),
    )
    situation = Situation(order, lines, fulfillments, payments, refunds)
    return available(situation, now(), is_staff=info.context.actor.is_staff)


async def create(info: Info, input: inputs.PaymentCreateInput, once: Once | None) -> Payment:  # noqa: A002
    await _take_token(info, input.access_token)
    order = OrderId(global_ids.required("Order", input.order_id, "order", "orderId"))
    paid_by = wish(input.capture_method, input.saved_payment_method_id)
    return await info.context.services.payments.create(info.context.actor, order, paid_by, once)


async def confirm(info: Info, input: inputs.PaymentConfirmInput, once: Once | None) -> Payment:  # noqa: A002
    await _take_token(info, input.access_token)
    token = given(input.payment_method_token)
    return await info.context.services.payments.confirm(info.context.actor, _payment(input.payment_id), token, once)


async def capture(info: Info, input: inputs.PaymentCaptureInput, once: Once | None) -> Payment:  # noqa: A002
    amount = money(given(input.amount))
    return await info.context.services.payments.capture(info.context.actor, _payment(input.payment_id), amount, once)


async def cancel(info: Info, input: inputs.PaymentCancelInput, once: Once | None) -> Payment:  # noqa: A002
    return await info.context.services.payments.cancel(info.context.actor, _payment(input.payment_id), once)


async def refund(info: Info, input: inputs.RefundCreateInput, once: Once | None) -> BegunRefund:  # noqa: A002
    payment_id, lines = given(input.payment_id), given(input.lines)
    wanted = RefundWish(
        order_id=OrderId(global_ids.required("Order", input.order_id, "order", "orderId")),
        payment_id=None if payment_id is None else _payment(payment_id),
        amount=money(given(input.amount)),
        lines=None if lines is None else [_return(one, place) for place, one in enumerate(bounded("lines", lines))],
        reason=input.reason or RefundReason.OTHER,
        note=given(input.note),
    )
    return await info.context.services.refunds.create(wanted, once)


async def set_up(info: Info, input: inputs.PaymentMethodSetupInput, once: Once | None) -> BegunSetup:  # noqa: A002
    del input
    user = info.context.actor.user_id
    if user is None:
        raise RuntimeError("the access table lets nobody here who is not signed in")
    return await info.context.services.saved_methods.set_up(UserId(user), once)


async def forget(info: Info, input: inputs.SavedPaymentMethodDeleteInput) -> UUID:  # noqa: A002
    method = global_ids.required("SavedPaymentMethod", input.id, "saved payment method")
    return await info.context.services.saved_methods.delete(info.context.actor, SavedPaymentMethodId(method))


async def _take_token(info: Info, token: str | None) -> None:
    """Whoever sends an order's access token may pay for it."""
    sent = given(token)
    if sent is not None:
        await by_token(info, sent)


def _payment(identity: ID) -> PaymentId:
    return PaymentId(global_ids.required("Payment", identity, "payment", "paymentId"))


def _return(sent: inputs.RefundLineInput, place: int) -> ReturnWish:
    line = global_ids.required("OrderLine", sent.order_line_id, "line of this order", f"lines.{place}.orderLineId")
    return ReturnWish(OrderLineId(line), sent.quantity, sent.restock is not False)
