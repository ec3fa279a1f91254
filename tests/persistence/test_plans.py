"""What PostgreSQL does with the statements of the catalogue, on a shop that is large enough to choose."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import asyncpg
import pytest
from sqlalchemy import DateTime, SelectBase, String, Uuid, any_, func, select

from domain.products.listing import ProductFilter, ProductListing, ProductSortField, product_order
from domain.shared.ids import uuid7
from domain.shared.paging import Key, Position, Window
from persistence.connections import ONCE, ConnectionSettings, connect
from persistence.effects import outbox
from persistence.orders.following import SqlOrderedEvents
from persistence.orders.repository import SqlOrders
from persistence.outbox import SqlOutbox
from persistence.paging import WindowPlan, window_values
from persistence.payments.repository import SqlPayments
from persistence.products import conditions
from persistence.products.listing import PAGE
from persistence.sandbox.books import SqlSandboxBooks
from persistence.statements import Statement, parameter, parameters
from persistence.users.repositories import SqlUsers
from server.demo.loading import load_demo

KEYS: dict[type[Key], Key] = {
    str: "m",
    int: 100,
    Decimal: Decimal(50),
    datetime: datetime(2026, 6, 1, tzinfo=UTC),
}


def listings() -> Iterator[ProductListing]:
    """The public list in every order: from its beginning, and behind a cursor."""
    for field in ProductSortField:
        for descending in (False, True):
            order = product_order(field, descending=descending)
            for after in (None, Position(KEYS[order.key], uuid7())):
                yield ProductListing(ProductFilter(), Window(order, after=after))


def statement(listing: ProductListing) -> tuple[Statement, list[object]]:
    shape = conditions.shape(listing.filter)
    prepared = PAGE.statement(None, shape, WindowPlan.of(listing.window))
    return prepared, prepared.arguments({**conditions.values(listing.filter), **window_values(listing.window)})


async def test_every_order_is_read_from_its_index_without_sorting(empty_database: ConnectionSettings) -> None:
    await load_demo(empty_database, 3_000, lambda _, __: None)
    connection = await asyncpg.connect(empty_database.url)
    wrong: list[str] = []
    for listing in listings():
        prepared, arguments = statement(listing)
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {prepared.sql}", *arguments))
        if "Sort" in plan or "Index Scan" not in plan:
            wrong.append(f"{listing.window.order.tag}\n{plan}")
    await connection.close()
    assert wrong == []


BACKLOG = """
INSERT INTO outbox (id, topic, key, facts, occurred_at)
SELECT gen_random_uuid(), 'a.b', gen_random_uuid(), '{}', now() - interval '1 day' + number * interval '1 ms'
FROM generate_series(1, 20000) number
"""
DELIVERIES = """
INSERT INTO sandbox_deliveries (id, about, payload, due_at, created_at, attempts)
SELECT gen_random_uuid(), number, '{}', now() - interval '1 day' + number * interval '1 ms', now(), 0
FROM generate_series(1, 20000) number
"""


PEOPLE = """
INSERT INTO users (id, email, password_hash, first_name, last_name, role)
SELECT gen_random_uuid(), number || '@shop.example', 'x', 'Ann', 'Lee', CASE number WHEN 1 THEN 'admin' ELSE 'customer'
END FROM generate_series(1, 10000) number
"""


async def plan_for_all_values(settings: ConnectionSettings, statement: Statement, *before: str) -> str:
    """How PostgreSQL does it without knowing the values."""
    connection = await connect(settings)
    for sql in (*before, f"SET plan_cache_mode = {ONCE}", f"PREPARE it AS {statement.sql}"):
        await connection.execute(sql)
    values = ", ".join(["NULL"] * len(set(re.findall(r"\$\d+", statement.sql))))
    rows = await connection.fetch(f"EXPLAIN EXECUTE it {f'({values})' if values else ''}")
    await connection.close()
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize(
    ("taking", "index"),
    [(SqlOutbox.TAKE, "ix_outbox_due_at"), (SqlSandboxBooks.TAKE, "ix_sandbox_deliveries_due_at")],
    ids=["events", "webhooks"],
)
async def test_the_next_of_many_are_read_from_an_index_whatever_their_number_will_be(
    empty_database: ConnectionSettings, taking: Statement, index: str
) -> None:
    plan = await plan_for_all_values(empty_database, taking, BACKLOG, DELIVERIES, "ANALYZE")
    assert f"Index Scan using {index} " in plan, plan
    assert "Hash" not in plan, plan


async def test_administrators_are_not_looked_for_among_all_customers(
    empty_database: ConnectionSettings,
) -> None:
    plan = await plan_for_all_values(empty_database, SqlUsers.ADMINISTRATORS, PEOPLE, "ANALYZE")
    assert "using ix_users_role " in plan, plan


@pytest.mark.parametrize(
    ("looking", "index"),
    [
        (SqlOrders.OVERDUE, "ix_orders_expires_at"),
        (SqlPayments.UNSETTLED, "ix_payments_unsettled"),
        (SqlPayments.PENDING_REFUNDS, "ix_refunds_pending"),
        (SqlOrderedEvents.SETTLE, "ix_order_events_waiting"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
async def test_an_index_of_the_few_that_are_open_serves_whatever_the_values_will_be(
    empty_database: ConnectionSettings, looking: Statement, index: str
) -> None:
    plan = await plan_for_all_values(empty_database, looking, "SET enable_seqscan = off")
    assert f"using {index} " in plan, plan


@pytest.mark.parametrize(
    "expression",
    [
        select(outbox.c.id),
        select(outbox.c.id).where(outbox.c.key == parameter("key", Uuid())),
        select(outbox.c.id).where(outbox.c.key == any_(parameters("keys", Uuid()))),
    ],
)
def test_what_finds_all_that_equals_its_values_is_planned_once(expression: SelectBase) -> None:
    assert Statement(expression).is_lookup


@pytest.mark.parametrize(
    "expression",
    [
        select(outbox.c.id).where(outbox.c.due_at > parameter("at", DateTime(timezone=True))),
        select(outbox.c.id).where(outbox.c.due_at <= parameter("at", DateTime(timezone=True))),
        select(outbox.c.id).where(outbox.c.topic != parameter("topic", String())),
        select(outbox.c.id).where(outbox.c.key == parameter("key", Uuid())).limit(3),
        select(func.count()).where(outbox.c.topic == parameter("topic", String())),
        select(outbox.c.id).where(outbox.c.topic.like(parameter("topic", String()))),
    ],
)
def test_what_seeks_counts_or_pages_is_planned_each_time(expression: SelectBase) -> None:
    assert not Statement(expression).is_lookup
