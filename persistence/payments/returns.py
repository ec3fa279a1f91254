"""What paying back units does to an order's lines and to the stock."""

from datetime import datetime

from sqlalchemy import DateTime, Integer, Uuid, and_, func, insert, literal, select, update

from domain.payments.returns import Return
from domain.products.availability import TOPIC as STOCK
from domain.products.inventory import InventoryReason
from persistence.database import Transaction
from persistence.orders.repository import LEDGER
from persistence.orders.tables import lines
from persistence.products.tables import adjustments, variants
from persistence.statements import Statement, parameter

LINE = parameter("line_id", Uuid())
UNITS = parameter("units", Integer())
AT = parameter("at", DateTime(timezone=True))


def _counted() -> Statement:
    """On the line. What was reserved for units that are not sent any more is reserved no longer."""
    not_sent = parameter("not_sent", Integer())
    return Statement(
        update(lines)
        .where(lines.c.id == LINE)
        .values(
            quantity_refunded=lines.c.quantity_refunded + parameter("refunded", Integer()),
            quantity_canceled=lines.c.quantity_canceled + not_sent,
            quantity_returned=lines.c.quantity_returned + parameter("came_back", Integer()),
            quantity_reserved=lines.c.quantity_reserved - func.least(lines.c.quantity_reserved, not_sent),
        )
    )


def _moved(reason: InventoryReason, on_hand: int, reserved: int) -> Statement:
    """In stock, and in the ledger, where the line's variant still is there and counted."""
    of_line = and_(lines.c.id == LINE, lines.c.variant_id == variants.c.id, variants.c.tracked)
    moved = (
        update(variants)
        .where(of_line)
        .values(on_hand=variants.c.on_hand + on_hand * UNITS, reserved=variants.c.reserved + reserved * UNITS)
        .returning(variants.c.id, lines.c.order_id)
        .cte("moved")
    )
    row = select(
        *(func.gen_random_uuid(), moved.c.id, on_hand * UNITS, reserved * UNITS),
        *(literal(reason.value), moved.c.order_id, AT),
    )
    return Statement(insert(adjustments).from_select(LEDGER, row))


class SqlReturns:
    RESERVED = Statement(select(lines.c.quantity_reserved).where(lines.c.id == LINE))
    COUNTED = _counted()
    RELEASED = _moved(InventoryReason.RELEASED, on_hand=0, reserved=-1)
    RETURNED = _moved(InventoryReason.RETURNED, on_hand=1, reserved=0)

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def returned(self, one: Return, at: datetime) -> None:
        """Units that were not counted when the order was placed had nothing reserved for them."""
        line = {"line_id": one.line.id, "at": at}
        reserved = (await self._transaction.fetch(self.RESERVED, line))[0][0]
        counts = {"refunded": one.quantity, "not_sent": one.not_sent, "came_back": one.came_back}
        await self._transaction.run(self.COUNTED, {**line, **counts})
        freed = min(reserved, one.not_sent)
        if one.line.variant_id is not None and (freed or one.came_back):
            self._transaction.tell(STOCK, one.line.variant_id)
        if freed:
            await self._transaction.run(self.RELEASED, {**line, "units": freed})
        if one.came_back:
            await self._transaction.run(self.RETURNED, {**line, "units": one.came_back})
