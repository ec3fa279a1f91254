"""Batches with misses and duplicates among their keys: every answer stands under its own key."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any, cast
from uuid import UUID

import pytest

from persistence.connections import ConnectionSettings, connect
from persistence.database import Database
from persistence.products.categories import SqlCategories
from persistence.products.readers import SqlMedia, SqlProducts, SqlVariants

Read = Callable[[list[Any]], Awaitable[Mapping[Any, Any]]]
NOBODY = UUID(int=1)


@pytest.fixture(scope="module")
async def database(demo_url: str) -> AsyncGenerator[Database]:
    opened = Database(ConnectionSettings(demo_url, statement_timeout_ms=60_000))
    await opened.open()
    yield opened
    await opened.close()


def reads(database: Database) -> Mapping[str, tuple[str, Read, str]]:
    """For each batch method: where its keys come from, itself, and the attribute of an answer that is its key."""
    products, variants = SqlProducts(database), SqlVariants(database)
    media, categories = SqlMedia(database), SqlCategories(database)
    roots = "SELECT DISTINCT parent_id FROM categories WHERE parent_id IS NOT NULL"
    return {
        "products by id": ("SELECT id FROM products", lambda keys: products.by_ids(keys, staff=True), "id"),
        "products by slug": ("SELECT slug FROM products", lambda keys: products.by_slugs(keys, staff=True), "slug"),
        "options": ("SELECT product_id FROM product_options", products.options_of, ""),
        "variants by id": ("SELECT id FROM product_variants", lambda keys: variants.by_ids(keys, staff=True), "id"),
        "variants by SKU": ("SELECT sku FROM product_variants", lambda keys: variants.by_skus(keys, staff=True), "sku"),
        "variants": ("SELECT product_id FROM product_variants", variants.of_products, "product_id"),
        "selected options": ("SELECT variant_id FROM product_variant_options", variants.selected_options, ""),
        "media by id": ("SELECT id FROM product_media", lambda keys: media.by_ids(keys, staff=True), "id"),
        "media": ("SELECT product_id FROM product_media", media.of_products, "product_id"),
        "categories by id": ("SELECT id FROM categories", categories.by_ids, "id"),
        "categories by slug": ("SELECT slug FROM categories", categories.by_slugs, "slug"),
        "children": (roots, categories.children_of, "parent_id"),
        "ancestors": ("SELECT id FROM categories WHERE parent_id IS NOT NULL", categories.ancestors_of, ""),
    }


NAMES = list(reads(Database(ConnectionSettings("postgresql://nowhere"))))


@pytest.mark.parametrize("name", NAMES)
async def test_a_batch_answers_each_key_once_and_leaves_out_what_is_not_there(database: Database, name: str) -> None:
    sql, read, attribute = reads(database)[name]
    connection = await connect(database.settings)
    keys = sorted({row[0] for row in await connection.fetch(sql)})[:4]
    await connection.close()
    missing: Any = "nothing" if isinstance(keys[0], str) else NOBODY
    assert len(keys) >= 2
    found = await read([keys[2 % len(keys)], missing, keys[0], *keys, keys[0], missing])
    assert {*found} == {*keys}
    alone = {key: (await read([key]))[key] for key in keys}
    assert {**found} == alone
    if attribute:
        assert all(getattr(one, attribute) == key for key, answer in found.items() for one in _listed(answer))
    assert dict(await read([])) == {}


def _listed(answer: Any) -> list[Any]:
    return cast("list[Any]", answer) if isinstance(answer, list) else [answer]


async def test_ancestors_stand_root_first(database: Database) -> None:
    categories = SqlCategories(database)
    leaf = (await categories.by_slugs(["mens-knitwear"]))["mens-knitwear"]
    above = (await categories.ancestors_of([leaf.id]))[leaf.id]
    assert [one.slug for one in above] == ["clothing", "mens-clothing"]
