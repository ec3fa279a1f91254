"""Loading drafts by COPY."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias
from uuid import uuid4

import asyncpg
import pytest

from domain.products.drafts import CategoryDraft, ProductDraft
from domain.products.product import ProductId
from domain.shared.errors import Unavailable
from persistence.connections import ConnectionSettings, connect
from persistence.products.bulk import CHUNK, Loaded, loading
from server.demo.generator import generated
from server.demo.reading import read_catalogue

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

WRONG_SUMMARIES = """
SELECT count(*) FROM products p LEFT JOIN (
  SELECT product_id, min(price), max(price), min(compare_at_price), max(compare_at_price)
  FROM product_variants GROUP BY product_id
) AS v (product_id, price_min, price_max, before_min, before_max) ON v.product_id = p.id
WHERE (p.price_min, p.price_max, p.compare_at_price_min, p.compare_at_price_max)
  IS DISTINCT FROM (v.price_min, v.price_max, v.before_min, v.before_max)
"""

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"

PARTS = """
SELECT p.id,
  (SELECT count(*) FROM product_variants v WHERE v.product_id = p.id) AS variants,
  (SELECT count(*) FROM product_options o WHERE o.product_id = p.id) AS options,
  (SELECT count(*) FROM product_option_values o WHERE o.product_id = p.id) AS option_values,
  (SELECT count(*) FROM product_variant_options o WHERE o.product_id = p.id) AS selected,
  (SELECT count(*) FROM product_media m WHERE m.product_id = p.id) AS media
FROM products p
"""


@pytest.fixture(scope="module")
def shelves() -> Sequence[CategoryDraft]:
    return read_catalogue().categories


@pytest.fixture(scope="module")
def drafts() -> Sequence[ProductDraft]:
    return tuple(generated(3 * CHUNK))


@pytest.fixture
async def connection(empty_database: ConnectionSettings) -> AsyncGenerator[Connection]:
    opened = await connect(empty_database)
    yield opened
    await opened.close()


async def load(
    settings: ConnectionSettings, shelves: Sequence[CategoryDraft], drafts: Sequence[ProductDraft]
) -> tuple[Loaded, Sequence[int]]:
    told: list[int] = []
    async with loading(settings) as loader:
        await loader.categories(shelves)
        loaded = await loader.products(drafts, told.append)
        await loader.finish()
    return loaded, told


def parts(draft: ProductDraft) -> tuple[object, ...]:
    return (
        draft.id,
        len(draft.variants),
        len(draft.options),
        sum(len(option.values) for option in draft.options),
        sum(len(variant.values) for variant in draft.variants),
        len(draft.media),
    )


async def test_all_rows_of_all_products_arrive(
    empty_database: ConnectionSettings,
    connection: Connection,
    shelves: Sequence[CategoryDraft],
    drafts: Sequence[ProductDraft],
) -> None:
    loaded, told = await load(empty_database, shelves, drafts)
    assert loaded == Loaded(added=len(drafts), kept=0)
    assert told == sorted(told)
    assert told[-1] == len(drafts)
    assert {tuple(row) for row in await connection.fetch(PARTS)} == {parts(draft) for draft in drafts}


async def test_summaries_are_right_from_the_start(
    empty_database: ConnectionSettings,
    connection: Connection,
    shelves: Sequence[CategoryDraft],
    drafts: Sequence[ProductDraft],
) -> None:
    await load(empty_database, shelves, drafts[:500])
    assert await connection.fetchval(WRONG_SUMMARIES) == 0
    # commands of a transaction are numbered: these rows would carry a later number if the trigger had updated them
    assert await connection.fetchval(
        "SELECT max(p.cmin::text::int) < min(v.cmin::text::int) "
        "FROM products p JOIN product_variants v ON v.product_id = p.id"
    )


async def test_loading_again_adds_nothing(
    empty_database: ConnectionSettings, shelves: Sequence[CategoryDraft], drafts: Sequence[ProductDraft]
) -> None:
    await load(empty_database, shelves, drafts[:100])
    loaded, _ = await load(empty_database, shelves, drafts[:100])
    assert loaded == Loaded(added=0, kept=100)


async def test_what_somebody_edited_stays_as_it_is(
    empty_database: ConnectionSettings,
    connection: Connection,
    shelves: Sequence[CategoryDraft],
    drafts: Sequence[ProductDraft],
) -> None:
    await load(empty_database, shelves, drafts[:3])
    renamed, moved, repriced = (draft.id for draft in drafts[:3])
    await connection.execute("UPDATE products SET name = 'Mine' WHERE id = $1", renamed)
    await connection.execute("UPDATE products SET slug = 'moved' WHERE id = $1", moved)
    await connection.execute(
        "UPDATE product_variants SET price = 1, compare_at_price = NULL, sku = sku || '-X' WHERE product_id = $1",
        repriced,
    )
    await connection.execute("UPDATE categories SET name = 'Footwear', slug = 'footwear' WHERE slug = 'shoes'")
    await connection.execute("DELETE FROM product_media")
    loaded, _ = await load(empty_database, shelves, drafts[:3])
    assert loaded == Loaded(added=0, kept=3)
    assert await connection.fetchval("SELECT name FROM products WHERE id = $1", renamed) == "Mine"
    assert await connection.fetchval("SELECT slug FROM products WHERE id = $1", moved) == "moved"
    assert await connection.fetchval("SELECT price_max FROM products WHERE id = $1", repriced) == 1
    assert await connection.fetchval("SELECT count(*) FROM categories") == len(shelves)
    assert await connection.fetchval("SELECT count(*) FROM product_media") == 0


async def test_a_draft_whose_slug_or_sku_is_taken_is_left_out(
    empty_database: ConnectionSettings, shelves: Sequence[CategoryDraft], drafts: Sequence[ProductDraft]
) -> None:
    await load(empty_database, shelves, drafts[:1])
    same_slug = replace(drafts[1], id=ProductId(uuid4()), slug=drafts[0].slug)
    same_sku = replace(drafts[2], variants=(replace(drafts[2].variants[0], sku=drafts[0].variants[0].sku),), options=())
    loaded, _ = await load(empty_database, shelves, [same_slug, same_sku, drafts[3]])
    assert loaded == Loaded(added=1, kept=2)


async def test_products_go_to_a_category_of_the_same_name_that_the_shop_has_already(
    empty_database: ConnectionSettings,
    connection: Connection,
    shelves: Sequence[CategoryDraft],
    drafts: Sequence[ProductDraft],
) -> None:
    wanted = next(shelf for shelf in shelves if shelf.slug == drafts[0].category)
    own = uuid4()
    await connection.execute("INSERT INTO categories (id, name, slug) VALUES ($1, $2, 'our-own')", own, wanted.name)
    await load(empty_database, shelves, drafts[:1])
    assert await connection.fetchval("SELECT category_id FROM products") == own


async def test_somebody_else_may_add_a_product_of_that_name_while_a_load_runs(
    empty_database: ConnectionSettings,
    connection: Connection,
    shelves: Sequence[CategoryDraft],
    drafts: Sequence[ProductDraft],
) -> None:
    rival = connection.transaction()
    await rival.start()
    await connection.execute("INSERT INTO products (id, name, slug) VALUES ($1, 'Ours', $2)", uuid4(), drafts[5].slug)
    task = asyncio.create_task(load(empty_database, shelves, drafts[:10]))
    watcher = await connect(empty_database)
    # the load has looked, found nothing, and now waits for the rival's row
    while not await watcher.fetchval(WAITING):  # noqa: ASYNC110 (PostgreSQL sets no events)
        await asyncio.sleep(0.01)
    await rival.commit()
    loaded, _ = await task
    await watcher.close()
    assert loaded == Loaded(added=9, kept=1)


async def test_a_load_whose_connections_are_cut_leaves_whole_products_and_can_be_continued(
    empty_database: ConnectionSettings,
    connection: Connection,
    shelves: Sequence[CategoryDraft],
    drafts: Sequence[ProductDraft],
) -> None:
    cut = asyncio.Event()

    async def interrupt() -> None:
        await cut.wait()
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    def endless() -> Iterator[ProductDraft]:
        yield from drafts
        yield from generated(1_000_000, first=len(drafts))

    async def load_until_cut() -> None:
        async with loading(empty_database) as loader:
            await loader.categories(shelves)
            await loader.products(endless(), lambda _: cut.set())

    interruption = asyncio.create_task(interrupt())
    with pytest.raises(Unavailable, match="load again"):
        await load_until_cut()
    await interruption
    found = {tuple(row) for row in await connection.fetch(PARTS)}
    assert found
    assert found <= {parts(draft) for draft in generated(len(found) + 4 * CHUNK)}
    assert await connection.fetchval(WRONG_SUMMARIES) == 0
    await load(empty_database, shelves, drafts)
    assert {parts(draft) for draft in drafts} <= {tuple(row) for row in await connection.fetch(PARTS)}


async def test_two_loads_at_once_do_not_get_in_each_others_way(empty_database: ConnectionSettings) -> None:
    async with loading(empty_database):
        with pytest.raises(Unavailable, match="Another load"):
            async with loading(empty_database):
                pass
    async with loading(empty_database) as loader:
        assert await loader.categories(()) == 0
