"""What PostgreSQL does with the statements of the catalogue, on a shop that is large enough to choose."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import asyncpg

from domain.products.listing import ProductFilter, ProductListing, ProductSortField, product_order
from domain.shared.ids import uuid7
from domain.shared.paging import Key, Position, Window
from persistence.database import ConnectionSettings
from persistence.paging import WindowPlan, window_values
from persistence.products import conditions
from persistence.products.listing import PAGE
from persistence.statements import Statement
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
