"""Paying back: an amount, or units with what becomes of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.orders.events import OrderEventType
from domain.orders.fulfilling import fulfillment_status, unpacked
from domain.orders.order import Order, OrderId, OrderLine, OrderLineId
from domain.orders.progress import Progress
from domain.payments.amounts import require_within, share
from domain.payments.gateway import PaymentGateway, ProviderDown, ProviderRefused, RefundOrder
from domain.payments.payment import Payment, PaymentId
from domain.payments.refund import LONGEST_NOTE, Refund, RefundId, RefundLine, RefundReason, RefundStatus
from domain.payments.returns import Return, returned
from domain.payments.settling import Ledger, refundable
from domain.payments.standing import summed
from domain.payments.work import BeginPaymentsWork, PaymentsWork
from domain.shared.clock import Clock
from domain.shared.errors import InvalidInput, NotFound, UserErrorCode
from domain.shared.ids import uuid7
from domain.shared.money import Money
from domain.shared.work import Once


@dataclass(frozen=True, slots=True)
class ReturnWish:
    order_line_id: OrderLineId
    quantity: int
    restock: bool


@dataclass(frozen=True, slots=True)
class RefundWish:
    """Without an amount and lines, everything that can be paid back. With both, the amount for those lines."""

    order_id: OrderId
    payment_id: PaymentId | None = None
    amount: Money | None = None
    lines: Sequence[ReturnWish] | None = None
    reason: RefundReason = RefundReason.OTHER
    note: str | None = None


@dataclass(frozen=True, slots=True)
class BegunRefund:
    refund: Refund
    order: Order


def why_not_refund(payments: Sequence[Payment], refunds: Sequence[Refund]) -> str | None:
    """Why nothing can be paid back, as a sentence; None when something can."""
    if any(refundable(one, refunds).units for one in payments):
        return None
    if any(one.amount_captured.units for one in payments):
        return "All that was paid is paid back already."
    return "Nothing was paid yet."


def why_not_return(lines: Sequence[OrderLine], payments: Sequence[Payment], refunds: Sequence[Refund]) -> str | None:
    """Why no goods can be taken back, as a sentence; None when some that were sent can."""
    if any(line.quantity_fulfilled > line.quantity_refunded - line.quantity_canceled for line in lines):
        return why_not_refund(payments, refunds)
    return "Nothing was sent that is not paid back already."


@dataclass(frozen=True, slots=True)
class Refunds:
    begin: BeginPaymentsWork
    gateway: PaymentGateway
    clock: Clock

    async def create(self, wish: RefundWish, once: Once | None = None) -> BegunRefund:
        """Have money paid back. It is PENDING until the provider has done it, which happens behind the answer.

        Raises:
            NotFound: there is no such order, payment, or line of the order.
            InvalidInput: the amount or a quantity is none that can be paid back.
        """
        if wish.note is not None and len(wish.note) > LONGEST_NOTE:
            raise InvalidInput("note", f"must have at most {LONGEST_NOTE} characters.", UserErrorCode.TOO_LONG)
        async with self.begin(once) as work:
            order = await work.orders.lock(wish.order_id)
            if order is None:
                raise NotFound("orderId", "order")
            ledger = await Ledger.of(work, Progress(order, self.clock()))
            refund, returns = await _wanted(work, ledger, wish)
            lines = [RefundLine(refund.id, one.line.id, one.quantity, one.is_restocked) for one in returns]
            await ledger.pay_back(refund, lines)
            if returns:
                await _take_back(work, ledger.progress, refund, returns)
            await ledger.balance()
            begun = BegunRefund(refund, await ledger.progress.store(work))
            await work.commit(begun)
        return begun

    async def carry_out(self, refund_id: RefundId) -> None:
        """Have the provider pay back what it was not asked for yet. Fine when it was.

        Raises:
            Unavailable: the provider does not answer; the same request later has its effect once.
        """
        async with self.begin() as work:
            refund = await work.payments.refund(refund_id)
            payment = None if refund is None else await work.payments.by_id(refund.payment_id)
        if refund is None or payment is None or refund.status is not RefundStatus.PENDING or payment.reference is None:
            return
        order = RefundOrder(refund.id, payment.reference, refund.amount, refund.reason)
        try:
            told = await self.gateway.refund(order)
        except ProviderRefused as refused:
            if refused.is_about_our_keys:
                raise ProviderDown("The payment provider does not accept our keys.") from refused
            told = None
        async with self.begin() as work:
            locked = await work.orders.lock(refund.order_id)
            if locked is None:
                return
            ledger = await Ledger.of(work, Progress(locked, self.clock()))
            if told is None:
                await ledger.fail_refund(refund)
            else:
                await ledger.learn_refund(told)
            await ledger.progress.store(work)
            await work.commit()


async def _wanted(work: PaymentsWork, ledger: Ledger, wish: RefundWish) -> tuple[Refund, Sequence[Return]]:
    """The refund, and what becomes of the units that it is for."""
    returns = await _returns(work, wish)
    amount = wish.amount
    if amount is None and wish.lines is not None:
        amount = summed(map(_share, returns), ledger.progress.order.cost.total.currency_code)
    payment, amount = _source(ledger, wish.payment_id, amount)
    at = ledger.progress.at
    refund = Refund(
        id=RefundId(uuid7()),
        order_id=wish.order_id,
        payment_id=payment.id,
        amount=amount,
        status=RefundStatus.PENDING,
        reason=wish.reason,
        note=wish.note or None,
        reference=None,
        created_at=at,
        updated_at=at,
    )
    return refund, returns


async def _returns(work: PaymentsWork, wish: RefundWish) -> Sequence[Return]:
    if wish.lines is None:
        return ()
    lines = {line.id: line for line in await work.orders.lines_of(wish.order_id)}
    free = unpacked(lines.values(), await work.orders.fulfillments_of(wish.order_id))
    returns: dict[OrderLineId, Return] = {}
    for place, one in enumerate(wish.lines):
        line = lines.get(one.order_line_id)
        if line is None:
            raise NotFound(f"lines.{place}.orderLineId", "line of this order")
        if line.id in returns:
            raise InvalidInput(f"lines.{place}.orderLineId", "must be another line: it stands above already.")
        path = f"lines.{place}.quantity"
        returns[line.id] = returned(line, free[line.id], one.quantity, restock=one.restock, argument=path)
    if not returns:
        raise InvalidInput("lines", "must not be empty; leave it out for the whole order.", UserErrorCode.REQUIRED)
    return list(returns.values())


def _share(one: Return) -> Money:
    before = one.line.quantity_refunded
    return share(one.line.total, one.line.quantity, before, before + one.quantity)


def _source(ledger: Ledger, payment_id: PaymentId | None, amount: Money | None) -> tuple[Payment, Money]:
    """The payment that the money goes back from, and how much that is."""
    payments = [one for one in ledger.payments if payment_id in {None, one.id}]
    if not payments:
        if payment_id is not None:
            raise NotFound("paymentId", "payment of this order")
        raise InvalidInput("orderId", "must be an order for which something was paid.", UserErrorCode.PAYMENT_REQUIRED)
    # from the one that has most left: usually there is one
    payment = max(payments, key=lambda one: ledger.refundable(one).units)
    left = ledger.refundable(payment)
    if not left.units:
        problem = "must be an order of which something that was paid is left."
        raise InvalidInput("orderId", problem, UserErrorCode.AMOUNT_TOO_LARGE)
    return payment, left if amount is None else require_within(amount, left)


async def _take_back(work: PaymentsWork, progress: Progress, refund: Refund, returns: Sequence[Return]) -> None:
    """Units that had not left never will, and others can buy them; those that come back are on the shelf again."""
    # by rising id of the variant, as orders that are placed lock them
    for one in sorted(returns, key=lambda one: (one.line.variant_id is None, one.line.variant_id or refund.id)):
        await work.payments.take_back(one, progress.at)
    lines = await work.orders.lines_of(progress.order.id)
    shipments = await work.orders.fulfillments_of(progress.order.id)
    progress.order = replace(progress.order, fulfillment_status=fulfillment_status(lines, shipments))
    if any(one.came_back for one in returns):
        progress.happened(OrderEventType.RETURN_RECEIVED, refund_id=refund.id)
