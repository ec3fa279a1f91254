"""What there is about money in the world of the matrix of access: an order that was paid in part, and paid back."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from domain.orders.order import Order
from domain.payments.errors import PaymentDeclined
from domain.payments.payment import Payment, PaymentId, PaymentMethodDetails, SavedPaymentMethod, SavedPaymentMethodId
from domain.payments.refund import RefundId, RefundReason
from domain.payments.refunds import RefundWish, ReturnWish
from domain.payments.wish import Wish
from domain.shared.clock import now
from domain.shared.ids import uuid7
from domain.shared.money import Money
from domain.users.user import Actor, UserRole
from resolvers import global_ids
from server.wiring import Shop
from tests import sql
from tests.people import Person

AUTHORIZED, PAID_BACK = 2, 6
"""Which of the order's events say so, counted from one."""
NOTE = "Canary yellow was sold out"
FAILURE = '{"code": "card_declined", "decline_code": "generic_decline", "message": "No."}'
ACTION = '{"type": "redirect_to_url", "url": "https://bank.example/canary"}'


@dataclass(frozen=True, slots=True)
class Paid:
    """`payment` was captured in part, `unpaid` is what can still be paid; between them, one failed."""

    payment: PaymentId
    unpaid: PaymentId
    refund: RefundId
    method: SavedPaymentMethodId
    came: UUID
    went: UUID

    @property
    def variables(self) -> Mapping[str, str]:
        """What documents name."""
        return {
            "payment": global_ids.encode("Payment", self.payment),
            "unpaid": global_ids.encode("Payment", self.unpaid),
            "refund": global_ids.encode("Refund", self.refund),
            "method": global_ids.encode("SavedPaymentMethod", self.method),
            "moneyCame": global_ids.encode("OrderPaymentEvent", self.came),
            "moneyWent": global_ids.encode("OrderRefundEvent", self.went),
        }


async def paid(shop: Shop, owner: Person, order: Order, payment: Payment) -> Paid:
    """Of `payment`, which is to be captured by hand, some is taken and all of that paid back, for one unit."""
    payments, actor = shop.services.payments, owner.actor
    some = Money.of(Decimal(3), order.cost.total.currency_code)
    await payments.confirm(actor, payment.id, "pm_card_visa")
    await payments.capture(Actor(None, UserRole.ADMIN), payment.id, some)
    declined = await payments.create(actor, order.id, Wish())
    with suppress(PaymentDeclined):
        await payments.confirm(actor, declined.id, "pm_card_chargeDeclined")
    unpaid = await payments.create(actor, order.id, Wish())
    assert await payments.client_secret(unpaid) is not None  # from now on the provider knows it
    refund = await _paid_back(shop, order, some)
    # a payment of the past has either of these; this one stands for all that a payment can have
    odd = {"failure": FAILURE, "action": ACTION, "id": payment.id}
    both = "failure = CAST(:failure AS jsonb), next_action = CAST(:action AS jsonb)"
    await sql.run(shop.database, f"UPDATE payments SET {both} WHERE id = :id", **odd)
    events = "SELECT id FROM order_events WHERE order_id = :order AND sequence = :sequence"
    came, went = [
        UUID(str(await sql.value(shop.database, events, order=order.id, sequence=sequence)))
        for sequence in (AUTHORIZED, PAID_BACK)
    ]
    return Paid(payment.id, unpaid.id, refund, await kept_method(shop, owner), came, went)


async def _paid_back(shop: Shop, order: Order, amount: Money) -> RefundId:
    [line] = (await shop.readers.orders.lines_of([order.id]))[order.id]
    wish = RefundWish(
        order.id,
        amount=amount,
        lines=[ReturnWish(line.id, 1, restock=True)],
        reason=RefundReason.REQUESTED_BY_CUSTOMER,
        note=NOTE,
    )
    begun = await shop.services.refunds.create(wish)
    await shop.services.refunds.carry_out(begun.refund.id)
    return begun.refund.id


async def kept_method(shop: Shop, one: Person) -> SavedPaymentMethodId:
    """A card that somebody keeps, as if they had gone through with it at the provider."""
    identity, gateway = SavedPaymentMethodId(uuid7()), shop.services.saved_methods.gateway
    card = PaymentMethodDetails("card", "visa", "4242", 12, 2034)
    async with shop.services.saved_methods.begin() as work:
        reference = f"pm_{identity.hex}"
        await work.saved_methods.add(
            SavedPaymentMethod(
                identity, one.user.id, gateway.provider, reference, card, is_default=False, created_at=now()
            )
        )
        await work.commit()
    return identity
