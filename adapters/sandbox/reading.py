"""What the sandbox answers, in the words of the shop."""

from collections.abc import Sequence
from uuid import UUID

from adapters.sandbox.shapes import Shape
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

_STATUSES = {
    "requires_payment_method": PaymentStatus.REQUIRES_PAYMENT_METHOD,
    "requires_confirmation": PaymentStatus.REQUIRES_CONFIRMATION,
    "requires_action": PaymentStatus.REQUIRES_ACTION,
    "processing": PaymentStatus.PROCESSING,
    "requires_capture": PaymentStatus.AUTHORIZED,
    "succeeded": PaymentStatus.CAPTURED,
    "canceled": PaymentStatus.CANCELED,
}


def intent_of(shape: Shape) -> Intent:
    status, error, action = _STATUSES[shape["status"]], shape["last_payment_error"], shape["next_action"]
    failure = error and status is PaymentStatus.REQUIRES_PAYMENT_METHOD and _failure_of(error)
    charge, method = shape["latest_charge"], shape["payment_method"]
    return Intent(
        reference=shape["id"],
        payment_id=PaymentId(UUID(shape["metadata"]["payment_id"])),
        status=PaymentStatus.FAILED if failure else status,
        amount=_money(shape, "amount"),
        amount_captured=_money(shape, "amount_received"),
        capture_method=CaptureMethod(shape["capture_method"]),
        is_live=shape["livemode"],
        method=method and details_of(method),
        method_reference=method and method["id"],
        failure=failure or None,
        next_action=action and PaymentNextAction(action["type"], action["redirect_to_url"]["url"]),
        is_disputed=charge is not None and charge["disputed"],
        refunds=[refund_of(refund) for refund in _refunds_of(charge)],
        client_secret=shape["client_secret"],
    )


def _failure_of(error: Shape) -> PaymentFailure:
    return PaymentFailure(error["code"], error["decline_code"], error["message"])


def _refunds_of(charge: Shape | None) -> Sequence[Shape]:
    return () if charge is None else charge["refunds"]["data"]


def refund_of(shape: Shape) -> ProviderRefund:
    return ProviderRefund(
        reference=shape["id"],
        amount=_money(shape, "amount"),
        status=RefundStatus(shape["status"]),
        refund_id=RefundId(UUID(shape["metadata"]["refund_id"])),
    )


def setup_of(shape: Shape) -> Setup:
    method = shape["payment_method"]
    return Setup(
        reference=shape["id"],
        customer=shape["customer"],
        is_complete=shape["status"] == "succeeded",
        method_reference=method and method["id"],
        method=method and details_of(method),
        client_secret=shape["client_secret"],
    )


def details_of(method: Shape) -> PaymentMethodDetails:
    what = method[method["type"]]
    brand = what.get("brand") or what.get("bank_name")
    return PaymentMethodDetails(method["type"], brand, what["last4"], what.get("exp_month"), what.get("exp_year"))


def _money(shape: Shape, name: str) -> Money:
    return Money.of_units(shape[name], shape["currency"].upper())
