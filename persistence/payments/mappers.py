"""From which columns payments, refunds and saved means of payment are made."""

from typing import Any, TypeVar

import orjson

from domain.payments.payment import (
    CaptureMethod,
    Payment,
    PaymentFailure,
    PaymentMethodDetails,
    PaymentNextAction,
    PaymentProvider,
    PaymentStatus,
    SavedPaymentMethod,
)
from domain.payments.refund import Refund, RefundLine, RefundReason, RefundStatus
from persistence.mapping import Mapper, Source, enum_of, made_by
from persistence.payments.tables import payments, refund_lines, refunds, saved_methods
from persistence.products.mappers import money

T = TypeVar("T")


def _json(kind: type[T], column: Any) -> Source:
    """Null stays null."""

    def read(text: str | None) -> T | None:
        return None if text is None else kind(**orjson.loads(text))

    return made_by(read, column)


PAYMENT = Mapper(
    Payment,
    {
        "id": payments.c.id,
        "order_id": payments.c.order_id,
        "user_id": payments.c.user_id,
        "provider": enum_of(PaymentProvider, payments.c.provider),
        "status": enum_of(PaymentStatus, payments.c.status),
        "amount": made_by(money, payments.c.amount, payments.c.currency_code),
        "amount_captured": made_by(money, payments.c.amount_captured, payments.c.currency_code),
        "amount_refunded": made_by(money, payments.c.amount_refunded, payments.c.currency_code),
        "capture_method": enum_of(CaptureMethod, payments.c.capture_method),
        "method": _json(PaymentMethodDetails, payments.c.method),
        "failure": _json(PaymentFailure, payments.c.failure),
        "next_action": _json(PaymentNextAction, payments.c.next_action),
        "reference": payments.c.reference,
        "saved_payment_method_id": payments.c.saved_payment_method_id,
        "is_disputed": payments.c.is_disputed,
        "is_closed": payments.c.is_closed,
        "created_at": payments.c.created_at,
        "updated_at": payments.c.updated_at,
    },
    properties={"owner": ("user_id", "order_id"), "is_open": ("status",)},
    always=("id", "order_id", "user_id"),
)
REFUND = Mapper(
    Refund,
    {
        "id": refunds.c.id,
        "order_id": refunds.c.order_id,
        "payment_id": refunds.c.payment_id,
        "amount": made_by(money, refunds.c.amount, payments.c.currency_code),
        "status": enum_of(RefundStatus, refunds.c.status),
        "reason": enum_of(RefundReason, refunds.c.reason),
        "note": refunds.c.note,
        "reference": refunds.c.reference,
        "created_at": refunds.c.created_at,
        "updated_at": refunds.c.updated_at,
    },
    always=("id", "order_id"),
)
REFUND_LINE = Mapper(
    RefundLine,
    {
        "refund_id": refund_lines.c.refund_id,
        "order_line_id": refund_lines.c.order_line_id,
        "quantity": refund_lines.c.quantity,
        "restocked": refund_lines.c.restocked,
    },
    always=(),
)
SAVED = Mapper(
    SavedPaymentMethod,
    {
        "id": saved_methods.c.id,
        "user_id": saved_methods.c.user_id,
        "provider": enum_of(PaymentProvider, saved_methods.c.provider),
        "reference": saved_methods.c.reference,
        "details": _json(PaymentMethodDetails, saved_methods.c.details),
        "is_default": saved_methods.c.is_default,
        "created_at": saved_methods.c.created_at,
    },
    always=("id", "user_id"),
)
