"""What may become of an intent, its refunds and a setup, and what the shop is told of it. No I/O.

The rules are those of https://docs.stripe.com/payments/paymentintents/lifecycle.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.sandbox.tokens import NOT_AUTHENTICATED, TOKENS, Course, Means, RefundCourse
from domain.payments.gateway import ProviderRefused
from domain.payments.payment import CaptureMethod, PaymentFailure
from domain.payments.sandbox import SandboxIntent, SandboxMethod, SandboxRefund

SETTLING = timedelta(seconds=3)
"""How long a bank takes. In the world it is days."""
CONFIRMABLE = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})
SETTLED = frozenset({"succeeded", "canceled"})
UNEXPECTED = "payment_intent_unexpected_state"
MONEY_CAME = "payment_intent.succeeded"
MISSING = "resource_missing"


@dataclass(frozen=True, slots=True)
class Change:
    """`events` are the types of those to send, about the intent, or about the refund where the type says so."""

    intent: SandboxIntent
    events: Sequence[str] = ()
    refund: SandboxRefund | None = None


def means_of(token: str | None) -> Means:
    """Raises: ProviderRefused: there is no such token."""
    found = TOKENS.get(token or "")
    if found is None:
        raise ProviderRefused(MISSING, f"No such PaymentMethod: {token!r}.")
    return found


def confirmed(intent: SandboxIntent, method: SandboxMethod, return_url: str, dispute: str, at: datetime) -> Change:
    """Pay with `method`; `dispute` is the id of the dispute that may come of it.

    Raises:
        ProviderRefused: it is paid, being processed or canceled, or cannot be paid in this way.
    """
    if intent.status not in CONFIRMABLE:
        raise _unexpected(intent, "confirmed")
    means = means_of(method.token)
    if means.course is Course.BY_THE_BANK and intent.capture_method == CaptureMethod.MANUAL.value:
        raise ProviderRefused(
            "payment_intent_incompatible_payment_method", "A bank account cannot be authorized and captured later."
        )
    tried = replace(_untried(intent), method=method.id, token=method.token, return_url=return_url)
    match means.course:
        case Course.DECLINED:
            return _failed(tried, means.failure)
        case Course.ASKS_THE_BUYER:
            return Change(replace(tried, status="requires_action"), ("payment_intent.requires_action",))
        case Course.BY_THE_BANK:
            return Change(replace(tried, status="processing", settles_at=at + SETTLING), ("payment_intent.processing",))
        case Course.AT_ONCE:
            return _authorized(tried, means, dispute)


def decided(intent: SandboxIntent, dispute: str, *, approved: bool) -> Change:
    """The buyer approves of a payment or refuses it. Raises: ProviderRefused: nobody waits for that any more."""
    if intent.status != "requires_action":
        raise _unexpected(intent, "approved or refused")
    if approved:
        return _authorized(intent, means_of(intent.token), dispute)
    return _failed(intent, NOT_AUTHENTICATED)


def captured(intent: SandboxIntent, amount: int, dispute: str) -> Change:
    """Take so much of what is authorized, and let the rest go. Raises: ProviderRefused: that cannot be done."""
    if intent.status != "requires_capture":
        raise _unexpected(intent, "captured")
    if not 0 < amount <= intent.amount:
        raise ProviderRefused("amount_too_large", f"{amount} cannot be captured of {intent.amount}.")
    return _taken(intent, amount, means_of(intent.token), dispute)


def canceled(intent: SandboxIntent) -> Change:
    """Nothing comes of it any more. What is paid, canceled or at the bank stays as it is."""
    if intent.status in {"succeeded", "processing", "canceled"}:
        return Change(intent)
    return Change(replace(intent, status="canceled"), ("payment_intent.canceled",))


def refunded(intent: SandboxIntent, refund: SandboxRefund) -> Change:
    """Pay back. Raises: ProviderRefused: it was not paid, is disputed, or so much is not left of it."""
    left = intent.amount_received - intent.amount_refunded
    if intent.status != "succeeded":
        raise _unexpected(intent, "refunded")
    if intent.dispute is not None:
        raise ProviderRefused("charge_disputed", "The payment is disputed: its money is with the bank.")
    if not left:
        raise ProviderRefused("charge_already_refunded", "The whole payment has been refunded already.")
    if not 0 < refund.amount <= left:
        raise ProviderRefused("amount_too_large", f"{refund.amount} cannot be refunded of {left}.")
    after = replace(intent, amount_refunded=intent.amount_refunded + refund.amount)
    match means_of(intent.token).refunds:
        case RefundCourse.AT_ONCE:
            new = replace(refund, status="succeeded")
        case RefundCourse.PENDING:
            new = replace(refund, status="pending", settles_at=refund.created_at + SETTLING, settles_to="succeeded")
        case RefundCourse.RETURNED:
            new = replace(refund, status="succeeded", settles_at=refund.created_at + SETTLING, settles_to="failed")
    return Change(after, ("refund.created", "charge.refunded"), new)


def settled(intent: SandboxIntent, at: datetime, dispute: str) -> Change:
    """The bank's answer, if it is due."""
    if intent.status != "processing" or intent.settles_at is None or intent.settles_at > at:
        return Change(intent)
    means, answered = means_of(intent.token), replace(intent, settles_at=None)
    return _failed(answered, means.failure) if means.failure else _authorized(answered, means, dispute)


def refund_settled(intent: SandboxIntent, refund: SandboxRefund, at: datetime) -> Change:
    """The bank's answer to a refund, if it is due."""
    if refund.settles_at is None or refund.settles_to is None or refund.settles_at > at:
        return Change(intent)
    after = replace(refund, status=refund.settles_to, settles_at=None, settles_to=None)
    if after.status != "failed":
        return Change(intent, ("refund.updated",), after)
    again = replace(intent, amount_refunded=intent.amount_refunded - refund.amount)
    return Change(again, ("refund.updated", "refund.failed"), after)


def _untried(intent: SandboxIntent) -> SandboxIntent:
    return replace(intent, failure_code=None, decline_code=None, failure_message=None, settles_at=None)


def _authorized(intent: SandboxIntent, means: Means, dispute: str) -> Change:
    if intent.capture_method == CaptureMethod.MANUAL.value:
        return Change(replace(intent, status="requires_capture"), ("payment_intent.amount_capturable_updated",))
    return _taken(intent, intent.amount, means, dispute)


def _taken(intent: SandboxIntent, amount: int, means: Means, dispute: str) -> Change:
    after = replace(intent, status="succeeded", amount_received=amount)
    if means.is_disputed:
        return Change(replace(after, dispute=dispute), (MONEY_CAME, "charge.dispute.created"))
    return Change(after, (MONEY_CAME,))


def _failed(intent: SandboxIntent, failure: PaymentFailure | None) -> Change:
    if failure is None:
        raise ValueError("what fails has a reason")
    after = replace(
        intent,
        status="requires_payment_method",
        failure_code=failure.code,
        decline_code=failure.decline_code,
        failure_message=failure.message,
    )
    return Change(after, ("payment_intent.payment_failed",))


def _unexpected(intent: SandboxIntent, what: str) -> ProviderRefused:
    return ProviderRefused(UNEXPECTED, f"A PaymentIntent with status {intent.status} cannot be {what}.")
