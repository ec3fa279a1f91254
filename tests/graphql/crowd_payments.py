"""How the orders of `crowd_orders` were paid: each try was declined first, and what was canceled is paid back."""

from dataclasses import replace
from uuid import UUID

from domain.orders.events import OrderEventType
from domain.orders.order import Order, OrderLine, OrderPaymentStatus, OrderStatus
from domain.orders.progress import Progress
from domain.payments.payment import (
    CaptureMethod,
    Payment,
    PaymentFailure,
    PaymentId,
    PaymentMethodDetails,
    PaymentNextAction,
    PaymentProvider,
    PaymentStatus,
    SavedPaymentMethod,
    SavedPaymentMethodId,
)
from domain.payments.refund import Refund, RefundId, RefundLine, RefundReason, RefundStatus
from domain.payments.returns import Return
from domain.payments.work import PaymentsWork
from domain.shared.money import Money
from server.wiring import Shop
from tests.graphql import crowd

CARD = PaymentMethodDetails("card", "visa", "4242", 12, 2034)
DECLINED = PaymentFailure("card_declined", "insufficient_funds", "Your card has insufficient funds.")
APPROVAL = PaymentNextAction("redirect_to_url", "https://bank.example/approve")
AMOUNTS = 3
"""Refunds of two whole units of money each, beside one for each line."""


def payment_id(number: int, index: int) -> PaymentId:
    """Of the order with this number: 0 was declined, 1 is what came then."""
    return PaymentId(UUID(int=0x9A1D_0000_0000_0000 + number * 0x1_0000 + index))


def refund_id(number: int, index: int) -> RefundId:
    return RefundId(UUID(int=0x9A1D_BAC0_0000_0000 + number * 0x1_0000 + index))


def method_id(number: int) -> SavedPaymentMethodId:
    return SavedPaymentMethodId(UUID(int=0x9A1D_CA4D_0000_0000 + number))


async def gather(shop: Shop) -> None:
    """What the people of `crowd` keep to pay with."""
    async with shop.services.payments.begin() as work:
        for number in range(1, crowd.PEOPLE + 1):
            await work.saved_methods.add(
                SavedPaymentMethod(
                    method_id(number),
                    crowd.user_id(number),
                    PaymentProvider.SANDBOX,
                    f"pm_crowd_{number}",
                    CARD,
                    is_default=True,
                    created_at=crowd.LAUNCH,
                )
            )
        await work.commit()


async def pay(work: PaymentsWork, number: int, order: Order, lines: list[OrderLine], end: OrderStatus) -> Order:
    """An order that is pending, before it gets to its `end`. As it is then."""
    progress = Progress(order, order.placed_at)
    declined = _payment(number, 0, order, PaymentStatus.FAILED)
    await work.payments.add(replace(declined, failure=DECLINED, is_closed=True))
    progress.happened(OrderEventType.PAYMENT_FAILED, payment_id=declined.id, amount=declined.amount)
    if end is OrderStatus.PENDING:
        await work.payments.add(
            replace(_payment(number, 1, order, PaymentStatus.REQUIRES_ACTION), next_action=APPROVAL)
        )
    elif end is not OrderStatus.EXPIRED:
        captured = replace(_payment(number, 1, order, PaymentStatus.CAPTURED), amount_captured=order.cost.total)
        await work.payments.add(replace(captured, is_closed=True))
        progress.happened(OrderEventType.PAYMENT_CAPTURED, payment_id=captured.id, amount=captured.amount)
        progress.order = replace(
            progress.order, payment_status=OrderPaymentStatus.PAID, amount_captured=order.cost.total
        )
        if end is OrderStatus.CANCELED:
            await _pay_back(work, number, progress, captured, lines)
    return await progress.store(work)


async def _pay_back(
    work: PaymentsWork, number: int, progress: Progress, payment: Payment, lines: list[OrderLine]
) -> None:
    """All of it, for its lines and for the parcel."""
    some = Money.of_units(200, payment.amount.currency_code)
    amounts = [*(line.total for line in lines), *[some] * AMOUNTS]
    for index, amount in enumerate(amounts):
        refund = _refund(number, index, payment, amount)
        back = lines[index : index + 1]
        await work.payments.add_refund(refund, [RefundLine(refund.id, one.id, 1, restocked=True) for one in back])
        for one in back:
            await work.payments.take_back(Return(one, 1, 1, 0), progress.at)
        progress.happened(OrderEventType.REFUND_CREATED, refund_id=refund.id, amount=amount)
    await work.payments.save(replace(payment, amount_refunded=payment.amount, is_closed=True))
    progress.order = replace(progress.order, payment_status=OrderPaymentStatus.REFUNDED, amount_refunded=payment.amount)


def _payment(number: int, index: int, order: Order, status: PaymentStatus) -> Payment:
    nothing = Money.zero(order.cost.total.currency_code)
    return Payment(
        id=payment_id(number, index),
        order_id=order.id,
        user_id=order.user_id,
        provider=PaymentProvider.SANDBOX,
        status=status,
        amount=order.cost.total,
        amount_captured=nothing,
        amount_refunded=nothing,
        capture_method=CaptureMethod.AUTOMATIC,
        method=CARD,
        failure=None,
        next_action=None,
        reference=f"pi_crowd_{number}_{index}",
        saved_payment_method_id=None,
        is_disputed=False,
        is_closed=False,
        created_at=order.placed_at,
        updated_at=order.placed_at,
    )


def _refund(number: int, index: int, payment: Payment, amount: Money) -> Refund:
    return Refund(
        refund_id(number, index),
        payment.order_id,
        payment.id,
        amount,
        RefundStatus.SUCCEEDED,
        RefundReason.REQUESTED_BY_CUSTOMER,
        "Changed their mind." if index % 2 else None,
        f"re_crowd_{number}_{index}",
        payment.created_at,
        payment.created_at,
    )
