"""Orders that several administrators pack, ship and cancel at the same moment, through two servers."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from domain.orders.errors import InvalidTransition
from domain.orders.fulfillment import FulfillmentId, FulfillmentStatus
from domain.orders.fulfillments import Packing, Update
from domain.orders.order import OrderCancelReason, OrderId
from domain.orders.placing import Placement
from domain.orders.shipment import Details
from domain.payments.wish import Wish
from domain.products.inventory import VariantId
from domain.shared.errors import Conflict, DomainError, SeveralErrors, Unavailable
from domain.users.user import ANONYMOUS, Actor, UserRole
from persistence.connections import ConnectionSettings
from server.settings import read_settings
from server.wiring import Shop, open_shop
from tests import sql
from tests.generous import GenerousLimiter
from tests.selling import Market, books_agree, market
from tests.sizes import PACKED_AT_ONCE, SHIPPED_OR_CANCELED

STAFF = Actor(None, UserRole.ADMIN)
TRIES = 30
MOST_AT_ONCE = 20
DEADLOCKS = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
Ask = Callable[[], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Depot:
    """Two servers of one shop."""

    one: Shop
    other: Shop
    stall: Market

    async def confirmed(self, wanted: dict[VariantId, int], times: int) -> list[OrderId]:
        carts = await self.stall.carts([wanted] * times)
        place = self.one.services.checkout_placing.place
        orders = [(await place(ANONYMOUS, Placement(cart), Wish())).order.id for cart in carts]
        await self.stall.confirm(*orders)
        return orders

    async def packed(self, order: OrderId) -> FulfillmentId:
        return (await self.one.services.fulfillments.create(Packing(order, None, Details()))).fulfillment.id

    async def statuses(self, table: str) -> Counter[str]:
        return Counter(row[0] for row in await sql.rows(self.one.database, f"SELECT status FROM {table}"))


@pytest.fixture
async def depot(empty_database: ConnectionSettings) -> AsyncGenerator[Depot]:
    settings = read_settings(database_url=empty_database.url, public_url="http://shop.example")
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(open_shop(settings, None, GenerousLimiter())) for _ in range(2)]
        yield Depot(one, other, await market(one.database))


async def surely(ask: Ask) -> Any:
    """What comes of it, or the reason why nothing does. Who waits too long for their turn tries again."""
    for _ in range(TRIES):
        try:
            return await ask()
        except Unavailable as busy:
            why = busy.__cause__
        except DomainError as refused:
            return refused
        assert not isinstance(why, DEADLOCKS)
    raise AssertionError("nobody ever answered")


async def at_once(pairs: Sequence[tuple[Ask, Ask]]) -> list[tuple[Any, Any]]:
    """Both of each pair at the same moment, and several pairs."""
    turns = asyncio.Semaphore(MOST_AT_ONCE)

    async def race(pair: tuple[Ask, Ask]) -> tuple[Any, Any]:
        async with turns:
            first, second = await asyncio.gather(surely(pair[0]), surely(pair[1]))
        return first, second

    return await asyncio.gather(*map(race, pairs))


def packing(shop: Shop, order: OrderId, lines: Sequence[tuple[Any, int]] | None) -> Ask:
    return lambda: shop.services.fulfillments.create(Packing(order, lines, Details()))


def moving(shop: Shop, fulfillment: FulfillmentId, status: FulfillmentStatus) -> Ask:
    return lambda: shop.services.fulfillments.update(Update(fulfillment, status, None, Details()))


def canceling(shop: Shop, order: OrderId) -> Ask:
    return lambda: shop.services.orders.cancel(STAFF, order, OrderCancelReason.OTHER, None)


def failures(results: Sequence[tuple[Any, Any]]) -> list[list[type]]:
    """Of each pair, what stood in the way."""
    return [[type(one) for one in pair if isinstance(one, DomainError)] for pair in results]


async def test_no_unit_is_packed_twice(depot: Depot) -> None:
    mug = await depot.stall.variant(10 * PACKED_AT_ONCE)
    whole = await depot.confirmed({mug: 3}, PACKED_AT_ONCE // 2)
    pairs = [(packing(depot.one, order, None), packing(depot.other, order, None)) for order in whole]
    assert failures(await at_once(pairs)) == [[Conflict]] * len(whole)
    parts = await depot.confirmed({mug: 3}, PACKED_AT_ONCE // 2)
    lines = await depot.one.readers.orders.lines_of(parts)
    two = {order: [(lines[order][0].id, 2)] for order in parts}
    pairs = [(packing(depot.one, order, two[order]), packing(depot.other, order, two[order])) for order in parts]
    assert failures(await at_once(pairs)) == [[SeveralErrors]] * len(parts)
    [most] = await sql.rows(
        depot.one.database,
        "SELECT max(packed) FROM (SELECT sum(quantity) AS packed FROM fulfillment_lines GROUP BY order_line_id) sums",
    )
    assert most[0] == 3
    await books_agree(depot.one.database.settings)


async def test_an_order_is_either_shipped_or_canceled(depot: Depot) -> None:
    units = 10 * SHIPPED_OR_CANCELED
    mug, jug = await depot.stall.variant(units), await depot.stall.variant(units)
    orders = await depot.confirmed({mug: 2, jug: 1}, SHIPPED_OR_CANCELED)
    shipments = [await depot.packed(order) for order in orders]
    in_transit = FulfillmentStatus.IN_TRANSIT
    pairs = [
        (moving(depot.one, shipment, in_transit), canceling(depot.other, order))
        for order, shipment in zip(orders, shipments, strict=True)
    ]
    assert failures(await at_once(pairs)) == [[InvalidTransition]] * len(orders)
    shipped = (await depot.statuses("fulfillments"))["in_transit"]
    assert await depot.statuses("fulfillments") == +Counter(in_transit=shipped, canceled=len(orders) - shipped)
    assert await depot.statuses("orders") == +Counter(confirmed=shipped, canceled=len(orders) - shipped)
    assert await depot.stall.stock(mug) == (units - 2 * shipped, 0)
    assert await depot.stall.stock(jug) == (units - shipped, 0)
    await books_agree(depot.one.database.settings)


async def test_a_shipment_leaves_once_or_not_at_all(depot: Depot) -> None:
    units = 10 * PACKED_AT_ONCE
    mug = await depot.stall.variant(units)
    orders = await depot.confirmed({mug: 2}, PACKED_AT_ONCE)
    shipments = [await depot.packed(order) for order in orders]
    rivals = [FulfillmentStatus.IN_TRANSIT, FulfillmentStatus.CANCELED]
    pairs = [
        (moving(depot.one, shipment, FulfillmentStatus.IN_TRANSIT), moving(depot.other, shipment, rivals[number % 2]))
        for number, shipment in enumerate(shipments)
    ]
    assert failures(await at_once(pairs)) == [[InvalidTransition]] * len(orders)
    shipped = (await depot.statuses("fulfillments"))["in_transit"]
    assert shipped >= len(orders) // 2
    assert await depot.stall.stock(mug) == (units - 2 * shipped, 2 * (len(orders) - shipped))
    await books_agree(depot.one.database.settings)
