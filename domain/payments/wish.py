"""How a buyer wants to pay, and the payment that is prepared for it."""

from dataclasses import dataclass
from datetime import datetime

from domain.orders.order import Order
from domain.payments.errors import UnknownSavedMethod
from domain.payments.payment import (
    CaptureMethod,
    Payment,
    PaymentId,
    PaymentProvider,
    PaymentStatus,
    SavedPaymentMethodId,
)
from domain.payments.work import PaymentsWork
from domain.shared.ids import uuid7
from domain.shared.money import Money


@dataclass(frozen=True, slots=True)
class Wish:
    capture_method: CaptureMethod = CaptureMethod.AUTOMATIC
    saved_payment_method_id: SavedPaymentMethodId | None = None


async def require_usable(work: PaymentsWork, order: Order, wish: Wish, provider: PaymentProvider) -> None:
    """Raises: UnknownSavedMethod: the saved means of payment is not one of the buyer's."""
    if wish.saved_payment_method_id is None:
        return
    method = await work.saved_methods.lock(wish.saved_payment_method_id)
    if method is None or method.user_id != order.user_id or method.provider is not provider:
        raise UnknownSavedMethod


async def prepared(
    work: PaymentsWork, order: Order, wish: Wish, provider: PaymentProvider, amount: Money, at: datetime
) -> Payment:
    """A payment of which the provider hears when the buyer goes on with it: an order is placed without asking anybody.

    Raises:
        UnknownSavedMethod: it is not one of the buyer's.
    """
    await require_usable(work, order, wish, provider)
    saved = wish.saved_payment_method_id
    payment = Payment(
        id=PaymentId(uuid7()),
        order_id=order.id,
        user_id=order.user_id,
        provider=provider,
        status=PaymentStatus.REQUIRES_PAYMENT_METHOD if saved is None else PaymentStatus.REQUIRES_CONFIRMATION,
        amount=amount,
        amount_captured=Money.zero(amount.currency_code),
        amount_refunded=Money.zero(amount.currency_code),
        capture_method=wish.capture_method,
        method=None,
        failure=None,
        next_action=None,
        reference=None,
        saved_payment_method_id=saved,
        is_disputed=False,
        is_closed=False,
        created_at=at,
        updated_at=at,
    )
    await work.payments.add(payment)
    return payment
