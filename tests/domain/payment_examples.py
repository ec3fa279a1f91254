"""A payment and a line of an order, for tests without a database."""

from datetime import UTC, datetime
from uuid import UUID

from domain.orders.order import OrderId, OrderLine, OrderLineId
from domain.payments.payment import CaptureMethod, Payment, PaymentId, PaymentProvider, PaymentStatus
from domain.shared.money import Money

AT = datetime(2026, 3, 1, tzinfo=UTC)
ORDER = OrderId(UUID(int=9))


def usd(units: int) -> Money:
    return Money.of_units(units, "USD")


def payment(
    status: PaymentStatus = PaymentStatus.REQUIRES_PAYMENT_METHOD, amount: int = 2, captured: int = 0, refunded: int = 0
) -> Payment:
    """Amounts are in cents."""
    return Payment(
        id=PaymentId(UUID(int=1)),
        order_id=ORDER,
        user_id=None,
        provider=PaymentProvider.SANDBOX,
        status=status,
        amount=usd(amount),
        amount_captured=usd(captured),
        amount_refunded=usd(refunded),
        capture_method=CaptureMethod.MANUAL,
        method=None,
        failure=None,
        next_action=None,
        reference="pi_1",
        saved_payment_method_id=None,
        is_disputed=False,
        is_closed=False,
        created_at=AT,
        updated_at=AT,
    )


def line(quantity: int, *, fulfilled: int = 0, refunded: int = 0, canceled: int = 0, total: int = 1_000) -> OrderLine:
    return OrderLine(
        id=OrderLineId(UUID(int=2)),
        order_id=ORDER,
        variant_id=None,
        product_name="Mug",
        variant_title="Blue",
        sku=None,
        quantity=quantity,
        quantity_fulfilled=fulfilled,
        quantity_refunded=refunded,
        quantity_canceled=canceled,
        quantity_returned=0,
        unit_price=usd(total),
        discount=usd(0),
        tax=usd(0),
        total=usd(total),
    )
