"""Orders' read side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    LargeBinary,
    Numeric,
    SelectBase,
    String,
    Uuid,
    any_,
    func,
    select,
    true,
)

from domain.orders.events import OrderEvent, OrderEventId
from domain.orders.fulfillment import Fulfillment, FulfillmentId
from domain.orders.listing import OrderListing, OrderScope, OrderSortField
from domain.orders.order import Order, OrderId, OrderLine, OrderLineId
from domain.orders.reading import EventScope, EventsKey, OrdersKey
from domain.shared.paging import Page, Position, cut
from domain.shared.reading import Wanted
from persistence.database import Database
from persistence.grouping import gathered, grouped, keyed
from persistence.mapping import Query
from persistence.orders.mappers import EVENT, FULFILLMENT, LINE, ORDER
from persistence.orders.tables import events, fulfillments, lines, orders
from persistence.paging import ROW_LIMIT, Keyset, WindowPlan, window_values
from persistence.products.listing import Columns
from persistence.statements import Statement, parameter, parameters

Shape = tuple[str, ...]


def _by(key: ColumnElement[Any], type_: Any = None) -> Keyset:
    return Keyset(key, orders.c.id, type_ or key.type)


KEYSETS: Mapping[str, Keyset] = {
    OrderSortField.PLACED_AT.value: _by(orders.c.placed_at),
    OrderSortField.UPDATED_AT.value: _by(orders.c.updated_at),
    OrderSortField.TOTAL.value: _by(orders.c.total, Numeric()),
    OrderSortField.NUMBER.value: _by(orders.c.number),
}
IN_SEQUENCE = Keyset(events.c.sequence, events.c.id, events.c.sequence.type)
INSTANT = DateTime(timezone=True)


@dataclass(frozen=True, slots=True)
class Condition:
    """How one condition is written, and its value in a scope (None when it is not given)."""

    name: str
    value: Callable[[OrderScope], object]
    clause: ColumnElement[bool]


def _values_of(statuses: Sequence[Any] | None) -> list[str] | None:
    return None if statuses is None else [status.value for status in statuses]


CONDITIONS = (
    Condition("status", lambda s: _values_of(s.status), orders.c.status == any_(parameters("status", String()))),
    Condition(
        "payment_status",
        lambda s: _values_of(s.payment_status),
        orders.c.payment_status == any_(parameters("payment_status", String())),
    ),
    Condition(
        "fulfillment_status",
        lambda s: _values_of(s.fulfillment_status),
        orders.c.fulfillment_status == any_(parameters("fulfillment_status", String())),
    ),
    Condition("placed_after", lambda s: s.placed_after, orders.c.placed_at > parameter("placed_after", INSTANT)),
    Condition("placed_before", lambda s: s.placed_before, orders.c.placed_at < parameter("placed_before", INSTANT)),
    Condition("user_id", lambda s: s.user_id, orders.c.user_id == parameter("user_id", Uuid())),
    Condition("email", lambda s: s.email, orders.c.email == parameter("email", String())),
    Condition("number", lambda s: s.number, orders.c.number == parameter("number", String())),
)


def _shape(scope: OrderScope) -> Shape:
    return tuple(one.name for one in CONDITIONS if one.value(scope) is not None)


def _clauses(shape: Shape) -> list[ColumnElement[bool]]:
    return [one.clause for one in CONDITIONS if one.name in shape]


def _values(scope: OrderScope) -> Mapping[str, Any]:
    return {one.name: one.value(scope) for one in CONDITIONS}


def _found(columns: Columns, key: ColumnElement[Any]) -> SelectBase:
    return select(*columns, key.label("key")).where(key == any_(parameters("keys", key.type)))


def _by_access(columns: Columns) -> SelectBase:
    nonce = parameter("nonce", LargeBinary())
    return select(*columns).where(orders.c.id == parameter("id", Uuid()), orders.c.access_nonce == nonce)


def _page(columns: Columns, shape: Shape, plan: WindowPlan, *inside: ColumnElement[bool]) -> SelectBase:
    keyset = KEYSETS[plan.sort]
    return (
        select(*columns, keyset.key.label("sort_key"))
        .where(*inside, *_clauses(shape), *keyset.between(plan))
        .order_by(*keyset.ordering(plan))
        .limit(ROW_LIMIT)
    )


def _pages_of_users(columns: Columns, shape: Shape, plan: WindowPlan) -> SelectBase:
    of = select(func.unnest(parameters("keys", Uuid())).label("owner")).cte("of")
    rows = _page(columns, shape, plan, orders.c.user_id == of.c.owner).lateral("page")
    return select(*rows.c, of.c.owner).select_from(of.join(rows, true()))


def _lines(columns: Columns, key: ColumnElement[Any]) -> SelectBase:
    return (
        select(*columns, key.label("key"))
        .join(orders, orders.c.id == lines.c.order_id)
        .where(key == any_(parameters("keys", Uuid())))
        .order_by(lines.c.id)
    )


def _fulfillments(columns: Columns, key: ColumnElement[Any]) -> SelectBase:
    """The oldest first, as their ids rise."""
    found = select(*columns, key.label("key")).where(key == any_(parameters("keys", Uuid())))
    return found.order_by(fulfillments.c.id)


def _events(columns: Columns, key: ColumnElement[Any]) -> SelectBase:
    return (
        select(*columns, key.label("key"))
        .join(orders, orders.c.id == events.c.order_id)
        .where(key == any_(parameters("keys", key.type)))
    )


def _event_pages(columns: Columns, plan: WindowPlan) -> SelectBase:
    of = select(func.unnest(parameters("keys", Uuid())).label("owner")).cte("of")
    rows = (
        select(*columns, IN_SEQUENCE.key.label("sort_key"))
        .join(orders, orders.c.id == events.c.order_id)
        .where(events.c.order_id == of.c.owner, *IN_SEQUENCE.between(plan))
        .order_by(*IN_SEQUENCE.ordering(plan))
        .limit(ROW_LIMIT)
        .lateral("page")
    )
    return select(*rows.c, of.c.owner).select_from(of.join(rows, true()))


@lru_cache(maxsize=256)
def _count(shape: Shape) -> Statement:
    return Statement(select(func.count()).select_from(orders).where(*_clauses(shape)))


@lru_cache(maxsize=256)
def _counts_of_users(shape: Shape) -> Statement:
    return Statement(
        select(orders.c.user_id, func.count())
        .where(orders.c.user_id == any_(parameters("keys", Uuid())), *_clauses(shape))
        .group_by(orders.c.user_id)
    )


class SqlOrderReader:
    """Implements `domain.orders.reading.OrderReader`."""

    FOUND = Query(ORDER, _found)
    BY_ACCESS = Query(ORDER, _by_access)
    PAGE = Query(ORDER, _page)
    PAGES_OF_USERS = Query(ORDER, _pages_of_users)
    LINES = Query(LINE, _lines)
    FULFILLMENTS = Query(FULFILLMENT, _fulfillments)
    EVENTS = Query(EVENT, _events)
    EVENT_PAGES = Query(EVENT, _event_pages)
    EVENT_COUNTS = Statement(
        select(events.c.order_id, func.count())
        .where(events.c.order_id == any_(parameters("keys", Uuid())))
        .group_by(events.c.order_id)
    )

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_ids(self, ids: Sequence[OrderId], *, wanted: Wanted = None) -> Mapping[OrderId, Order]:
        return keyed(await self.FOUND.ask(self._database, {"keys": ids}, wanted, orders.c.id))

    async def by_numbers(self, numbers: Sequence[str], *, wanted: Wanted = None) -> Mapping[str, Order]:
        return keyed(await self.FOUND.ask(self._database, {"keys": numbers}, wanted, orders.c.number))

    async def by_access(self, order_id: OrderId, nonce: bytes, *, wanted: Wanted = None) -> Order | None:
        found, _ = await self.BY_ACCESS.ask(self._database, {"id": order_id, "nonce": nonce}, wanted)
        return next(iter(found), None)

    async def page(self, listing: OrderListing, *, wanted: Wanted = None) -> Page[Order]:
        scope, window = listing.scope, listing.window
        values = {**_values(scope), **window_values(window)}
        found, rows = await self.PAGE.ask(self._database, values, wanted, _shape(scope), WindowPlan.of(window))
        placed = [(one, Position(row[-1], one.id)) for one, row in zip(found, rows, strict=True)]
        return cut(window, placed, scope)

    async def pages_of_users(
        self, keys: Sequence[OrdersKey], *, wanted: Wanted = None
    ) -> Mapping[OrdersKey, Page[Order]]:
        pages: dict[OrdersKey, Page[Order]] = {}
        for listing, users in grouped((listing, user) for user, listing in keys).items():
            scope, window = listing.scope, listing.window
            values = {**_values(scope), **window_values(window), "keys": users}
            shape, plan = _shape(scope), WindowPlan.of(window)
            found, rows = await self.PAGES_OF_USERS.ask(self._database, values, wanted, shape, plan)
            placed = grouped((row[-1], (one, Position(row[-2], one.id))) for one, row in zip(found, rows, strict=True))
            for user in users:
                pages[user, listing] = cut(window, placed.get(user, ()), _of_user(scope, user))
        return pages

    async def counts(self, scopes: Sequence[OrderScope]) -> Mapping[OrderScope, int]:
        """One statement for all users with the same filter."""
        counts: dict[OrderScope, int] = {}
        for scope, users in grouped((replace(scope, user_id=None), scope.user_id) for scope in scopes).items():
            values, of = _values(scope), [user for user in users if user is not None]
            if of:
                found = await self._database.fetch(_counts_of_users(_shape(scope)), {**values, "keys": of})
                counts |= {_of_user(scope, row[0]): row[1] for row in found}
            if None in users:
                counts[scope] = (await self._database.fetch(_count(_shape(scope)), values))[0][0]
        return counts

    async def lines(self, ids: Sequence[OrderLineId], *, wanted: Wanted = None) -> Mapping[OrderLineId, OrderLine]:
        return keyed(await self.LINES.ask(self._database, {"keys": ids}, wanted, lines.c.id))

    async def lines_of(self, ids: Sequence[OrderId], *, wanted: Wanted = None) -> Mapping[OrderId, Sequence[OrderLine]]:
        return gathered(await self.LINES.ask(self._database, {"keys": ids}, wanted, lines.c.order_id))

    async def fulfillments(
        self, ids: Sequence[FulfillmentId], *, wanted: Wanted = None
    ) -> Mapping[FulfillmentId, Fulfillment]:
        return keyed(await self.FULFILLMENTS.ask(self._database, {"keys": ids}, wanted, fulfillments.c.id))

    async def fulfillments_of(
        self, ids: Sequence[OrderId], *, wanted: Wanted = None
    ) -> Mapping[OrderId, Sequence[Fulfillment]]:
        return gathered(await self.FULFILLMENTS.ask(self._database, {"keys": ids}, wanted, fulfillments.c.order_id))

    async def events(self, ids: Sequence[OrderEventId], *, wanted: Wanted = None) -> Mapping[OrderEventId, OrderEvent]:
        return keyed(await self.EVENTS.ask(self._database, {"keys": ids}, wanted, events.c.id))

    async def event_pages(
        self, keys: Sequence[EventsKey], *, wanted: Wanted = None
    ) -> Mapping[EventsKey, Page[OrderEvent]]:
        pages: dict[EventsKey, Page[OrderEvent]] = {}
        for window, of in grouped((window, order) for order, window in keys).items():
            values = {"keys": of, **window_values(window)}
            found, rows = await self.EVENT_PAGES.ask(self._database, values, wanted, WindowPlan.of(window))
            placed = grouped((row[-1], (one, Position(row[-2], one.id))) for one, row in zip(found, rows, strict=True))
            for order in of:
                pages[order, window] = cut(window, placed.get(order, ()), EventScope(order))
        return pages

    async def event_counts(self, scopes: Sequence[EventScope]) -> Mapping[EventScope, int]:
        found = await self._database.fetch(self.EVENT_COUNTS, {"keys": [scope.order_id for scope in scopes]})
        return {EventScope(OrderId(row[0])): row[1] for row in found}


def _of_user(scope: OrderScope, user: Any) -> OrderScope:
    return replace(scope, user_id=user)
