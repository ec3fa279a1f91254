"""Payments' write side. Whoever changes payments of an order has locked it first."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import DateTime, String, Uuid, and_, not_, or_, select

from domain.orders.order import Order, OrderId
from domain.payments.payment import Payment, PaymentId, PaymentProvider, PaymentStatus
from domain.payments.refund import Refund, RefundId, RefundLine, RefundStatus
from domain.payments.returns import Return
from persistence.database import Transaction
from persistence.orders.repository import ORDERS
from persistence.orders.tables import orders
from persistence.payments.mappers import PAYMENT, REFUND
from persistence.payments.returns import SqlReturns
from persistence.payments.tables import payments, refund_lines, refunds
from persistence.statements import Statement, constant, few, inserting, parameter, updating

PAYMENTS, REFUNDS = PAYMENT.reading(None), REFUND.reading(None)
BEFORE = parameter("before", DateTime(timezone=True))
ADDED = tuple(column.name for column in payments.c if column.name != "updated_at")
CHANGING = (
    *("status", "amount_captured", "amount_refunded", "method", "failure", "next_action", "reference"),
    *("is_disputed", "is_closed"),
)
_REFUND_ADDED = tuple(column.name for column in refunds.c if column.name != "updated_at")
_ALL_REFUNDS = select(*REFUNDS.columns).join(payments, payments.c.id == refunds.c.payment_id)


def _unsettled() -> Statement:
    """What the provider has never heard of is left out, unless it may be on its way there."""
    asked = or_(payments.c.reference.is_not(None), payments.c.status == PaymentStatus.PROCESSING.value)
    found = (
        select(*PAYMENTS.columns)
        .where(and_(not_(payments.c.is_closed), asked, payments.c.updated_at < BEFORE))
        .order_by(payments.c.updated_at, payments.c.id)
    )
    return Statement(few(found))


class SqlPayments(SqlReturns):
    """Implements `domain.payments.work.PaymentRepository`."""

    ADD = inserting(payments, *ADDED)
    SAVE = updating(payments, *CHANGING)
    OF_ORDER = Statement(
        select(*PAYMENTS.columns).where(payments.c.order_id == parameter("order_id", Uuid())).order_by(payments.c.id)
    )
    BY_ID = Statement(select(*PAYMENTS.columns).where(payments.c.id == parameter("id", Uuid())))
    BY_REFERENCE = Statement(
        select(*PAYMENTS.columns).where(
            payments.c.provider == parameter("provider", String()),
            payments.c.reference == parameter("reference", String()),
        )
    )
    LOCK_ORDER = Statement(
        select(*ORDERS.columns)
        .where(orders.c.id.in_(select(payments.c.order_id).where(payments.c.id == parameter("id", Uuid()))))
        .with_for_update(key_share=True)
    )
    UNSETTLED = _unsettled()
    REFUNDS_OF = Statement(
        _ALL_REFUNDS.where(refunds.c.order_id == parameter("order_id", Uuid())).order_by(refunds.c.id)
    )
    REFUND = Statement(_ALL_REFUNDS.where(refunds.c.id == parameter("id", Uuid())))
    ADD_REFUND = inserting(refunds, *_REFUND_ADDED)
    ADD_REFUND_LINE = inserting(refund_lines, *(column.name for column in refund_lines.c))
    SAVE_REFUND = updating(refunds, "status", "reference")
    PENDING_REFUNDS = Statement(
        few(
            _ALL_REFUNDS.where(
                refunds.c.status == constant(RefundStatus.PENDING.value), refunds.c.updated_at < BEFORE
            ).order_by(refunds.c.updated_at, refunds.c.id),
        )
    )

    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction)
        self._transaction = transaction

    async def add(self, payment: Payment) -> None:
        await self._transaction.write(self.ADD, _values(payment))

    async def of_order(self, order_id: OrderId) -> Sequence[Payment]:
        return PAYMENTS.objects(await self._transaction.fetch(self.OF_ORDER, {"order_id": order_id}))

    async def save(self, payment: Payment) -> None:
        await self._transaction.write(self.SAVE, {**_values(payment), "of_id": payment.id})

    async def by_id(self, payment_id: PaymentId) -> Payment | None:
        return self._first(await self._transaction.fetch(self.BY_ID, {"id": payment_id}))

    async def lock_order(self, payment_id: PaymentId) -> Order | None:
        return next(iter(ORDERS.objects(await self._transaction.fetch(self.LOCK_ORDER, {"id": payment_id}))), None)

    async def by_reference(self, provider: PaymentProvider, reference: str) -> Payment | None:
        values = {"provider": provider.value, "reference": reference}
        return self._first(await self._transaction.fetch(self.BY_REFERENCE, values))

    async def unsettled(self, before: datetime, most: int) -> Sequence[Payment]:
        return PAYMENTS.objects(await self._transaction.fetch(self.UNSETTLED, {"before": before, "most": most}))

    async def refunds_of(self, order_id: OrderId) -> Sequence[Refund]:
        return REFUNDS.objects(await self._transaction.fetch(self.REFUNDS_OF, {"order_id": order_id}))

    async def refund(self, refund_id: RefundId) -> Refund | None:
        rows = await self._transaction.fetch(self.REFUND, {"id": refund_id})
        return next(iter(REFUNDS.objects(rows)), None)

    async def add_refund(self, refund: Refund, lines: Sequence[RefundLine]) -> None:
        await self._transaction.write(self.ADD_REFUND, _refund_values(refund))
        if lines:
            await self._transaction.write(self.ADD_REFUND_LINE, *map(asdict, lines))

    async def save_refund(self, refund: Refund) -> None:
        await self._transaction.write(self.SAVE_REFUND, {**_refund_values(refund), "of_id": refund.id})

    async def pending_refunds(self, before: datetime, most: int) -> Sequence[Refund]:
        return REFUNDS.objects(await self._transaction.fetch(self.PENDING_REFUNDS, {"before": before, "most": most}))

    async def take_back(self, one: Return, at: datetime) -> None:
        await self.returned(one, at)

    @staticmethod
    def _first(rows: Sequence[Any]) -> Payment | None:
        return next(iter(PAYMENTS.objects(rows)), None)


def _values(payment: Payment) -> Mapping[str, Any]:
    plain = ("id", "order_id", "user_id", "reference", "saved_payment_method_id", "is_disputed", "is_closed")
    amounts = ("amount", "amount_captured", "amount_refunded")
    return {
        **{name: getattr(payment, name) for name in plain},
        **{name: getattr(payment, name).amount for name in amounts},
        "provider": payment.provider.value,
        "status": payment.status.value,
        "currency_code": payment.amount.currency_code,
        "capture_method": payment.capture_method.value,
        **{name: json_text(getattr(payment, name)) for name in ("method", "failure", "next_action")},
        "created_at": payment.created_at,
    }


def _refund_values(refund: Refund) -> Mapping[str, Any]:
    plain = ("id", "order_id", "payment_id", "note", "reference", "created_at")
    return {
        **{name: getattr(refund, name) for name in plain},
        "amount": refund.amount.amount,
        "status": refund.status.value,
        "reason": refund.reason.value,
    }


def json_text(value: Any) -> str | None:
    """A dataclass of plain values as JSON; null stays null."""
    return None if value is None else orjson.dumps(value).decode()
