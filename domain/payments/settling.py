"""What the provider says of a payment, put into the shop's books: the one place where money changes anything.

Every way leads here: the answer to a mutation, a webhook, the reconciler. Whatever comes twice, late or in another
order ends the same, because an intent is a state and not a step: what is older than what is known changes nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from domain.orders.events import OrderEventType
from domain.orders.order import OrderStatus
from domain.orders.progress import Progress
from domain.payments.errors import ProviderMismatch
from domain.payments.gateway import Intent, ProviderRefund
from domain.payments.payment import FINAL, TRANSITIONS, Payment, PaymentStatus
from domain.payments.refund import TRANSITIONS as REFUND_TRANSITIONS
from domain.payments.refund import Refund, RefundId, RefundLine, RefundReason, RefundStatus
from domain.payments.standing import payment_status, summed
from domain.payments.work import PaymentsWork
from domain.shared.events import Event
from domain.shared.ids import uuid7
from domain.shared.money import Money

RELEASE = "payment.release"
"""Topic: the provider is to be asked to close a payment."""
REFUND = "refund.created"
"""Topic: the provider is to be asked to pay back."""
IN_FLIGHT = timedelta(seconds=30)
"""For so long, a payment of which the provider has not heard may still be on its way there."""
TOLD = {
    PaymentStatus.REQUIRES_ACTION: OrderEventType.PAYMENT_REQUIRES_ACTION,
    PaymentStatus.AUTHORIZED: OrderEventType.PAYMENT_AUTHORIZED,
    PaymentStatus.CAPTURED: OrderEventType.PAYMENT_CAPTURED,
    PaymentStatus.FAILED: OrderEventType.PAYMENT_FAILED,
    PaymentStatus.CANCELED: OrderEventType.PAYMENT_CANCELED,
}
REFUNDED = {
    RefundStatus.PENDING: OrderEventType.REFUND_CREATED,
    RefundStatus.SUCCEEDED: OrderEventType.REFUND_SUCCEEDED,
    RefundStatus.FAILED: OrderEventType.REFUND_FAILED,
    RefundStatus.CANCELED: OrderEventType.REFUND_FAILED,
}
ELSEWHERE = "Paid back at the payment provider."
TOO_LATE = "The order had ended when the money came."
TOO_MUCH = "More was paid than the order costs."
_COUNTING = frozenset({RefundStatus.PENDING, RefundStatus.SUCCEEDED})
_GIVEN_UP = frozenset({PaymentStatus.FAILED, PaymentStatus.CANCELED})
_LIVE = frozenset({OrderStatus.PENDING, OrderStatus.CONFIRMED, OrderStatus.COMPLETED})


def refundable(payment: Payment, refunds: Sequence[Refund]) -> Money:
    """What of a payment is not paid back, nor about to be."""
    taken = (one.amount for one in refunds if one.payment_id == payment.id and one.status in _COUNTING)
    return payment.amount_captured - summed(taken, payment.amount.currency_code)


class Ledger:
    """The money of one order, whose row its unit of work has locked."""

    def __init__(
        self, work: PaymentsWork, progress: Progress, payments: Sequence[Payment], refunds: Sequence[Refund]
    ) -> None:
        self._work = work
        self.progress = progress
        self.payments = list(payments)
        self.refunds = list(refunds)

    @classmethod
    async def of(cls, work: PaymentsWork, progress: Progress) -> "Ledger":
        order_id = progress.order.id
        payments = await work.payments.of_order(order_id)
        # nothing is paid back before something was paid: most orders are spared a statement
        paid = any(one.amount_captured.units for one in payments)
        return cls(work, progress, payments, await work.payments.refunds_of(order_id) if paid else ())

    def refundable(self, payment: Payment) -> Money:
        return refundable(payment, self.refunds)

    async def put(self, payment: Payment) -> None:
        """The payment as it is now. `balance` is to be called after the last change."""
        await self._work.payments.save(payment)
        self.payments = [payment if one.id == payment.id else one for one in self.payments]

    async def learn(self, payment: Payment, intent: Intent) -> Payment:
        """What the provider knows of a payment, and what follows from it.

        Raises:
            ProviderMismatch: it is another payment than ours.
        """
        known = known_by(payment, intent, self.progress.at)
        await self.put(known)
        if known.status is not payment.status and known.status in TOLD:
            self._tell(known)
        if known.is_disputed and not payment.is_disputed:
            self.progress.happened(OrderEventType.PAYMENT_DISPUTED, payment_id=payment.id, amount=payment.amount)
        for one in intent.refunds:
            await self._learn_refund(known, one)
        await self.balance()
        return next(one for one in self.payments if one.id == payment.id)

    async def balance(self, because: str | None = None) -> None:
        """Bring the order into line with its payments: confirm it, or give back what it cannot use, `because`."""
        await self._count_refunds()
        is_promised = any(one.status in {PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED} for one in self.payments)
        if is_promised or not self.progress.order.cost.total.units:
            self._confirm()
        await self._give_back(because)
        for payment in self.payments:
            if payment.status in _GIVEN_UP and not payment.is_closed:
                self.release(payment)
        order, currency = self.progress.order, self.progress.order.cost.total.currency_code
        self.progress.order = replace(
            order,
            amount_captured=summed((one.amount_captured for one in self.payments), currency),
            amount_refunded=summed((one.amount_refunded for one in self.payments), currency),
            payment_status=payment_status(order.cost.total, self.payments),
        )
        self.progress.complete()

    def release(self, payment: Payment) -> None:
        """Have the provider asked to close the payment, once this is committed."""
        self._work.happened(Event(RELEASE, payment.id))

    async def call_off(self) -> None:
        """The order has ended unfulfilled: nothing more is taken for it, and what was taken goes back."""
        for payment in list(self.payments):
            if payment.is_closed:
                continue
            if payment.reference is None and payment.status is not PaymentStatus.PROCESSING:
                await self.close(payment)
            elif payment.status is not PaymentStatus.CAPTURED:
                self.release(payment)
        await self.balance(because=f"The order was {self.progress.order.status.value}.")

    async def close(self, payment: Payment) -> Payment:
        """Close a payment of which the provider has never heard."""
        if payment.is_closed or payment.reference is not None or payment.status is PaymentStatus.PROCESSING:
            return payment
        closed = replace(payment, status=PaymentStatus.CANCELED, is_closed=True)
        await self.put(closed)
        self._tell(closed)
        return closed

    async def pay_back(self, refund: Refund, lines: Sequence[RefundLine] = ()) -> None:
        """Have the provider asked to pay back, once this is committed."""
        await self._work.payments.add_refund(refund, lines)
        self.refunds.append(refund)
        self.progress.happened(OrderEventType.REFUND_CREATED, refund.note, refund_id=refund.id, amount=refund.amount)
        self._work.happened(Event(REFUND, refund.payment_id, {"refund_id": str(refund.id)}))

    async def learn_refund(self, told: ProviderRefund) -> None:
        """What became of a refund of ours."""
        mine = self._own(told)
        payment = None if mine is None else next((one for one in self.payments if one.id == mine.payment_id), None)
        if payment is not None:
            await self._learn_refund(payment, told)
            await self.balance()

    async def fail_refund(self, refund: Refund) -> None:
        """The provider will never pay it back."""
        current = next(one for one in self.refunds if one.id == refund.id)
        if current.status is RefundStatus.PENDING:
            await self._put_refund(replace(current, status=RefundStatus.FAILED))
            await self.balance()

    def _tell(self, payment: Payment) -> None:
        kind, words = TOLD[payment.status], None
        if payment.status is PaymentStatus.FAILED and payment.failure is not None:
            words = payment.failure.message
        amount = payment.amount_captured if payment.status is PaymentStatus.CAPTURED else payment.amount
        self.progress.happened(kind, words, payment_id=payment.id, amount=amount)

    def _confirm(self) -> None:
        if self.progress.order.status is OrderStatus.PENDING:
            self.progress.happened(OrderEventType.ORDER_CONFIRMED)
            self.progress.order = replace(self.progress.order, confirmed_at=self.progress.at, expires_at=None)
            self._work.happened(Event("order.confirmed", self.progress.order.id))

    async def _give_back(self, because: str | None) -> None:
        """What the order cannot use: everything once it has ended, and what is above its total. The newest first."""
        order = self.progress.order
        is_live = order.status in _LIVE
        kept = order.cost.total if is_live else Money.zero(order.cost.total.currency_code)
        spare = summed((self.refundable(one) for one in self.payments), kept.currency_code) - kept
        for payment in reversed(self.payments):
            if payment.status is PaymentStatus.AUTHORIZED and (not is_live or spare.units >= 0):
                self.release(payment)
            left = self.refundable(payment)
            back = min(left, spare)
            if back.units > 0:
                await self.pay_back(self._automatic(payment, back, because or (TOO_MUCH if is_live else TOO_LATE)))
                spare -= back

    def _automatic(self, payment: Payment, amount: Money, note: str) -> Refund:
        at = self.progress.at
        reason = RefundReason.DUPLICATE if note == TOO_MUCH else RefundReason.OTHER
        return Refund(
            RefundId(uuid7()),
            payment.order_id,
            payment.id,
            amount,
            RefundStatus.PENDING,
            reason,
            note,
            None,
            at,
            at,
        )

    async def _learn_refund(self, payment: Payment, told: ProviderRefund) -> None:
        mine = self._own(told)
        if mine is None:
            at = self.progress.at
            mine = Refund(
                RefundId(uuid7()),
                *(payment.order_id, payment.id, told.amount, RefundStatus.PENDING, RefundReason.OTHER, ELSEWHERE),
                *(told.reference, at, at),
            )
            await self._work.payments.add_refund(mine, ())
            self.refunds.append(mine)
            self.progress.happened(OrderEventType.REFUND_CREATED, ELSEWHERE, refund_id=mine.id, amount=mine.amount)
        moves = told.status in REFUND_TRANSITIONS[mine.status]
        if moves or mine.reference is None:
            status = told.status if moves else mine.status
            await self._put_refund(replace(mine, status=status, reference=told.reference))

    def _own(self, told: ProviderRefund) -> Refund | None:
        return next((one for one in self.refunds if one.reference == told.reference or one.id == told.refund_id), None)

    async def _put_refund(self, refund: Refund) -> None:
        before = next(one for one in self.refunds if one.id == refund.id)
        await self._work.payments.save_refund(refund)
        self.refunds = [refund if one.id == refund.id else one for one in self.refunds]
        if refund.status is not before.status:
            self.progress.happened(REFUNDED[refund.status], refund_id=refund.id, amount=refund.amount)
            topic = "refund.succeeded" if refund.status is RefundStatus.SUCCEEDED else "refund.failed"
            self._work.happened(Event(topic, refund.order_id, {"refund_id": str(refund.id)}))

    async def _count_refunds(self) -> None:
        for payment in self.payments:
            done = (
                one.amount
                for one in self.refunds
                if one.payment_id == payment.id and one.status is RefundStatus.SUCCEEDED
            )
            refunded = summed(done, payment.amount.currency_code)
            if refunded != payment.amount_refunded:
                await self.put(replace(payment, amount_refunded=refunded))


def known_by(payment: Payment, intent: Intent, at: datetime) -> Payment:
    """The payment as the provider knows it; what is older than what we know changes nothing.

    Raises:
        ProviderMismatch: it is another payment than ours.
    """
    if intent.payment_id not in {None, payment.id} or payment.reference not in {None, intent.reference}:
        raise ProviderMismatch("It is about another payment.")
    if intent.amount != payment.amount or intent.amount < intent.amount_captured:
        raise ProviderMismatch("Its amount or currency is not the payment's.")
    status = intent.status
    never_heard = payment.status is PaymentStatus.PROCESSING and status is PaymentStatus.REQUIRES_PAYMENT_METHOD
    if status not in TRANSITIONS[payment.status] or (never_heard and at - payment.updated_at < IN_FLIGHT):
        status = payment.status
    captured = payment.amount_captured
    if status is PaymentStatus.CAPTURED and captured < intent.amount_captured:
        captured = intent.amount_captured
    # what the provider had never heard of was closed here alone; now it has
    was_closed = payment.is_closed and payment.reference is not None
    return replace(
        payment,
        status=status,
        reference=intent.reference,
        amount_captured=captured,
        method=intent.method or payment.method,
        failure=(intent.failure or payment.failure) if status is PaymentStatus.FAILED else None,
        next_action=intent.next_action if status is PaymentStatus.REQUIRES_ACTION else None,
        is_disputed=payment.is_disputed or intent.is_disputed,
        is_closed=was_closed or intent.status in FINAL,
    )
