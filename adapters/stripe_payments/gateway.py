"""Payments, refunds and kept means of payment at Stripe."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import stripe

from adapters.stripe_payments.amounts import to_stripe
from adapters.stripe_payments.answers import EXPAND, Unreadable, has_more_refunds, intent_of, refund_of, setup_of
from adapters.stripe_payments.calls import Answer, Call, Calls, Limits, Refused, Request
from domain.payments.gateway import (
    Confirmation,
    Intent,
    NewIntent,
    OutcomeUnknown,
    ProviderRefund,
    RefundOrder,
    Setup,
)
from domain.payments.payment import PaymentProvider, PaymentStatus
from domain.payments.refund import RefundReason
from domain.shared.money import Money

Read = TypeVar("Read")

SETTLED = frozenset({PaymentStatus.CAPTURED, PaymentStatus.CANCELED})
UNCONFIRMED = frozenset(
    {PaymentStatus.REQUIRES_PAYMENT_METHOD, PaymentStatus.REQUIRES_CONFIRMATION, PaymentStatus.FAILED}
)
_OUT_OF_STEP = frozenset(
    {
        "payment_intent_unexpected_state",
        "charge_already_captured",
        "charge_expired_for_capture",
        "capture_charge_authorization_expired",
    }
)
"""Codes of refusals because the intent has moved on: it tells better than the refusal what is so."""
_REASONS = {
    RefundReason.REQUESTED_BY_CUSTOMER: "requested_by_customer",
    RefundReason.DUPLICATE: "duplicate",
    RefundReason.FRAUDULENT: "fraudulent",
}
"""Those that Stripe knows; the others stand in the metadata only."""
_PAGE = 100


class StripeGateway:
    """Implements `domain.payments.gateway.PaymentGateway`.

    Stripe forgets idempotency keys after a day, and answers a repeated key as it did the first time, faults included.
    So a refund is looked for before it is made, and an answer that was given before is read anew.
    """

    def __init__(self, secret_key: str, api_base: str | None = None, limits: Limits | None = None) -> None:
        self._calls = Calls(secret_key, api_base, limits or Limits())
        self._stripe = self._calls.client.v1

    @property
    def provider(self) -> PaymentProvider:
        return PaymentProvider.STRIPE

    async def close(self) -> None:
        await self._calls.close()

    async def greet(self) -> None:
        """Find out whether Stripe answers and the key may see payments.

        Raises:
            ProviderDown: it does not answer.
            ProviderRefused: not to this key.
        """
        await self._calls.begin().read(partial(self._stripe.payment_intents.list_async, {"limit": 1}))

    async def create(self, new: NewIntent) -> Intent:
        call = self._calls.begin()
        params: stripe.params.PaymentIntentCreateParams = {
            "amount": to_stripe(new.amount),
            "currency": new.amount.currency_code.lower(),
            "capture_method": _capture_method(new),
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "always"},
            "metadata": {
                "payment_id": str(new.payment_id),
                "order_id": new.order_id,
                "order_number": new.order_number,
            },
            "expand": EXPAND,
        }
        if new.customer is not None:
            params["customer"] = new.customer
        create = partial(self._stripe.payment_intents.create_async, params, _once("create", str(new.payment_id)))
        return await self._after(call, await call.change(create))

    async def retrieve(self, reference: str) -> Intent:
        return await self._truth(self._calls.begin(), reference)

    async def confirm(self, confirmation: Confirmation) -> Intent:
        call = self._calls.begin()
        params: stripe.params.PaymentIntentConfirmParams = {"return_url": confirmation.return_url, "expand": EXPAND}
        if confirmation.method is not None:
            params["payment_method"] = confirmation.method
        confirm = partial(
            self._stripe.payment_intents.confirm_async,
            confirmation.reference,
            params,
            _once("confirm", confirmation.key),
        )
        # confirmed already, or over: as good as an answer; still waiting for a means of payment: refused
        return await self._moved(call, confirm, confirmation.reference, lambda intent: intent.status not in UNCONFIRMED)

    async def capture(self, reference: str, amount: Money, key: str) -> Intent:
        call = self._calls.begin()
        params: stripe.params.PaymentIntentCaptureParams = {"amount_to_capture": to_stripe(amount), "expand": EXPAND}
        capture = partial(self._stripe.payment_intents.capture_async, reference, params, _once("capture", key))
        return await self._moved(call, capture, reference, lambda intent: intent.status in SETTLED)

    async def cancel(self, reference: str, key: str) -> Intent:
        call = self._calls.begin()
        cancel = partial(self._stripe.payment_intents.cancel_async, reference, {"expand": EXPAND}, _once("cancel", key))
        # what is processing cannot be called off, and says so
        return await self._moved(call, cancel, reference, lambda _: True)

    async def refund(self, order: RefundOrder) -> ProviderRefund:
        call = self._calls.begin()
        for one in await self._refunds(call, order.reference):
            if one.refund_id == order.refund_id:
                return one
        params: stripe.params.RefundCreateParams = {
            "payment_intent": order.reference,
            "amount": to_stripe(order.amount),
            "metadata": {"refund_id": str(order.refund_id), "reason": order.reason.value},
        }
        if order.reason in _REASONS:
            params["reason"] = _REASONS[order.reason]
        answer = await call.change(
            partial(self._stripe.refunds.create_async, params, _once("refund", str(order.refund_id)))
        )
        refund = _read(refund_of, answer)
        if answer.is_replayed:
            answer = await call.read(partial(self._stripe.refunds.retrieve_async, refund.reference))
        return _read(refund_of, answer)

    async def new_customer(self, user_id: str, key: str) -> str:
        create = partial(
            self._stripe.customers.create_async, {"metadata": {"user_id": user_id}}, _once("customer", key)
        )
        return _read(_id, await self._calls.begin().change(create))

    async def set_up(self, customer: str, key: str) -> Setup:
        params: stripe.params.SetupIntentCreateParams = {
            "customer": customer,
            "usage": "on_session",
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "always"},
        }
        create = partial(self._stripe.setup_intents.create_async, params, _once("setup", key))
        return _read(setup_of, await self._calls.begin().change(create))

    async def retrieve_setup(self, reference: str) -> Setup:
        retrieve = partial(self._stripe.setup_intents.retrieve_async, reference, {"expand": ["payment_method"]})
        return _read(setup_of, await self._calls.begin().read(retrieve))

    async def detach(self, method_reference: str) -> None:
        call = self._calls.begin()
        try:
            await call.change(partial(self._stripe.payment_methods.detach_async, method_reference))
        except Refused as refusal:
            if not await self._is_detached(call, method_reference):
                raise refusal from None

    async def _is_detached(self, call: Call, method_reference: str) -> bool:
        try:
            method = await call.read(partial(self._stripe.payment_methods.retrieve_async, method_reference))
        except Refused as refusal:
            return refusal.code == "resource_missing"
        return not method.data.get("customer")

    async def _moved(self, call: Call, request: Request, reference: str, answers: Callable[[Intent], bool]) -> Intent:
        """The intent after `request`, a decline included; or where it is when it has moved on, if that `answers`."""
        try:
            return await self._after(call, await call.change(request))
        except Refused as refusal:
            refused = refusal
        if refused.code in _OUT_OF_STEP:
            intent = await self._truth(call, reference)
            if answers(intent):
                return intent
        elif refused.intent is not None:
            return await self._after(call, Answer(refused.intent, refused.is_replayed))
        raise refused

    async def _after(self, call: Call, answer: Answer) -> Intent:
        intent = _read(intent_of, answer)
        return await self._truth(call, intent.reference) if answer.is_replayed else intent

    async def _truth(self, call: Call, reference: str) -> Intent:
        answer = await call.read(partial(self._stripe.payment_intents.retrieve_async, reference, {"expand": EXPAND}))
        intent = _read(intent_of, answer)
        if has_more_refunds(answer.data):
            return replace(intent, refunds=await self._refunds(call, reference))
        return intent

    async def _refunds(self, call: Call, reference: str) -> Sequence[ProviderRefund]:
        """All of them, page by page, the newest first."""
        found = list[ProviderRefund]()
        params: stripe.params.RefundListParams = {"payment_intent": reference, "limit": _PAGE}
        while True:
            answer = await call.read(partial(self._stripe.refunds.list_async, params))
            found += _read(_listed, answer)
            if not answer.data.get("has_more") or not found:
                return found
            params = {**params, "starting_after": found[-1].reference}


def _capture_method(new: NewIntent) -> Any:
    return new.capture_method.value


def _once(what: str, key: str) -> stripe.RequestOptions:
    """`what` is in the key, as Stripe refuses one that comes back for another kind of request."""
    return {"idempotency_key": f"{what}-{key}"}


def _id(given: Mapping[str, Any]) -> str:
    try:
        return str(given["id"])
    except KeyError:
        raise Unreadable("something without an id") from None


def _listed(given: Mapping[str, Any]) -> Sequence[ProviderRefund]:
    return [refund_of(one) for one in given.get("data", ())]


def _read(how: Callable[[Mapping[str, Any]], Read], answer: Answer) -> Read:
    """Raises: OutcomeUnknown: the answer makes no sense."""
    try:
        return how(answer.data)
    except Unreadable as odd:
        raise OutcomeUnknown(f"The payment provider answered with {odd}.") from None
