"""Payments' read side."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, SelectBase, Uuid, any_, select

from domain.orders.order import OrderId
from domain.payments.payment import Payment, PaymentId, SavedPaymentMethod, SavedPaymentMethodId
from domain.payments.refund import Refund, RefundId, RefundLine
from domain.shared.reading import Wanted
from domain.users.user import UserId
from persistence.database import Database
from persistence.grouping import gathered, keyed
from persistence.mapping import Query
from persistence.payments.mappers import PAYMENT, REFUND, REFUND_LINE, SAVED
from persistence.payments.tables import payments, refund_lines, refunds, saved_methods
from persistence.products.listing import Columns
from persistence.statements import parameters

KEYS = parameters("keys", Uuid())


def _payments(columns: Columns, key: ColumnElement[Any]) -> SelectBase:
    return select(*columns, key.label("key")).where(key == any_(KEYS)).order_by(payments.c.id)


def _refunds(columns: Columns, key: ColumnElement[Any]) -> SelectBase:
    return (
        select(*columns, key.label("key"))
        .join(payments, payments.c.id == refunds.c.payment_id)
        .where(key == any_(KEYS))
        .order_by(refunds.c.id)
    )


def _lines(columns: Columns) -> SelectBase:
    key = refund_lines.c.refund_id
    return select(*columns, key.label("key")).where(key == any_(KEYS)).order_by(refund_lines.c.order_line_id)


def _saved(columns: Columns, key: ColumnElement[Any]) -> SelectBase:
    return select(*columns, key.label("key")).where(key == any_(KEYS)).order_by(saved_methods.c.id)


class SqlPaymentReader:
    """Implements `domain.payments.reading.PaymentReader`."""

    PAYMENTS = Query(PAYMENT, _payments)
    REFUNDS = Query(REFUND, _refunds)
    LINES = Query(REFUND_LINE, _lines)
    SAVED = Query(SAVED, _saved)

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_ids(self, ids: Sequence[PaymentId], *, wanted: Wanted = None) -> Mapping[PaymentId, Payment]:
        return keyed(await self.PAYMENTS.ask(self._database, {"keys": ids}, wanted, payments.c.id))

    async def of_orders(self, ids: Sequence[OrderId], *, wanted: Wanted = None) -> Mapping[OrderId, Sequence[Payment]]:
        return gathered(await self.PAYMENTS.ask(self._database, {"keys": ids}, wanted, payments.c.order_id))

    async def refunds(self, ids: Sequence[RefundId], *, wanted: Wanted = None) -> Mapping[RefundId, Refund]:
        return keyed(await self.REFUNDS.ask(self._database, {"keys": ids}, wanted, refunds.c.id))

    async def refunds_of(self, ids: Sequence[OrderId], *, wanted: Wanted = None) -> Mapping[OrderId, Sequence[Refund]]:
        return gathered(await self.REFUNDS.ask(self._database, {"keys": ids}, wanted, refunds.c.order_id))

    async def refund_lines(self, ids: Sequence[RefundId]) -> Mapping[RefundId, Sequence[RefundLine]]:
        return gathered(await self.LINES.ask(self._database, {"keys": ids}, None))

    async def saved(
        self, ids: Sequence[SavedPaymentMethodId], *, wanted: Wanted = None
    ) -> Mapping[SavedPaymentMethodId, SavedPaymentMethod]:
        return keyed(await self.SAVED.ask(self._database, {"keys": ids}, wanted, saved_methods.c.id))

    async def saved_of(
        self, ids: Sequence[UserId], *, wanted: Wanted = None
    ) -> Mapping[UserId, Sequence[SavedPaymentMethod]]:
        return gathered(await self.SAVED.ask(self._database, {"keys": ids}, wanted, saved_methods.c.user_id))
