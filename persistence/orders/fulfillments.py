"""Fulfilments' write side. Their order is locked first, and stays so until the unit of work ends."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Integer, Uuid, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.orders.fulfillment import Fulfillment, FulfillmentId
from domain.orders.order import Order
from domain.products.availability import TOPIC as STOCK
from domain.products.inventory import InventoryReason
from persistence.database import Transaction
from persistence.orders.mappers import ORDER
from persistence.orders.repository import LEDGER
from persistence.orders.tables import fulfillment_lines, fulfillments, lines, orders
from persistence.products.tables import adjustments, variants
from persistence.statements import Statement, inserting, parameter, updating

ORDERS = ORDER.reading(None)
FULFILLMENT_ID = parameter("fulfillment_id", Uuid())
MINE = fulfillment_lines.c.fulfillment_id == FULFILLMENT_ID
CHANGING = (
    *("status", "tracking_carrier", "tracking_number", "tracking_url", "estimated_delivery_at", "shipped_at"),
    "delivered_at",
)
RESERVED = func.least(fulfillment_lines.c.quantity, lines.c.quantity_reserved)
"""Of a packed line. Nothing, where stock was not counted when the order was placed; then it does not change now."""
COUNTED = (MINE, lines.c.id == fulfillment_lines.c.order_line_id, RESERVED > 0, lines.c.variant_id.is_not(None))


def _book_shipped() -> Statement:
    """A row of the ledger for each line whose stock is counted. What a variant that is gone had there went with it."""
    rows = select(
        *(func.gen_random_uuid(), lines.c.variant_id, -RESERVED, -RESERVED),
        *(literal(InventoryReason.SHIPPED.value), lines.c.order_id, parameter("at", DateTime(timezone=True))),
    ).where(*COUNTED)
    return Statement(insert(adjustments).from_select(LEDGER, rows))


def _ship_lines() -> Statement:
    packed = fulfillment_lines.c.quantity
    return Statement(
        update(lines)
        .where(MINE, lines.c.id == fulfillment_lines.c.order_line_id)
        .values(
            quantity_fulfilled=lines.c.quantity_fulfilled + packed,
            quantity_reserved=lines.c.quantity_reserved - RESERVED,
        )
    )


def _ship_units() -> Statement:
    units = parameter("units", Integer())
    return Statement(
        update(variants)
        .where(variants.c.id == parameter("variant_id", Uuid()))
        .values(on_hand=variants.c.on_hand - units, reserved=variants.c.reserved - units)
    )


class SqlFulfillments:
    """Implements `domain.orders.work.FulfillmentRepository`."""

    LOCK_ORDER = Statement(
        select(*ORDERS.columns)
        .where(
            orders.c.id == select(fulfillments.c.order_id).where(fulfillments.c.id == FULFILLMENT_ID).scalar_subquery()
        )
        .with_for_update(key_share=True)
    )
    ADD = inserting(fulfillments, "id", "order_id", "created_at", *CHANGING)
    ADD_LINE = inserting(fulfillment_lines, "fulfillment_id", "order_line_id", "quantity")
    SAVE = updating(fulfillments, *CHANGING)
    LEAVING = Statement(select(lines.c.variant_id, RESERVED).where(*COUNTED).order_by(lines.c.variant_id))
    SHIP_UNITS = _ship_units()
    BOOK_SHIPPED = _book_shipped()
    SHIP_LINES = _ship_lines()

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def lock_order(self, fulfillment_id: FulfillmentId) -> Order | None:
        rows = await self._transaction.fetch(self.LOCK_ORDER, {"fulfillment_id": fulfillment_id})
        return next(iter(ORDERS.objects(rows)), None)

    async def add(self, fulfillment: Fulfillment) -> None:
        new = {"id": fulfillment.id, "order_id": fulfillment.order_id, "created_at": fulfillment.created_at}
        await self._transaction.run(self.ADD, {**new, **_values(fulfillment)})
        packed = [
            {"fulfillment_id": fulfillment.id, "order_line_id": line.order_line_id, "quantity": line.quantity}
            for line in fulfillment.lines
        ]
        await self._transaction.run_many(self.ADD_LINE, packed)

    async def save(self, fulfillment: Fulfillment) -> None:
        await self._transaction.run(self.SAVE, {**_values(fulfillment), "of_id": fulfillment.id})

    async def ship(self, fulfillment: Fulfillment, at: datetime) -> None:
        """Variants by rising id, as orders that are placed lock them."""
        mine = {"fulfillment_id": fulfillment.id}
        for variant, units in await self._transaction.fetch(self.LEAVING, mine):
            self._transaction.tell(STOCK, variant)
            await self._transaction.run(self.SHIP_UNITS, {"variant_id": variant, "units": units})
        await self._transaction.run(self.BOOK_SHIPPED, {**mine, "at": at})
        await self._transaction.run(self.SHIP_LINES, mine)


def _values(fulfillment: Fulfillment) -> Mapping[str, Any]:
    tracking = fulfillment.tracking
    return {
        "status": fulfillment.status.value,
        "tracking_carrier": tracking and tracking.carrier,
        "tracking_number": tracking and tracking.number,
        "tracking_url": tracking and tracking.url,
        **{name: getattr(fulfillment, name) for name in ("estimated_delivery_at", "shipped_at", "delivered_at")},
    }
