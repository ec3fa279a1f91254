"""How events are read by those who follow: of some orders each after its own number, or of all in one order."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import asyncpg
from sqlalchemy import (
    BigInteger,
    Integer,
    SelectBase,
    Update,
    Uuid,
    and_,
    any_,
    column,
    func,
    literal,
    literal_column,
    select,
    true,
    update,
)

from domain.orders.events import OrderEventId
from domain.orders.order import OrderId
from domain.orders.stream import Placed
from domain.orders.tracking import PAGE, Known, OrderAccess, Place
from domain.shared.errors import InTheWay
from persistence.database import NO_ANSWER, Database
from persistence.grouping import grouped
from persistence.mapping import Query
from persistence.orders.mappers import EVENT
from persistence.orders.tables import events, orders
from persistence.products.listing import Columns
from persistence.statements import Statement, parameter, parameters

ACCESS = (orders.c.id, orders.c.user_id, orders.c.access_nonce, orders.c.events)
AT_ONCE = 1_000
"""Events that get their places in one transaction."""
LOCK = 0x50C0_0001
"""Of PostgreSQL's advisory locks: its holder gives places to events."""


def _after(columns: Columns) -> SelectBase:
    """Behind the event's columns: the order's access, and the number that was asked for."""
    asked = (
        func.unnest(parameters("keys", Uuid()), parameters("numbers", Integer()))
        .table_valued(column("order_id", Uuid()), column("number", Integer()), name="asked")
        .render_derived()
    )
    rows = (
        select(*columns, events.c.sequence.label("place_in_order"))
        .where(events.c.order_id == asked.c.order_id, events.c.sequence > asked.c.number)
        .order_by(events.c.sequence)
        .limit(PAGE)
        .lateral("page")
    )
    return (
        select(*[one for one in rows.c if one.name != "place_in_order"], *ACCESS, asked.c.number)
        .select_from(asked.join(orders, orders.c.id == asked.c.order_id).join(rows, true()))
        .order_by(rows.c.place_in_order)
    )


class SqlTrackedOrders:
    """Implements `domain.orders.tracking.TrackedOrders`."""

    ACCESS = Statement(select(*ACCESS).where(orders.c.id == any_(parameters("keys", Uuid()))))
    AFTER = Query(EVENT, _after)

    def __init__(self, database: Database) -> None:
        self._database = database

    async def access(self, ids: Collection[OrderId]) -> Mapping[OrderId, OrderAccess]:
        found = await self._database.fetch(self.ACCESS, {"keys": list(ids)})
        return {OrderId(row[0]): _access(row) for row in found}

    async def after(self, places: Collection[Place]) -> Mapping[Place, Sequence[Known]]:
        values = {"keys": [order_id for order_id, _ in places], "numbers": [number for _, number in places]}
        found, rows = await self.AFTER.ask(self._database, values, None)
        behind = [row[-len(ACCESS) - 1 :] for row in rows]
        return grouped(
            ((event.order_id, number), (_access(access), event))
            for event, (*access, number) in zip(found, behind, strict=True)
        )


def _access(row: Sequence[Any]) -> OrderAccess:
    order_id, user_id, nonce, newest = row
    return OrderAccess(order_id, user_id, nonce, newest)


def _settle() -> Update:
    """Within an order, places rise with the events' numbers, whatever the clocks of the processes say.

    Whole orders come one after the other where there is more than fits: their ids rise with time.
    """
    waiting = (
        select(events.c.order_id, events.c.sequence, events.c.occurred_at)
        .where(events.c.position.is_(None))
        .order_by(events.c.order_id, events.c.sequence)
        .limit(literal_column(str(AT_ONCE)))
        .cte("waiting")
    )
    reached = func.max(waiting.c.occurred_at).over(partition_by=waiting.c.order_id, order_by=waiting.c.sequence)
    timed = select(waiting.c.order_id, waiting.c.sequence, reached.label("reached")).cte("timed")
    place = func.row_number().over(order_by=(timed.c.reached, timed.c.order_id, timed.c.sequence))
    placed = select(timed.c.order_id, timed.c.sequence, place.label("place")).cte("placed")
    last = select(func.coalesce(func.max(events.c.position), literal(0))).scalar_subquery()
    return (
        update(events)
        .where(and_(events.c.order_id == placed.c.order_id, events.c.sequence == placed.c.sequence))
        .values(position=last + placed.c.place)
    )


def _placed(columns: Columns) -> SelectBase:
    return (
        select(*columns, events.c.position)
        .join_from(events, orders, orders.c.id == events.c.order_id)
        .where(events.c.position > parameter("place", BigInteger()))
        .order_by(events.c.position)
        .limit(parameter("most", Integer()))
    )


class SqlOrderedEvents:
    """Implements `domain.orders.stream.OrderedEvents`.

    A number that an event got when it was written would be no place among all: a transaction that began earlier may
    commit later, and whoever had read on to a higher number would never see it. So places are given after the commit,
    by one transaction at a time: what one of them sees, it numbers behind everything that was numbered before, and
    what it does not see yet comes behind in the next one. Writers wait for nobody, unlike with a lock around each
    commit; and no long transaction elsewhere holds events back, nor does a restored dump turn their order around, as
    with the numbers of PostgreSQL's transactions.
    """

    LOCK = Statement(select(func.pg_advisory_xact_lock(parameter("lock", BigInteger()))))
    SETTLE = Statement(_settle())
    NEWEST = Statement(select(func.coalesce(func.max(events.c.position), literal(0))))
    PLACE = Statement(select(events.c.position).where(events.c.id == parameter("event", Uuid())))
    AFTER = Query(EVENT, _placed)

    def __init__(self, database: Database) -> None:
        self._database = database

    async def settle(self) -> None:
        while await self._settle_some() == AT_ONCE:
            pass

    async def _settle_some(self) -> int:
        """How many. The lock has a statement of its own: what the next one sees is what was there after waiting."""
        try:
            async with self._database.transaction() as transaction:
                await transaction.fetch(self.LOCK, {"lock": LOCK})
                done = await transaction.run(self.SETTLE, {})
                await transaction.commit()
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as failure:
            raise InTheWay(NO_ANSWER) from failure
        return done

    async def newest(self) -> int:
        return (await self._database.fetch(self.NEWEST, {}))[0][0]

    async def place(self, event_id: OrderEventId) -> int | None:
        found = await self._database.fetch(self.PLACE, {"event": event_id})
        return found[0][0] if found else None

    async def after(self, place: int, most: int) -> Sequence[Placed]:
        found, rows = await self.AFTER.ask(self._database, {"place": place, "most": most}, None)
        return [(row[-1], event) for event, row in zip(found, rows, strict=True)]
