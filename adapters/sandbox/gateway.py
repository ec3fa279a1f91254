"""The sandbox as the shop sees it: a provider that moves no money."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from adapters.sandbox import rules
from adapters.sandbox.ledger import Ledger, new_id, new_secret
from adapters.sandbox.reading import intent_of, refund_of, setup_of
from adapters.sandbox.rules import CONFIRMABLE, SETTLED
from adapters.sandbox.scenarios import Mishap, Scenario, chosen_or
from adapters.sandbox.shapes import Shape, customer_shape, refund_shape
from domain.payments.gateway import (
    Confirmation,
    Intent,
    NewIntent,
    OutcomeUnknown,
    ProviderDown,
    ProviderRefund,
    ProviderRefused,
    RefundOrder,
    Setup,
)
from domain.payments.payment import PaymentProvider
from domain.payments.sandbox import (
    KeptAnswer,
    KeyUsed,
    SandboxBooks,
    SandboxCustomer,
    SandboxIntent,
    SandboxRefund,
    SandboxSetup,
)
from domain.shared.clock import Clock
from domain.shared.errors import InTheWay, Unavailable
from domain.shared.money import Money

PATIENCE_SECONDS = 4.0
"""How long the shop waits for an answer that does not come: an operation may take 5 s."""
_DOWN = "The payment provider cannot be reached; try again in a moment."
_UNKNOWN = "The payment provider has not answered; whether it did anything will be known in a moment."

Act = Callable[[Ledger], Awaitable[Shape]]


class SandboxGateway:
    """Implements `domain.payments.gateway.PaymentGateway` on books of its own.

    `address` is the shop's, for pages that the buyer is sent to.
    """

    provider = PaymentProvider.SANDBOX

    def __init__(
        self,
        books: SandboxBooks,
        address: str,
        clock: Clock,
        scenario: Scenario | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._books = books
        self._address = address
        self._clock = clock
        self._usual = scenario or Scenario()
        self._patience = patience

    async def create(self, new: NewIntent) -> Intent:
        given: dict[str, Any] = {
            "payment_id": str(new.payment_id),
            "order_id": new.order_id,
            "order_number": new.order_number,
            **_amount(new.amount),
            "capture_method": new.capture_method.value,
            "customer": new.customer,
        }

        async def act(ledger: Ledger) -> Shape:
            await ledger.customer(new.customer)
            identity = new_id("pi")
            intent = SandboxIntent(
                id=identity,
                client_secret=new_secret(identity),
                status="requires_payment_method",
                created_at=ledger.at,
                **given,
            )
            return await ledger.make(rules.Change(intent, ()))  # the shop, whose wish it was, need not be told

        return intent_of(await self._once("create", str(new.payment_id), given, act))

    async def retrieve(self, reference: str) -> Intent:
        async def act(ledger: Ledger) -> Shape:
            return await ledger.settle(await ledger.intent(reference))

        return intent_of(await self._look(act))

    async def confirm(self, confirmation: Confirmation) -> Intent:
        given = {
            "reference": confirmation.reference,
            "method": confirmation.method,
            "return_url": confirmation.return_url,
        }

        async def act(ledger: Ledger) -> Shape:
            intent = await ledger.intent(confirmation.reference)
            if intent.status not in CONFIRMABLE:  # confirmed already, or over: as good as an answer
                return await ledger.settle(intent)
            method = await ledger.method_for(intent, confirmation.method or intent.method)
            change = rules.confirmed(intent, method, confirmation.return_url, new_id("dp"), ledger.at)
            return await ledger.make(change, method)

        return intent_of(await self._once("confirm", confirmation.key, given, act))

    async def capture(self, reference: str, amount: Money, key: str) -> Intent:
        async def act(ledger: Ledger) -> Shape:
            intent = await ledger.intent(reference)
            if intent.status in SETTLED:
                return await ledger.settle(intent)
            _same_currency(intent, amount)
            return await ledger.make(rules.captured(intent, amount.units, new_id("dp")))

        return intent_of(await self._once("capture", key, {"reference": reference, **_amount(amount)}, act))

    async def cancel(self, reference: str, key: str) -> Intent:
        async def act(ledger: Ledger) -> Shape:
            return await ledger.make(rules.canceled(await ledger.intent(reference)))

        return intent_of(await self._once("cancel", key, {"reference": reference}, act))

    async def refund(self, order: RefundOrder) -> ProviderRefund:
        given = {"reference": order.reference, **_amount(order.amount), "reason": order.reason.value}

        async def act(ledger: Ledger) -> Shape:
            intent = await ledger.intent(order.reference)
            _same_currency(intent, order.amount)
            refund = SandboxRefund(
                id=new_id("re"),
                intent_id=intent.id,
                refund_id=str(order.refund_id),
                amount=order.amount.units,
                reason=order.reason.value,
                status="pending",
                created_at=ledger.at,
            )
            change = rules.refunded(intent, refund)
            await ledger.make(change)
            return refund_shape(change.refund or refund, intent.currency)

        return refund_of(await self._once("refund", str(order.refund_id), given, act))

    async def new_customer(self, user_id: str, key: str) -> str:
        async def act(ledger: Ledger) -> Shape:
            customer = SandboxCustomer(new_id("cus"), user_id, ledger.at)
            await ledger.book.write(customer)
            return customer_shape(customer)

        return (await self._once("customer", key, {"user_id": user_id}, act))["id"]

    async def set_up(self, customer: str, key: str) -> Setup:
        async def act(ledger: Ledger) -> Shape:
            await ledger.customer(customer)
            identity = new_id("seti")
            setup = SandboxSetup(identity, new_secret(identity), customer, "requires_payment_method", ledger.at)
            return await ledger.make_setup(setup)

        return setup_of(await self._once("setup", key, {"customer": customer}, act))

    async def retrieve_setup(self, reference: str) -> Setup:
        async def act(ledger: Ledger) -> Shape:
            return await ledger.setup_shape(await ledger.setup(reference))

        return setup_of(await self._look(act))

    async def detach(self, method_reference: str) -> None:
        async def act(ledger: Ledger) -> Shape:
            method = await ledger.book.method(method_reference)
            if method is not None:
                await ledger.book.write(replace(method, customer=None))
            return {}

        await self._called(act, changing=True)

    async def _once(self, operation: str, key: str, given: Mapping[str, object], act: Act) -> Shape:
        """Do it, unless the key was used: then tell what became of what was done, or why it was refused.

        Stripe's own answer would be the one given before; its adapter asks then for what is true now, as we do here.

        Raises:
            ProviderRefused: the key was used with other parameters, or what Stripe refuses.
        """
        fingerprint, name = hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest(), f"{operation}-{key}"

        async def first(ledger: Ledger) -> Shape:
            answer = await _answered(act, ledger)
            await ledger.book.keep(name, KeptAnswer(fingerprint, json.dumps(answer)), ledger.at)
            return answer

        async def again(ledger: Ledger) -> Shape:
            kept = await ledger.book.kept(name)
            if kept is None or kept.fingerprint != fingerprint:
                raise ProviderRefused("idempotency_error", "This idempotency key was used with other parameters.")
            return await ledger.now(json.loads(kept.answer))

        answer = await self._called(first, again, changing=True)
        if "error" in answer:
            raise ProviderRefused(answer["error"]["code"], answer["error"]["message"])
        return answer

    async def _look(self, act: Act) -> Shape:
        return await self._called(act, changing=False)

    async def _called(self, act: Act, again: Act | None = None, *, changing: bool) -> Shape:
        """Over a line on which mishaps happen. `again` is done instead by who comes with a key that was used."""
        scenario = chosen_or(self._usual)
        if scenario.strikes(Mishap.DOWN):
            raise ProviderDown(_DOWN)
        hangs = scenario.strikes(Mishap.HANG)
        if not hangs or scenario.heads():
            answer = await self._done(act, again, scenario)
            if not hangs and not (changing and scenario.strikes(Mishap.ERROR_AFTER_EFFECT)):
                return answer
        if hangs:
            await asyncio.sleep(self._patience)
        raise OutcomeUnknown(_UNKNOWN)

    async def _done(self, act: Act, again: Act | None, scenario: Scenario) -> Shape:
        try:
            try:
                return await self._in_one(act, scenario)
            except KeyUsed:
                if again is None:
                    raise
                return await self._in_one(again, scenario)
        except InTheWay as busy:
            raise ProviderDown(_DOWN) from busy
        except Unavailable as unavailable:
            raise OutcomeUnknown(_UNKNOWN) from unavailable

    async def _in_one(self, act: Act, scenario: Scenario) -> Shape:
        async with self._books.open() as book:
            answer = await act(Ledger(book, self._clock(), self._address, scenario))
            await book.commit()
        return answer


async def _answered(act: Act, ledger: Ledger) -> Shape:
    """Refusals are answers too: a repetition is refused again, whatever happened meanwhile."""
    try:
        return await act(ledger)
    except ProviderRefused as refused:
        return {"error": {"code": refused.code, "message": str(refused)}}


def _amount(money: Money) -> Mapping[str, Any]:
    return {"amount": money.units, "currency": money.currency_code}


def _same_currency(intent: SandboxIntent, amount: Money) -> None:
    if amount.currency_code != intent.currency:
        raise ProviderRefused("parameter_invalid", f"The payment is in {intent.currency}.")
