"""What our books say of the payments that a provider knows, to be held against its own."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Integer, String, Uuid, func, select
from sqlalchemy.dialects.postgresql import JSONB, array
from sqlalchemy.sql.expression import cast

from domain.payments.comparing import BookedPayment, BookedRefund
from domain.payments.payment import PaymentId, PaymentProvider, PaymentStatus
from domain.payments.refund import RefundId, RefundStatus
from domain.shared.money import Money
from persistence.database import Database
from persistence.payments.tables import payments, refunds
from persistence.statements import Statement, parameter

FIRST = PaymentId(UUID(int=0))
BATCH = 100
_ROW = array([cast(one, String) for one in (refunds.c.id, refunds.c.reference, refunds.c.amount, refunds.c.status)])
REFUNDS = (
    select(func.coalesce(func.jsonb_agg(func.to_jsonb(_ROW)), cast("[]", JSONB)))
    .where(refunds.c.payment_id == payments.c.id)
    .scalar_subquery()
)
BOOKED = select(
    *(payments.c.id, payments.c.reference, payments.c.status, payments.c.currency_code, payments.c.amount),
    *(payments.c.amount_captured, payments.c.amount_refunded, REFUNDS),
)
KNOWN = (payments.c.provider == parameter("provider", String()), payments.c.reference.is_not(None))


class SqlBooks:
    """All methods raise Unavailable."""

    COUNT = Statement(select(func.count()).select_from(payments).where(*KNOWN))
    AFTER = Statement(
        BOOKED.where(*KNOWN, payments.c.id > parameter("last", Uuid()))
        .order_by(payments.c.id)
        .limit(parameter("most", Integer()))
    )
    ONE = Statement(BOOKED.where(payments.c.id == parameter("id", Uuid())))

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, provider: PaymentProvider) -> int:
        """How many payments it knows."""
        return (await self._database.fetch(self.COUNT, {"provider": provider.value}))[0][0]

    async def after(self, provider: PaymentProvider, last: PaymentId) -> Sequence[BookedPayment]:
        """The next ones, by their ids."""
        asked = {"provider": provider.value, "last": last, "most": BATCH}
        return [_booked(row) for row in await self._database.fetch(self.AFTER, asked)]

    async def again(self, payment_id: PaymentId) -> BookedPayment:
        [row] = await self._database.fetch(self.ONE, {"id": payment_id})
        return _booked(row)


def _booked(row: Sequence[Any]) -> BookedPayment:
    identity, reference, status, currency, amount, captured, refunded, paid_back = row
    return BookedPayment(
        id=PaymentId(identity),
        reference=reference,
        status=PaymentStatus(status),
        amount=Money.of(amount, currency),
        amount_captured=Money.of(captured, currency),
        amount_refunded=Money.of(refunded, currency),
        refunds=[
            BookedRefund(RefundId(UUID(known)), told, Money.of(Decimal(paid), currency), RefundStatus(state))
            for known, told, paid, state in orjson.loads(paid_back)
        ],
    )
