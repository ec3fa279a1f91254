"""Records as Stripe's API would show them: what requests are answered with, and what webhooks carry."""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.sandbox.tokens import TOKENS
from domain.payments.sandbox import SandboxCustomer, SandboxIntent, SandboxRefund, SandboxSetup

Shape = Mapping[str, Any]
"""A JSON object."""


def intent_shape(intent: SandboxIntent, refunds: Sequence[SandboxRefund], page: str) -> Shape:
    """`page` is where the buyer approves of it, when that is needed."""
    action = {"type": "redirect_to_url", "redirect_to_url": {"url": page, "return_url": intent.return_url}}
    return {
        "id": intent.id,
        "object": "payment_intent",
        "amount": intent.amount,
        "amount_received": intent.amount_received,
        "capture_method": intent.capture_method,
        "client_secret": intent.client_secret,
        "created": int(intent.created_at.timestamp()),
        "currency": intent.currency.lower(),
        "customer": intent.customer,
        "last_payment_error": _failure(intent),
        "latest_charge": charge_shape(intent, refunds) if intent.amount_received else None,
        "livemode": False,
        "metadata": _metadata(intent),
        "next_action": action if intent.status == "requires_action" else None,
        "payment_method": intent.method and method_shape(intent.method, intent.token or ""),
        "status": intent.status,
    }


def charge_shape(intent: SandboxIntent, refunds: Sequence[SandboxRefund]) -> Shape:
    return {
        "id": intent.id.replace("pi_", "ch_", 1),
        "object": "charge",
        "amount": intent.amount,
        "amount_captured": intent.amount_received,
        "amount_refunded": intent.amount_refunded,
        "currency": intent.currency.lower(),
        "disputed": intent.dispute is not None,
        "livemode": False,
        "metadata": _metadata(intent),
        "payment_intent": intent.id,
        "refunds": {"object": "list", "data": [refund_shape(refund, intent.currency) for refund in refunds]},
    }


def refund_shape(refund: SandboxRefund, currency: str) -> Shape:
    return {
        "id": refund.id,
        "object": "refund",
        "amount": refund.amount,
        "currency": currency.lower(),
        "metadata": {"refund_id": refund.refund_id},
        "payment_intent": refund.intent_id,
        "reason": refund.reason,
        "status": refund.status,
    }


def dispute_shape(intent: SandboxIntent) -> Shape:
    return {
        "id": intent.dispute,
        "object": "dispute",
        "amount": intent.amount_received,
        "currency": intent.currency.lower(),
        "livemode": False,
        "metadata": {},
        "payment_intent": intent.id,
        "reason": "fraudulent",
        "status": "needs_response",
    }


def customer_shape(customer: SandboxCustomer) -> Shape:
    return {"id": customer.id, "object": "customer", "metadata": {"user_id": customer.user_id}}


def setup_shape(setup: SandboxSetup, token: str | None) -> Shape:
    return {
        "id": setup.id,
        "object": "setup_intent",
        "client_secret": setup.client_secret,
        "customer": setup.customer,
        "livemode": False,
        "payment_method": method_shape(setup.method, token) if setup.method and token else None,
        "status": setup.status,
    }


def method_shape(identity: str, token: str) -> Shape:
    means = TOKENS[token]
    if means.type == "card":
        card = {"brand": means.brand, "last4": means.last4, "exp_month": means.exp_month, "exp_year": means.exp_year}
        return {"id": identity, "object": "payment_method", "type": "card", "card": card}
    account = {"bank_name": means.brand, "last4": means.last4}
    return {"id": identity, "object": "payment_method", "type": means.type, means.type: account}


def _metadata(intent: SandboxIntent) -> Shape:
    return {
        "payment_id": intent.payment_id,
        "order_id": intent.order_id,
        "order_number": intent.order_number,
    }


def _failure(intent: SandboxIntent) -> Shape | None:
    if intent.failure_code is None:
        return None
    return {"code": intent.failure_code, "decline_code": intent.decline_code, "message": intent.failure_message}
