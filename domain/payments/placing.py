"""Placing a cart, with the payment that it is to be paid by."""

from dataclasses import dataclass

from domain.orders.order import Order
from domain.orders.placing import OrderPlacing, Placement
from domain.payments.gateway import PaymentGateway
from domain.payments.payment import Payment
from domain.payments.settling import Ledger
from domain.payments.wish import Wish, prepared
from domain.payments.work import BeginPaymentsWork
from domain.shared.work import Once
from domain.users.user import Actor


@dataclass(frozen=True, slots=True)
class Placed:
    """The order, its payment unless it costs nothing, and for guests the token by which they look at it again."""

    order: Order
    payment: Payment | None
    access_token: str | None


@dataclass(frozen=True, slots=True)
class CheckoutPlacing:
    begin: BeginPaymentsWork
    orders: OrderPlacing
    gateway: PaymentGateway

    async def place(self, actor: Actor, placement: Placement, wish: Wish, once: Once | None = None) -> Placed:
        """Place a cart: all of it, or nothing. The payment provider is not asked, so it cannot be in the way.

        Raises:
            UnknownSavedMethod: it is not one of the buyer's. And see `domain.orders.placing.OrderPlacing`.
        """
        async with self.begin(once, placement.cart_id) as work:
            draft = await self.orders.draft(work, actor, placement)
            ledger = Ledger(work, draft.progress, (), ())
            order, at = draft.progress.order, draft.progress.at
            payment = None
            if order.balance_due.units:
                payment = await prepared(work, order, wish, self.gateway.provider, order.balance_due, at)
                ledger.payments.append(payment)
            await ledger.balance()
            placed = Placed(await draft.progress.store(work), payment, draft.access_token)
            await work.settle(placed)
            await self.orders.reserve(work, draft)
            await work.commit()
        return placed
