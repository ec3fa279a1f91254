"""Paying for orders. No transaction is open while the provider is waited for."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.orders.errors import InvalidTransition
from domain.orders.order import TRACKING_PAGE, Order, OrderId, OrderStatus
from domain.orders.progress import Progress
from domain.payments.amounts import require_within
from domain.payments.errors import PaymentDeclined, ProviderUnavailable
from domain.payments.gateway import (
    Confirmation,
    Intent,
    NewIntent,
    OutcomeUnknown,
    PaymentGateway,
    ProviderDown,
    ProviderRefused,
)
from domain.payments.payment import FINAL, OPEN, Payment, PaymentId, PaymentProvider, PaymentStatus
from domain.payments.settling import Ledger
from domain.payments.wish import Wish, prepared, require_usable
from domain.payments.work import BeginPaymentsWork, PaymentsWork
from domain.shared.clock import Clock
from domain.shared.errors import InTheWay, InvalidInput, NotFound, Unavailable, UserErrorCode
from domain.shared.money import Money
from domain.shared.work import Once
from domain.users.access import OWNER
from domain.users.user import Actor

AWAY = "The payment provider does not answer: nothing was charged. Send the same again in a moment."
MAYBE = "The payment provider does not answer, and may have done it: in a minute it is known. Send the same again then."
_CONFIRMABLE = frozenset({PaymentStatus.REQUIRES_PAYMENT_METHOD, PaymentStatus.REQUIRES_CONFIRMATION})
_PAYABLE = frozenset({OrderStatus.PENDING, OrderStatus.CONFIRMED})


def why_not_pay(order: Order, payments: Sequence[Payment], at: datetime) -> str | None:
    """Why no payment can be begun for an order, as a sentence; None when one can."""
    why = _why_not_due(order, at)
    if why is not None:
        return why
    if any(one.status is PaymentStatus.AUTHORIZED for one in payments):
        return "The money for the order is authorized already."
    if any(one.status is PaymentStatus.PROCESSING for one in payments):
        return "A payment for the order is being carried out."
    return None


def _why_not_due(order: Order, at: datetime) -> str | None:
    if order.status not in _PAYABLE:
        return f"The order is {order.status.value} already."
    if order.expires_at is not None and order.expires_at <= at:
        return "The order was not paid in time."
    return None if order.balance_due.units else "The order is paid already."


@dataclass(frozen=True, slots=True)
class Try:
    """What a payment is tried with, and what the provider is to know first, if it has not heard of it yet.

    `number` is its order's.
    """

    method: str
    number: str
    new: NewIntent | None


@dataclass(frozen=True, slots=True)
class Payments:
    """Buyers who approve a payment on somebody else's page come back to their order's page of the shop at `address`."""

    begin: BeginPaymentsWork
    gateway: PaymentGateway
    clock: Clock
    address: str

    async def create(self, actor: Actor, order_id: OrderId, wish: Wish, once: Once | None = None) -> Payment:
        """Another payment for what is due. Earlier ones are closed first, so that only one can take the money.

        Raises:
            NotFound: the order, or the saved means of payment, is not there, or somebody else's.
            InvalidTransition: nothing is to be paid, or a payment is being carried out.
            ProviderUnavailable: it cannot be told whether an earlier payment is closed.
        """
        await self._not_yet(once)
        for payment in await self._to_close(actor, order_id, wish):
            await self._close(payment)
        async with self.begin(once) as work:
            ledger = await self._ledger(work, order_id, actor, "orderId")
            order, at = ledger.progress.order, ledger.progress.at
            _require(order, why_not_pay(order, ledger.payments, at), "PAY")
            if not all(one.is_closed for one in ledger.payments):  # begun a moment ago, by the same buyer
                raise InTheWay("Another payment of the order was begun at the same moment.")
            payment = await prepared(work, order, wish, self.gateway.provider, order.balance_due, at)
            ledger.payments.append(payment)
            await ledger.balance()
            await ledger.progress.store(work)
            await work.commit(payment)
        return payment

    async def confirm(
        self, actor: Actor, payment_id: PaymentId, token: str | None, once: Once | None = None
    ) -> Payment:
        """Try to get the money. While it is not known what became of a try, the payment is PROCESSING.

        Raises:
            NotFound: it is not there, or somebody else's.
            InvalidTransition: the payment, or its order, does not stand where it could be paid.
            InvalidInput: there is no such means of payment, or none was given.
            PaymentDeclined: the buyer's bank or card says no.
            ProviderUnavailable: nothing was charged.
        """
        await self._not_yet(once)
        begun, chosen = await self._begun(actor, payment_id, token)
        if chosen is None:
            return begun
        try:
            intent = await self._confirmed(begun, chosen)
        except OutcomeUnknown:
            return begun  # and no answer is kept under the key: the truth will be known
        except (ProviderDown, ProviderRefused) as failure:
            await self._put_back(begun)
            if isinstance(failure, ProviderDown) or failure.is_about_our_keys:
                raise ProviderUnavailable(AWAY) from failure
            raise InvalidInput("paymentMethodToken", "is none that the payment provider accepts.") from failure
        # what was refused is not kept under the key: the repetition is refused again
        known = await self._learn(begun, intent, None if intent.status is PaymentStatus.FAILED else once)
        if known.status is PaymentStatus.FAILED and known.failure is not None:
            raise PaymentDeclined(known.failure)
        return known

    async def capture(
        self, actor: Actor, payment_id: PaymentId, amount: Money | None, once: Once | None = None
    ) -> Payment:
        """Take what is authorized, or part of it; the rest is let go then.

        Raises:
            NotFound: it is not there.
            InvalidTransition: nothing is authorized.
            InvalidInput: the amount is none that can be taken.
            ProviderUnavailable: it is not known whether it was taken; the same can be sent again.
        """
        await self._not_yet(once)
        payment = await self._authorized(actor, payment_id, "CAPTURE")
        wanted = payment.amount if amount is None else require_within(amount, payment.amount)
        try:
            intent = await self.gateway.capture(payment.reference or "", wanted, f"{payment.id}:capture:{wanted.units}")
        except ProviderRefused:  # captured with another amount, or let go, a moment ago
            intent = await self._asked(payment)
        except Unavailable as failure:
            raise ProviderUnavailable(MAYBE) from failure
        is_done = intent.status is PaymentStatus.CAPTURED and intent.amount_captured == wanted
        known = await self._learn(payment, intent, once if is_done else None)
        if known.status is not PaymentStatus.CAPTURED or known.amount_captured != wanted:
            raise InvalidTransition(known.status.name, "CAPTURE", f"The payment is {_spoken(known)} already.")
        return known

    async def cancel(self, actor: Actor, payment_id: PaymentId, once: Once | None = None) -> Payment:
        """Let a payment go before it is captured.

        Raises:
            NotFound: it is not there.
            InvalidTransition: it has ended already.
            ProviderUnavailable: it is not known whether it is closed; the same can be sent again.
        """
        await self._not_yet(once)
        payment = await self._found(actor, payment_id)
        if not payment.is_open:
            raise InvalidTransition(payment.status.name, "CANCEL", f"The payment is {_spoken(payment)} already.")
        closed = await self._close(payment, once)
        if closed.status is not PaymentStatus.CANCELED:
            raise InvalidTransition(closed.status.name, "CANCEL", f"The payment is {_spoken(closed)} already.")
        return closed

    async def client_secret(self, payment: Payment) -> str | None:
        """What the provider's own software in the buyer's browser needs; None once nothing can come of the payment.

        Raises:
            ProviderUnavailable: the provider does not answer.
        """
        if payment.is_closed or payment.status not in OPEN:
            return None
        try:
            intent = await self._asked(payment)
        except Unavailable as failure:
            raise ProviderUnavailable(AWAY) from failure
        known = payment if payment.reference is not None else await self._learn(payment, intent)
        return intent.client_secret if known.is_open else None

    async def release(self, payment_id: PaymentId) -> None:
        """Have the provider close a payment from which nothing is wanted any more. Fine when it is closed already.

        Raises:
            Unavailable: the provider does not answer.
        """
        async with self.begin() as work:
            payment = await work.payments.by_id(payment_id)
        if payment is not None and not payment.is_closed:
            await self._let_go(payment)

    async def learn(self, provider: PaymentProvider, reference: str) -> Payment:
        """Put what the provider knows of a payment into the books.

        Raises:
            NotFound: there is no such payment here.
            Unavailable: the provider does not answer.
            ProviderMismatch: the provider means another payment.
            ProviderRefused: the provider does not know it.
        """
        if provider is not self.gateway.provider:
            raise NotFound("reference", "payment")
        intent = await self.gateway.retrieve(reference)
        async with self.begin() as work:
            payment = await work.payments.by_reference(provider, reference)
            if payment is None and intent.payment_id is not None:
                payment = await work.payments.by_id(intent.payment_id)
        if payment is None:
            raise NotFound("reference", "payment")
        return await self._learn(payment, intent)

    async def check(self, payment: Payment) -> None:
        """Ask the provider about a payment whose end is not known. Raises: see `learn`."""
        await self._learn(payment, await self._asked(payment))

    async def _begun(self, actor: Actor, payment_id: PaymentId, token: str | None) -> tuple[Payment, Try | None]:
        """The payment, and how it is tried; None when a try is under way already."""
        async with self.begin() as work:
            order = await work.payments.lock_order(payment_id)
            if order is None or not OWNER.allows(actor, order.owner):
                raise NotFound("paymentId", "payment")
            payment = next(one for one in await work.payments.of_order(order.id) if one.id == payment_id)
            if payment.status is PaymentStatus.PROCESSING:
                return payment, None
            if payment.status is PaymentStatus.FAILED and payment.failure is not None:
                raise PaymentDeclined(payment.failure)
            _require_confirmable(payment)
            _require(order, _why_not_due(order, self.clock()), "CONFIRM")
            method = token or await _saved(work, payment)
            new = None if payment.reference is not None else await _new_intent(work, payment, order)
            begun = replace(payment, status=PaymentStatus.PROCESSING)
            await work.payments.save(begun)
            await work.commit()
        return begun, Try(method, order.number, new)

    async def _confirmed(self, payment: Payment, chosen: "Try") -> Intent:
        reference = payment.reference
        if chosen.new is not None:
            try:
                reference = (await self.gateway.create(chosen.new)).reference
            except OutcomeUnknown as failure:  # whatever became of it, it was not confirmed
                raise ProviderDown(str(failure)) from failure
        back = f"{self.address}{TRACKING_PAGE}/{chosen.number}"
        # another means of payment is another request: what was refused with the last one stays refused under its key
        key = f"{payment.id}:confirm:{hashlib.sha256(chosen.method.encode()).hexdigest()[:16]}"
        return await self.gateway.confirm(Confirmation(reference or "", chosen.method, back, key))

    async def _put_back(self, payment: Payment) -> None:
        """The try did not reach the provider: another one can be made."""
        async with self.begin() as work:
            ledger = await self._ledger(work, payment.order_id)
            current = next(one for one in ledger.payments if one.id == payment.id)
            if current.status is PaymentStatus.PROCESSING:
                await work.payments.save(replace(current, status=PaymentStatus.REQUIRES_PAYMENT_METHOD))
                await work.commit()

    async def _asked(self, payment: Payment) -> Intent:
        if payment.reference is not None:
            return await self.gateway.retrieve(payment.reference)
        async with self.begin() as work:
            order = await work.orders.lock(payment.order_id)
            if order is None:
                raise NotFound("id", "order")
            new = await _new_intent(work, payment, order)
        return await self.gateway.create(new)

    async def _learn(self, payment: Payment, intent: Intent, once: Once | None = None) -> Payment:
        async with self.begin(once) as work:
            ledger = await self._ledger(work, payment.order_id)
            current = next(one for one in ledger.payments if one.id == payment.id)
            known = await ledger.learn(current, intent)
            await ledger.progress.store(work)
            await work.commit(known)
        return known

    async def _not_yet(self, once: Once | None) -> None:
        """Find out first whether the request had its effect: what it would be refused for now may be just that.

        Raises:
            AlreadyDone: it had.
        """
        if once is not None:
            async with self.begin(once):
                pass

    async def _found(self, actor: Actor, payment_id: PaymentId) -> Payment:
        async with self.begin() as work:
            payment = await work.payments.by_id(payment_id)
        if payment is None or not OWNER.allows(actor, payment.owner):
            raise NotFound("paymentId", "payment")
        return payment

    async def _authorized(self, actor: Actor, payment_id: PaymentId, action: str) -> Payment:
        payment = await self._found(actor, payment_id)
        if payment.status not in {PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED}:
            raise InvalidTransition(payment.status.name, action, f"The payment is {_spoken(payment)}.")
        return payment

    async def _to_close(self, actor: Actor, order_id: OrderId, wish: Wish) -> Sequence[Payment]:
        """What is refused is refused before anything is closed."""
        async with self.begin() as work:
            ledger = await self._ledger(work, order_id, actor, "orderId")
            order = ledger.progress.order
            _require(order, why_not_pay(order, ledger.payments, ledger.progress.at), "PAY")
            await require_usable(work, order, wish, self.gateway.provider)
        return [one for one in ledger.payments if not one.is_closed]

    async def _close(self, payment: Payment, once: Once | None = None) -> Payment:
        """Raises: ProviderUnavailable: it is not known whether it is closed."""
        try:
            return await self._let_go(payment, once)
        except Unavailable as failure:
            raise ProviderUnavailable(MAYBE) from failure

    async def _let_go(self, payment: Payment, once: Once | None = None) -> Payment:
        if payment.reference is None and payment.status is not PaymentStatus.PROCESSING:
            return await self._closed_here(payment, once)
        intent = await self._asked(payment)
        if intent.status not in FINAL:
            # what was refused while it was being carried out would stay refused under its key when it has failed
            key = f"{payment.id}:cancel:{intent.status.value}"
            try:
                intent = await self.gateway.cancel(intent.reference, key)
            except ProviderRefused:  # it was paid a moment ago
                intent = await self.gateway.retrieve(intent.reference)
        return await self._learn(payment, intent, once if intent.status is PaymentStatus.CANCELED else None)

    async def _closed_here(self, payment: Payment, once: Once | None) -> Payment:
        """The provider has never heard of it."""
        async with self.begin(once) as work:
            ledger = await self._ledger(work, payment.order_id)
            current = next(one for one in ledger.payments if one.id == payment.id)
            closed = await ledger.close(current)
            await ledger.balance()
            await ledger.progress.store(work)
            await work.commit(closed)
        return closed

    async def _ledger(
        self, work: PaymentsWork, order_id: OrderId, actor: Actor | None = None, argument: str = "paymentId"
    ) -> Ledger:
        """Raises: NotFound: it is not there, or not the actor's."""
        order = await work.orders.lock(order_id)
        if order is None or (actor is not None and not OWNER.allows(actor, order.owner)):
            raise NotFound(argument, "order" if argument == "orderId" else "payment")
        return await Ledger.of(work, Progress(order, self.clock()))


def _require(order: Order, why: str | None, action: str) -> None:
    if why is not None:
        raise InvalidTransition(order.status.name, action, why)


def _require_confirmable(payment: Payment) -> None:
    if payment.status not in _CONFIRMABLE:
        raise InvalidTransition(payment.status.name, "CONFIRM", f"The payment is {_spoken(payment)} already.")


async def _new_intent(work: PaymentsWork, payment: Payment, order: Order) -> NewIntent:
    customer = None
    if payment.user_id is not None and payment.saved_payment_method_id is not None:
        customer = await work.saved_methods.customer(payment.user_id, payment.provider)
    return NewIntent(payment.id, str(order.id), order.number, payment.amount, payment.capture_method, customer)


async def _saved(work: PaymentsWork, payment: Payment) -> str:
    """Raises: InvalidInput: there is none."""
    saved = payment.saved_payment_method_id
    method = None if saved is None else await work.saved_methods.lock(saved)
    if method is None:
        raise InvalidInput("paymentMethodToken", "must be given.", UserErrorCode.REQUIRED)
    return method.reference


def _spoken(payment: Payment) -> str:
    return payment.status.value.replace("_", " ")
