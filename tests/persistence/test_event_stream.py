"""The order of all events, while transactions commit in other orders than they began."""

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import pairwise
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.orders.events import OrderEventId
from domain.orders.order import OrderId
from domain.shared.errors import Unavailable
from domain.shared.ids import uuid7
from persistence.connections import ConnectionSettings
from persistence.database import Database, Transaction
from persistence.orders.following import AT_ONCE, LOCK, SqlOrderedEvents, SqlTrackedOrders
from persistence.statements import Statement
from tests import selling, sizes, sql
from tests.selling import Market

APPEND = Statement(
    text(
        "WITH counted AS (UPDATE orders SET events = events + 1 WHERE id = :id RETURNING id, events) "
        "INSERT INTO order_events (order_id, sequence, id, type, occurred_at, message, status) "
        "SELECT id, events, gen_random_uuid(), 'note_added', now() - :age * interval '1 second', '', 'pending' "
        "FROM counted"
    )
)


@pytest.fixture
async def database(empty_database: ConnectionSettings) -> AsyncGenerator[Database]:
    opened = Database(empty_database)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def patient(empty_database: ConnectionSettings) -> AsyncGenerator[Database]:
    """Waits for locks as long as it takes: its writers are in each other's way on purpose."""
    opened = Database(replace(empty_database, lock_timeout_ms=60_000, statement_timeout_ms=60_000))
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def market(database: Database) -> Market:
    return await selling.market(database)


async def orders(market: Market, count: int) -> list[OrderId]:
    """Without an event yet."""
    made = [OrderId(uuid7()) for _ in range(count)]
    await sql.run(
        market.database,
        "INSERT INTO orders (id, number, cart_id, email, status, payment_status, fulfillment_status, currency_code, "
        "subtotal, discount, shipping, tax, total, tax_lines, tax_included, discount_codes, shipping_address, "
        "shipping_method, events, placed_at) SELECT id, substr(replace(id::text, '-', ''), 19, 14), id, 'a@b.example', "
        "'pending', 'pending', 'unfulfilled', 'USD', 0, 0, 0, 0, 0, '[]', false, '{}', '{}', 'Parcel', 1, now() "
        "FROM unnest(CAST(:ids AS uuid[])) AS id",
        "UPDATE orders SET events = 1",
        ids=made,
    )
    return made


async def append(transaction: Transaction, order: OrderId, age: int = 0) -> None:
    await transaction.run(APPEND, {"id": order, "age": age})


async def committed(database: Database, order: OrderId, age: int = 0) -> None:
    async with database.transaction() as transaction:
        await append(transaction, order, age)
        await transaction.commit()


async def read_on(events: SqlOrderedEvents, place: int) -> list[tuple[int, UUID, int]]:
    await events.settle()
    found = list[tuple[int, UUID, int]]()
    while some := await events.after(place, 7):
        found += [(number, event.order_id, event.sequence) for number, event in some]
        place = found[-1][0]
    return found


async def test_what_is_committed_late_comes_behind_what_was_read_before(database: Database, market: Market) -> None:
    events = SqlOrderedEvents(database)
    slow, quick = await orders(market, 2)
    async with database.transaction() as first:
        await append(first, slow)  # earlier in every way but its commit
        await committed(database, quick)
        before = await read_on(events, 0)
        assert [(order, sequence) for _, order, sequence in before] == [(quick, 2)]
        await first.commit()
    after = await read_on(events, before[-1][0])
    assert [(order, sequence) for _, order, sequence in after] == [(slow, 2)]
    assert await read_on(events, 0) == [*before, *after]


async def test_what_is_rolled_back_leaves_no_gap(database: Database, market: Market) -> None:
    events = SqlOrderedEvents(database)
    [order] = await orders(market, 1)
    async with database.transaction() as undone:
        await append(undone, order)
    for _ in range(3):
        await committed(database, order)
    assert [(place, sequence) for place, _, sequence in await read_on(events, 0)] == [(1, 2), (2, 3), (3, 4)]


async def test_within_an_order_places_rise_with_its_events_though_clocks_differ(
    database: Database, market: Market
) -> None:
    events = SqlOrderedEvents(database)
    ahead, behind = await orders(market, 2)
    for age in (0, 3_600, 60):
        await committed(database, ahead, age)
    await committed(database, behind, 30)
    await committed(database, ahead, 7_200)
    found = await read_on(events, 0)
    assert [sequence for _, order, sequence in found if order == ahead] == [2, 3, 4, 5]
    assert len(found) == 5


async def test_many_are_placed_in_some_transactions_and_none_twice(database: Database, market: Market) -> None:
    events = SqlOrderedEvents(database)
    await orders(market, AT_ONCE + 10)
    await sql.run(
        database,
        "INSERT INTO order_events (order_id, sequence, id, type, occurred_at, message, status) "
        "SELECT id, sequence, gen_random_uuid(), 'note_added', now(), '', 'pending' "
        "FROM orders, generate_series(1, 2) AS sequence",
    )
    await asyncio.gather(*(events.settle() for _ in range(5)))
    count = 2 * (AT_ONCE + 10)
    places = await sql.rows(database, "SELECT position FROM order_events ORDER BY position")
    assert [place for (place,) in places] == list(range(1, count + 1))
    assert await events.newest() == count
    wrong = (
        "SELECT count(*) FROM order_events a JOIN order_events b USING (order_id) "
        "WHERE a.sequence < b.sequence AND a.position > b.position"
    )
    assert await sql.value(database, wrong) == 0


async def test_an_event_s_place_is_found_by_its_id_and_what_is_no_event_has_none(
    database: Database, market: Market
) -> None:
    events = SqlOrderedEvents(database)
    [order] = await orders(market, 1)
    assert await events.newest() == 0
    for _ in range(2):
        await committed(database, order)
    await events.settle()
    [(_, _), (place, event)] = await events.after(0, 10)
    assert await events.place(event.id) == place == 2
    assert await events.place(OrderEventId(uuid7())) is None


async def test_somebody_who_never_lets_go_of_the_order_of_events_makes_it_unavailable(
    database: Database, market: Market
) -> None:
    events = SqlOrderedEvents(database)
    [order] = await orders(market, 1)
    await committed(database, order)
    async with database.transaction() as holding:
        await holding.fetch(SqlOrderedEvents.LOCK, {"lock": LOCK})
        with pytest.raises(Unavailable):
            await events.settle()
    await events.settle()
    assert await events.newest() == 1


async def test_readers_miss_nothing_while_writers_commit_in_any_order(patient: Database, market: Market) -> None:
    """Writers hold their events back for random times; each reader reads on from where it was, and ends with all."""
    database = patient
    known = await orders(market, 6)
    chance = random.Random(20_26)
    writing = asyncio.gather(*(_write(database, known, chance, sizes.LATE_COMMITS) for _ in range(6)))
    readers = [asyncio.create_task(_follow(SqlOrderedEvents(database), writing)) for _ in range(2)]
    await writing
    rows = await sql.rows(database, "SELECT order_id, sequence FROM order_events ORDER BY order_id, sequence")
    for seen in await asyncio.gather(*readers):
        assert sorted((order, sequence) for _, order, sequence in seen) == sorted((row[0], row[1]) for row in rows)
        assert all(one[0] < other[0] for one, other in pairwise(seen))
        for order in known:
            mine = [sequence for _, of, sequence in seen if of == order]
            assert mine == sorted(mine)


async def _write(database: Database, known: Sequence[OrderId], chance: random.Random, times: int) -> None:
    for _ in range(times):
        async with AsyncExitStack() as stack:
            transaction = await stack.enter_async_context(database.transaction())
            for order in sorted(chance.sample(known, chance.randint(1, 2))):
                await append(transaction, order)
            await asyncio.sleep(chance.choice([0, 0, 0.001, 0.02]))
            if chance.random() < 0.9:
                await transaction.commit()


async def _follow(events: SqlOrderedEvents, writing: asyncio.Future[list[None]]) -> list[tuple[int, UUID, int]]:
    seen = list[tuple[int, UUID, int]]()
    while True:
        last = writing.done()
        seen += await read_on(events, seen[-1][0] if seen else 0)
        if last:
            return seen
        await asyncio.sleep(0.002)


async def test_each_of_many_places_is_read_with_whose_the_order_is(database: Database, market: Market) -> None:
    tracked = SqlTrackedOrders(database)
    one, other, empty = await orders(market, 3)
    for order in (one, one, other):
        await committed(database, order)
    await sql.run(database, "UPDATE orders SET access_nonce = 'x' WHERE id = :id", id=other)
    found = await tracked.after([(one, 0), (one, 2), (other, 0), (empty, 0), (OrderId(uuid7()), 0)])
    assert {place: [event.sequence for _, event in events] for place, events in found.items()} == {
        (one, 0): [2, 3],
        (one, 2): [3],
        (other, 0): [2],
    }
    assert {(access.nonce, access.newest) for access, _ in found[other, 0]} == {(b"x", 2)}
    access = await tracked.access([one, empty, OrderId(uuid7())])
    assert access.keys() == {one, empty}
    assert (access[one].owner, access[one].nonce, access[one].newest) == (one, None, 3)
