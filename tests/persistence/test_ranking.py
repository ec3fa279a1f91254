"""Sales count for the products that were sold, each sale once, and can be taken back."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

import pytest

from domain.products.inventory import VariantId
from domain.shared.ids import uuid7
from persistence.connections import ConnectionSettings
from persistence.database import Database
from persistence.products.ranking import SqlRanking
from tests import sql
from tests.persistence.order_examples import order
from tests.selling import Market, market

SECOND_VARIANT = """
INSERT INTO product_variants (id, product_id, title, price)
SELECT :id, product_id, 'Red', 1 FROM product_variants WHERE id = :of
"""

DELETE_PRODUCT = "DELETE FROM products WHERE id = (SELECT product_id FROM product_variants WHERE id = :id)"


@dataclass
class Ranks:
    """A shop's database, with products that orders count for."""

    stall: Market
    orders: list[str] = field(default_factory=list[str])

    @property
    def database(self) -> Database:
        return self.stall.database

    async def sale(self) -> UUID:
        identity = str(uuid7())
        self.orders.append(identity)
        number = f"{len(self.orders):04}-AAAA-AAAA"
        await sql.run(self.database, order(identity, number, identity).replace("'[]'", "CAST('[]' AS jsonb)"))
        return UUID(identity)

    async def count(self, sale: UUID, sold: dict[VariantId, int]) -> None:
        async with self.database.transaction() as transaction:
            await SqlRanking(transaction).count(sale, sold)
            await transaction.commit()

    async def take_back(self, sale: UUID) -> None:
        async with self.database.transaction() as transaction:
            await SqlRanking(transaction).take_back(sale)
            await transaction.commit()

    async def sold(self, *variants: VariantId) -> list[int]:
        """Units of the products that the variants belong to."""
        asked = "SELECT units_sold FROM products p JOIN product_variants v ON v.product_id = p.id WHERE v.id = :id"
        return [await sql.value(self.database, asked, id=variant) for variant in variants]

    async def dated(self) -> list[datetime]:
        return [row[0] for row in await sql.rows(self.database, "SELECT updated_at FROM products ORDER BY id")]


@pytest.fixture
async def ranks(empty_database: ConnectionSettings) -> AsyncGenerator[Ranks]:
    database = Database(empty_database)
    await database.open()
    yield Ranks(await market(database))
    await database.close()


async def test_units_of_all_variants_of_a_product_are_added_to_what_it_had_sold(ranks: Ranks) -> None:
    blue, jug, other = [await ranks.stall.variant(5) for _ in range(3)]
    red = VariantId(uuid7())
    await sql.run(ranks.database, SECOND_VARIANT, id=red, of=blue)
    await sql.run(ranks.database, "UPDATE products SET units_sold = 100")
    await ranks.count(await ranks.sale(), {red: 2, jug: 4, blue: 3})
    await ranks.count(await ranks.sale(), {blue: 1})
    assert await ranks.sold(blue, red, jug, other) == [106, 106, 104, 100]


async def test_a_sale_counts_once_and_is_taken_back_once(ranks: Ranks) -> None:
    mug = await ranks.stall.variant(5)
    sale, other = await ranks.sale(), await ranks.sale()
    await ranks.count(other, {mug: 10})
    for _ in range(2):
        await ranks.count(sale, {mug: 3})
        assert await ranks.sold(mug) == [13]
    for _ in range(2):
        await ranks.take_back(sale)
        assert await ranks.sold(mug) == [10]
    await ranks.count(sale, {mug: 3})
    assert await ranks.sold(mug) == [13]


async def test_taking_back_what_was_not_counted_changes_nothing(ranks: Ranks) -> None:
    mug = await ranks.stall.variant(5)
    await sql.run(ranks.database, "UPDATE products SET units_sold = 7")
    await ranks.take_back(await ranks.sale())
    await ranks.take_back(uuid4())
    assert await ranks.sold(mug) == [7]


async def test_what_somebody_set_lower_meanwhile_does_not_fall_below_zero(ranks: Ranks) -> None:
    mug = await ranks.stall.variant(5)
    sale = await ranks.sale()
    await ranks.count(sale, {mug: 3})
    await sql.run(ranks.database, "UPDATE products SET units_sold = 1")
    await ranks.take_back(sale)
    assert await ranks.sold(mug) == [0]


async def test_variants_that_are_gone_count_for_nothing_and_hold_up_nothing(ranks: Ranks) -> None:
    mug, gone = await ranks.stall.variant(5), await ranks.stall.variant(5)
    await sql.run(ranks.database, DELETE_PRODUCT, id=gone)
    sale, of_nothing = await ranks.sale(), await ranks.sale()
    await ranks.count(sale, {gone: 2, mug: 1})
    await ranks.count(of_nothing, {gone: 2})
    await ranks.count(of_nothing, {})
    assert await ranks.sold(mug) == [1]
    assert await sql.value(ranks.database, "SELECT count(*) FROM product_sales") == 1


async def test_what_was_counted_is_taken_back_even_if_the_variant_has_gone_since(ranks: Ranks) -> None:
    mug, red = await ranks.stall.variant(5), VariantId(uuid7())
    await sql.run(ranks.database, SECOND_VARIANT, id=red, of=mug)
    sale = await ranks.sale()
    await ranks.count(sale, {red: 2})
    await sql.run(ranks.database, "DELETE FROM product_variants WHERE id = :id", id=red)
    assert await ranks.sold(mug) == [2]
    await ranks.take_back(sale)
    assert await ranks.sold(mug) == [0]


async def test_a_sale_is_no_change_of_the_product(ranks: Ranks) -> None:
    mug = await ranks.stall.variant(5)
    sale, before = await ranks.sale(), await ranks.dated()
    await ranks.count(sale, {mug: 1})
    assert (await ranks.sold(mug), await ranks.dated()) == ([1], before)
    await ranks.take_back(sale)
    assert (await ranks.sold(mug), await ranks.dated()) == ([0], before)


async def test_sales_of_the_same_products_at_once_lose_nothing_and_never_wait_in_a_circle(ranks: Ranks) -> None:
    variants = [await ranks.stall.variant(5) for _ in range(4)]
    chance = random.Random(11)
    sales = [await ranks.sale() for _ in range(60)]
    sold = [{one: chance.randint(1, 9) for one in chance.sample(variants, 3)} for _ in sales]

    async def happen(sale: UUID, of: dict[VariantId, int], *, stays: bool) -> None:
        await ranks.count(sale, of)
        if not stays:
            await ranks.take_back(sale)

    # twice each, as it may be told of twice at the same time
    again = [*zip(sales, sold, [number % 3 > 0 for number in range(60)], strict=True)] * 2
    await asyncio.gather(*(happen(sale, of, stays=stays) for sale, of, stays in again if stays))
    await asyncio.gather(*(happen(sale, of, stays=stays) for sale, of, stays in again[:60] if not stays))
    expected = Counter[VariantId]()
    for _, of, stays in again[:60]:
        if stays:
            expected.update(of)
    assert await ranks.sold(*variants) == [expected[one] for one in variants]
