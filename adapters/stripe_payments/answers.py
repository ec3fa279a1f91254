"""What Stripe's objects say, in our words."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from adapters.stripe_payments.amounts import from_stripe
from adapters.stripe_payments.calls import discreet
from domain.payments.gateway import Intent, ProviderRefund, Setup
from domain.payments.payment import (
    CaptureMethod,
    PaymentFailure,
    PaymentId,
    PaymentMethodDetails,
    PaymentNextAction,
    PaymentStatus,
)
from domain.payments.refund import RefundId, RefundStatus
from domain.shared.money import Money

Object = Mapping[str, Any]

STATUSES: Mapping[str, PaymentStatus] = {
    "requires_payment_method": PaymentStatus.REQUIRES_PAYMENT_METHOD,
    "requires_confirmation": PaymentStatus.REQUIRES_CONFIRMATION,
    "requires_action": PaymentStatus.REQUIRES_ACTION,
    "processing": PaymentStatus.PROCESSING,
    "requires_capture": PaymentStatus.AUTHORIZED,
    "succeeded": PaymentStatus.CAPTURED,
    "canceled": PaymentStatus.CANCELED,
}
REFUND_STATUSES: Mapping[str, RefundStatus] = {
    "pending": RefundStatus.PENDING,
    "requires_action": RefundStatus.PENDING,
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.CANCELED,
}
EXPAND = ["latest_charge.refunds", "payment_method"]
"""What `intent_of` looks at and Stripe leaves out unless asked."""
_PLACES = ("url", "hosted_voucher_url", "hosted_verification_url", "hosted_instructions_url")
"""Where the different next actions name a page for the buyer."""


class Unreadable(Exception):
    """Stripe's answer is not as its documentation says."""


def intent_of(given: Object) -> Intent:
    """A payment intent, with the refunds that are in it.

    Raises:
        Unreadable: it is none.
    """
    try:
        return _intent(given)
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as odd:
        raise Unreadable(f"a payment intent with an odd {type(odd).__name__}") from None


def refund_of(given: Object) -> ProviderRefund:
    """Raises: Unreadable: it is no refund."""
    try:
        return _refund(given)
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as odd:
        raise Unreadable(f"a refund with an odd {type(odd).__name__}") from None


def setup_of(given: Object) -> Setup:
    """Raises: Unreadable: it is no setup intent."""
    try:
        method = part(given, "payment_method")
        return Setup(
            reference=str(given["id"]),
            customer=id_of(given.get("customer")),
            is_complete=given["status"] == "succeeded",
            method_reference=id_of(given.get("payment_method")),
            method=_details(method) if method else None,
            client_secret=given.get("client_secret"),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as odd:
        raise Unreadable(f"a setup intent with an odd {type(odd).__name__}") from None


def id_of(thing: Any) -> str | None:
    """Of a thing that may be expanded, or missing."""
    if isinstance(thing, str):
        return thing
    return str(thing["id"]) if thing else None


def uuid_of(text: Any) -> UUID | None:
    """None for what is not ours: anybody with access to the account can write metadata."""
    try:
        return UUID(text)
    except (ValueError, TypeError, AttributeError):
        return None


def has_more_refunds(given: Object) -> bool:
    """Whether `given`, a payment intent, holds only the newest of its refunds."""
    return part(part(given, "latest_charge"), "refunds").get("has_more") is True


def part(given: Object, name: str) -> Object:
    """An object inside of `given`; empty where there is none, or only its id."""
    inner = given.get(name)
    return cast("Object", inner) if isinstance(inner, Mapping) else {}


def _intent(given: Object) -> Intent:
    currency = given["currency"]
    charge = part(given, "latest_charge")
    status, payment_id = _status(given), uuid_of(part(given, "metadata").get("payment_id"))
    captured = status is PaymentStatus.CAPTURED
    method = _method(given, charge)
    return Intent(
        reference=str(given["id"]),
        payment_id=None if payment_id is None else PaymentId(payment_id),
        status=status,
        amount=from_stripe(given["amount"], currency),
        amount_captured=from_stripe(given["amount_received"], currency) if captured else _nothing(currency),
        capture_method=CaptureMethod.MANUAL if given["capture_method"] == "manual" else CaptureMethod.AUTOMATIC,
        is_live=given["livemode"] is True,
        method=None if method is None else _details(method),
        method_reference=_method_id(given),
        failure=_failure(given),
        next_action=_next_action(given),
        is_disputed=charge.get("disputed") is True,
        refunds=_refunds(charge),
        client_secret=given.get("client_secret"),
    )


def _nothing(currency: str) -> Money:
    return Money.zero(currency.upper())


def _status(given: Object) -> PaymentStatus:
    status = STATUSES[given["status"]]
    if status is PaymentStatus.REQUIRES_PAYMENT_METHOD and given.get("last_payment_error"):
        return PaymentStatus.FAILED
    return status


def _failure(given: Object) -> PaymentFailure | None:
    error = part(given, "last_payment_error")
    if not error or _status(given) is not PaymentStatus.FAILED:
        return None
    message = discreet(error.get("message") or "The payment was declined.")
    return PaymentFailure(error.get("code") or error["type"], error.get("decline_code"), message)


def _method(given: Object, charge: Object) -> Object | None:
    """Whichever tells of the means of payment: after a failure the intent has none, but the error does."""
    tried = part(part(given, "last_payment_error"), "payment_method")
    return part(given, "payment_method") or part(charge, "payment_method_details") or tried or None


def _method_id(given: Object) -> str | None:
    return id_of(given.get("payment_method")) or id_of(part(given, "last_payment_error").get("payment_method"))


def _details(method: Object) -> PaymentMethodDetails:
    kind = str(method["type"])
    shown = part(method, kind)
    return PaymentMethodDetails(
        kind, shown.get("brand"), shown.get("last4"), shown.get("exp_month"), shown.get("exp_year")
    )


def _next_action(given: Object) -> PaymentNextAction | None:
    action = part(given, "next_action")
    if not action:
        return None
    kind = str(action["type"])
    told = part(action, kind)
    return PaymentNextAction(kind, next((told[place] for place in _PLACES if isinstance(told.get(place), str)), None))


def _refunds(charge: Object) -> Sequence[ProviderRefund]:
    return tuple(_refund(one) for one in part(charge, "refunds").get("data", ()))


def _refund(given: Object) -> ProviderRefund:
    ours = uuid_of(part(given, "metadata").get("refund_id"))
    return ProviderRefund(
        reference=str(given["id"]),
        amount=from_stripe(given["amount"], given["currency"]),
        status=REFUND_STATUSES[given["status"]],
        refund_id=None if ours is None else RefundId(ours),
    )
