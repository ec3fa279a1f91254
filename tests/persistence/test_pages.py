"""Pages, filters and counts against the same things done in Python, over the whole demo shop."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product as every
from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.products.category import Category, CategoryId
from domain.products.listing import (
    CATEGORY_ORDER,
    CategoryListing,
    CategoryScope,
    OptionFilter,
    PriceRange,
    ProductFilter,
    ProductListing,
    ProductScope,
    ProductSortField,
    product_order,
)
from domain.products.product import Product, ProductId, ProductStatus, ProductVariant, SelectedOption
from domain.shared.paging import Order, Page, PageArguments, Window, encode
from persistence.connections import ConnectionSettings, connect
from persistence.database import Database
from persistence.products.categories import SqlCategories
from persistence.products.readers import SqlProducts, SqlVariants
from tests import sizes

EVERYTHING = ProductFilter(statuses=tuple(ProductStatus))
NEVER = datetime(1, 1, 2, tzinfo=UTC)
ORDERS = [product_order(field, descending=down) for field, down in every(ProductSortField, (False, True))]


@dataclass(frozen=True, slots=True)
class Goods:
    """The demo shop, read whole."""

    products: SqlProducts
    categories: SqlCategories
    everything: Sequence[Product]
    variants: Mapping[ProductId, Sequence[tuple[ProductVariant, Sequence[SelectedOption]]]]
    shelves: Mapping[CategoryId, Category]
    keys: Mapping[ProductId, Mapping[str, Any]]

    def sorted(self, order: Order) -> list[ProductId]:
        def place(one: Product) -> tuple[Any, ProductId]:
            return self.keys[one.id][order.name], one.id

        return [one.id for one in sorted(self.everything, key=place, reverse=order.descending)]

    def below(self, root: CategoryId) -> set[CategoryId]:
        found = {root}
        while more := {one.id for one in self.shelves.values() if one.parent_id in found} - found:
            found |= more
        return found


@pytest.fixture(scope="module")
async def goods(demo_url: str) -> AsyncGenerator[Goods]:
    database = Database(ConnectionSettings(demo_url, statement_timeout_ms=60_000))
    await database.open()
    products, variants, categories = SqlProducts(database), SqlVariants(database), SqlCategories(database)
    ids = [row[0] for row in await _rows(demo_url, "SELECT id FROM products")]
    found = list((await products.by_ids(ids, staff=True)).values())
    of = await variants.of_products(ids)
    chosen = await variants.selected_options([one.id for some in of.values() for one in some])
    together = {id_: [(one, chosen.get(one.id, ())) for one in some] for id_, some in of.items()}
    listed = await _rows(demo_url, "SELECT id FROM categories")
    shelves = await categories.by_ids([row[0] for row in listed])
    figures = await _rows(demo_url, "SELECT id, units_sold, rating_average FROM products")
    sold = {row[0]: (row[1], row[2]) for row in figures}
    keys = {one.id: _keys(one, *sold[one.id]) for one in found}
    yield Goods(products, categories, found, together, shelves, keys)
    await database.close()


async def _rows(url: str, sql: str) -> Sequence[asyncpg.Record]:
    connection = await connect(ConnectionSettings(url))
    try:
        return await connection.fetch(sql)
    finally:
        await connection.close()


def _keys(one: Product, sold: int, rating: Decimal) -> Mapping[str, Any]:
    return {
        "NAME": one.name.lower(),
        "PRICE": one.price_range.min.amount,
        "CREATED_AT": one.created_at,
        "PUBLISHED_AT": one.published_at or NEVER,
        "BEST_SELLING": sold,
        "RATING": rating,
        "RELEVANCE": sold,
    }


async def walk(goods: Goods, order: Order, size: int, *, backward: bool, wanted: ProductFilter) -> list[ProductId]:
    """All ids, page by page, each cursor going through its text."""
    found: list[ProductId] = []
    cursor: str | None = None
    while True:
        arguments = PageArguments(last=size, before=cursor) if backward else PageArguments(first=size, after=cursor)
        page: Page[Product] = await goods.products.page(ProductListing(wanted, arguments.window(order)))
        ids = [one.id for one in page.items]
        assert len(ids) <= size
        assert not {*ids} & {*found}
        found = [*ids, *found] if backward else [*found, *ids]
        assert (page.has_next if backward else page.has_previous) is (cursor is not None)
        cursor = page.start_cursor if backward else page.end_cursor
        if not (page.has_previous if backward else page.has_next):
            return found


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("size", [1, 7, 20, 100])
@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.tag)
async def test_walking_through_all_pages_gives_the_sorted_list(
    goods: Goods, order: Order, size: int, *, backward: bool
) -> None:
    assert await walk(goods, order, size, backward=backward, wanted=EVERYTHING) == goods.sorted(order)


async def test_a_window_between_two_cursors_is_what_lies_between(goods: Goods) -> None:
    for order in ORDERS:
        whole = goods.sorted(order)
        page = await goods.products.page(ProductListing(EVERYTHING, PageArguments(first=100).window(order)))
        after, before = encode(order, page.positions[3]), encode(order, page.positions[9])
        for arguments in (PageArguments(10, after, None, before), PageArguments(None, after, 10, before)):
            between = await goods.products.page(ProductListing(EVERYTHING, arguments.window(order)))
            assert [one.id for one in between.items] == whole[4:9]


MOMENTS = st.sampled_from([datetime(2025, 6, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC), NEVER])
PRICES = (
    st.none()
    | st.sampled_from(["0", "5", "18", "24.00001", "23.99999", "24", "60", "98", "250"]).map(Decimal)
    | st.decimals(0, 200, places=5)
)
OPTIONS = {"Size": ("S", "M", "L", "XS"), "Colour": ("Navy", "Oatmeal", "Black", "nothing"), "Nothing": ("x",)}


@st.composite
def filters(draw: st.DrawFn) -> ProductFilter:
    low, high = draw(PRICES), draw(PRICES)
    names = draw(st.lists(st.sampled_from(sorted(OPTIONS)), unique=True, max_size=2))
    chosen = [OptionFilter(name, tuple(draw(st.lists(st.sampled_from(OPTIONS[name]))))) for name in names]
    return ProductFilter(
        price=draw(st.none() | st.just(PriceRange(low, high))),
        in_stock=draw(st.sampled_from([None, True, False])),
        on_sale=draw(st.sampled_from([None, True, False])),
        options=tuple(chosen),
        statuses=tuple(draw(st.lists(st.sampled_from(list(ProductStatus)), min_size=1, unique=True))),
        created_after=draw(st.none() | MOMENTS),
        updated_after=draw(st.none() | MOMENTS),
    )


@given(filters(), st.integers(0, 10_000), st.integers(0, 3))
@settings(max_examples=sizes.FILTERS, deadline=None, derandomize=sizes.REPEATABLE)
async def test_every_filter_finds_what_python_finds(
    goods: Goods, wanted: ProductFilter, chance: int, narrowed: int
) -> None:
    ids, shelves = [one.id for one in goods.everything], sorted(goods.shelves)
    category = shelves[chance % len(shelves)] if narrowed & 1 else None
    some = tuple(ids[chance % 7 :: 3]) if narrowed & 2 else None
    asked = replace(wanted, category_id=category, ids=some)
    order = ORDERS[chance % len(ORDERS)]
    expected = [id_ for id_ in goods.sorted(order) if _matches(goods, asked, id_)]
    assert await walk(goods, order, 50, backward=bool(chance % 2), wanted=asked) == expected
    scope = ProductScope(asked)
    assert (await goods.products.counts([scope]))[scope] == len(expected)


def _matches(goods: Goods, wanted: ProductFilter, id_: ProductId) -> bool:
    one = next(each for each in goods.everything if each.id == id_)
    variants = goods.variants.get(id_, ())
    conditions: Sequence[Callable[[], bool]] = (
        lambda: one.status in wanted.statuses,
        lambda: wanted.ids is None or id_ in wanted.ids,
        lambda: wanted.category_id is None or one.category_id in goods.below(wanted.category_id),
        lambda: wanted.created_after is None or one.created_at > wanted.created_after,
        lambda: wanted.updated_after is None or one.updated_at > wanted.updated_after,
        lambda: wanted.in_stock is not False or not any(v.available_for_sale for v, _ in variants),
        lambda: wanted.on_sale is not False or not any(_reduced(v) for v, _ in variants),
        lambda: not _about_variants(wanted) or any(_fits(wanted, v, has) for v, has in variants),
    )
    return all(condition() for condition in conditions)


def _about_variants(wanted: ProductFilter) -> bool:
    priced = wanted.price is not None and wanted.price != PriceRange()
    return priced or bool(wanted.in_stock or wanted.on_sale or wanted.options)


def _reduced(one: ProductVariant) -> bool:
    return one.compare_at_price is not None and one.compare_at_price.amount > one.price.amount


def _fits(wanted: ProductFilter, one: ProductVariant, has: Sequence[SelectedOption]) -> bool:
    bounds = wanted.price or PriceRange()
    return (
        (bounds.min is None or one.price.amount >= bounds.min)
        and (bounds.max is None or one.price.amount <= bounds.max)
        and (not wanted.in_stock or one.available_for_sale)
        and (not wanted.on_sale or _reduced(one))
        and all(any(own.name == o.name and own.value in o.values for own in has) for o in wanted.options)
    )


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("order", [ORDERS[1], ORDERS[4], ORDERS[7]], ids=lambda order: order.tag)
async def test_the_pages_of_many_categories_are_each_categorys_own(
    goods: Goods, order: Order, *, backward: bool
) -> None:
    listing = ProductListing(EVERYTHING, Window(order, 3, backward))
    pages = await goods.products.pages_of_categories([(id_, listing) for id_ in goods.shelves])
    scopes = [ProductScope(EVERYTHING, id_) for id_ in goods.shelves]
    counts = await goods.products.counts(scopes)
    for id_, scope in zip(goods.shelves, scopes, strict=True):
        inside = ProductFilter(statuses=EVERYTHING.statuses, category_id=id_)
        alone, together = await goods.products.page(ProductListing(inside, listing.window)), pages[id_, listing]
        assert [one.id for one in together.items] == [one.id for one in alone.items]
        assert (together.positions, together.has_next, together.has_previous) == (
            alone.positions,
            alone.has_next,
            alone.has_previous,
        )
        expected = [one for one in goods.everything if one.category_id in goods.below(id_)]
        assert counts.get(scope, 0) == len(expected)


@pytest.mark.parametrize("roots_only", [False, True])
@pytest.mark.parametrize("backward", [False, True])
async def test_categories_are_listed_by_name(goods: Goods, *, roots_only: bool, backward: bool) -> None:
    listed = [one for one in goods.shelves.values() if one.parent_id is None or not roots_only]
    expected = [one.id for one in sorted(listed, key=lambda one: (one.name.lower(), one.id))]
    found: list[CategoryId] = []
    cursor: str | None = None
    while cursor is not None or not found:
        arguments = PageArguments(last=9, before=cursor) if backward else PageArguments(first=9, after=cursor)
        page = await goods.categories.page(CategoryListing(roots_only, arguments.window(CATEGORY_ORDER)))
        ids = [one.id for one in page.items]
        found = [*ids, *found] if backward else [*found, *ids]
        more = page.has_previous if backward else page.has_next
        cursor = (page.start_cursor if backward else page.end_cursor) if more else None
    assert found == expected
    scope = CategoryScope(roots_only)
    assert (await goods.categories.counts([scope]))[scope] == len(expected)
