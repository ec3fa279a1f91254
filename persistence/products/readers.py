"""The catalogue's read side."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Column, SelectBase, Table, Uuid, any_, select

from domain.products.inventory import VariantId
from domain.products.listing import ProductListing, ProductScope
from domain.products.product import (
    MediaId,
    Product,
    ProductId,
    ProductMedia,
    ProductOption,
    ProductStatus,
    ProductVariant,
    SelectedOption,
)
from domain.products.reading import CategoryPageKey
from domain.shared.paging import Page, Position, cut
from domain.shared.reading import Wanted
from persistence.database import Database
from persistence.grouping import gathered, grouped, keyed
from persistence.mapping import Mapper, Query
from persistence.paging import WindowPlan, window_values
from persistence.products import conditions
from persistence.products.conditions import Shape
from persistence.products.listing import PAGE, PAGES_OF_CATEGORIES, Columns, count, counts_of_categories
from persistence.products.mappers import MEDIA, PRODUCT, VARIANT
from persistence.products.tables import media, option_values, options, products, variant_options, variants
from persistence.statements import Statement, parameters

T = TypeVar("T")


def _lookup(mapper: Mapper[T], table: Table, key: Column[Any]) -> Query[T]:
    """Things by a key of theirs, which stands behind them. Everybody but staff sees those of ACTIVE products only."""
    asked = key == any_(parameters("keys", key.type))

    def found(columns: Columns, staff: bool) -> SelectBase:  # noqa: FBT001  (a variant has no names)
        statement = select(*columns, key.label("key")).where(asked)
        if staff:
            return statement
        if table is not products:
            statement = statement.join(products, products.c.id == table.c.product_id)
        return statement.where(products.c.status == ProductStatus.ACTIVE.value)

    return Query(mapper, found)


def _of_products(mapper: Mapper[T], table: Table) -> Query[T]:
    """Things that belong to products, in display order, the product's id behind them."""
    asked = table.c.product_id == any_(parameters("keys", Uuid()))

    def found(columns: Columns) -> SelectBase:
        return select(*columns, table.c.product_id.label("owner")).where(asked).order_by(table.c.position, table.c.id)

    return Query(mapper, found)


class SqlProducts:
    """Implements `domain.products.reading.ProductReader`."""

    BY_IDS = _lookup(PRODUCT, products, products.c.id)
    BY_SLUGS = _lookup(PRODUCT, products, products.c.slug)
    OPTIONS = Statement(
        select(options.c.product_id, options.c.name, option_values.c.value)
        .join(option_values)
        .where(options.c.product_id == any_(parameters("keys", Uuid())))
        .order_by(options.c.position, options.c.name, option_values.c.position, option_values.c.value)
    )

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_ids(
        self, ids: Sequence[ProductId], *, staff: bool, wanted: Wanted = None
    ) -> Mapping[ProductId, Product]:
        return keyed(await self.BY_IDS.ask(self._database, {"keys": ids}, wanted, staff))

    async def by_slugs(self, slugs: Sequence[str], *, staff: bool, wanted: Wanted = None) -> Mapping[str, Product]:
        return keyed(await self.BY_SLUGS.ask(self._database, {"keys": slugs}, wanted, staff))

    async def page(self, listing: ProductListing, *, wanted: Wanted = None) -> Page[Product]:
        found, rows = await PAGE.ask(self._database, _values(listing), wanted, *_variant(listing))
        placed = [(one, Position(row[-1], one.id)) for one, row in zip(found, rows, strict=True)]
        return cut(listing.window, placed, ProductScope(listing.filter))

    async def pages_of_categories(
        self, keys: Sequence[CategoryPageKey], *, wanted: Wanted = None
    ) -> Mapping[CategoryPageKey, Page[Product]]:
        """One statement for all categories that ask for the same listing."""
        pages: dict[CategoryPageKey, Page[Product]] = {}
        for listing, roots in grouped((listing, category) for category, listing in keys).items():
            values = {**_values(listing), "roots": roots}
            found, rows = await PAGES_OF_CATEGORIES.ask(self._database, values, wanted, *_variant(listing))
            placed = grouped((row[-1], (one, Position(row[-2], one.id))) for one, row in zip(found, rows, strict=True))
            for root in roots:
                scope = ProductScope(listing.filter, root)
                pages[root, listing] = cut(listing.window, placed.get(root, ()), scope)
        return pages

    async def counts(self, scopes: Sequence[ProductScope]) -> Mapping[ProductScope, int]:
        """One statement for all categories with the same filter."""
        counts: dict[ProductScope, int] = {}
        for wanted, of in grouped((scope.filter, scope.category_id) for scope in scopes).items():
            shape, values = conditions.shape(wanted), conditions.values(wanted)
            roots = [category for category in of if category is not None]
            if roots:
                found = await self._database.fetch(counts_of_categories(shape), {**values, "roots": roots})
                counts |= {ProductScope(wanted, row[0]): row[1] for row in found}
            if None in of:
                counts[ProductScope(wanted)] = (await self._database.fetch(count(shape), values))[0][0]
        return counts

    async def options_of(self, ids: Sequence[ProductId]) -> Mapping[ProductId, Sequence[ProductOption]]:
        found = await self._database.fetch(self.OPTIONS, {"keys": ids})
        values = grouped(((product, name), value) for product, name, value in found)
        return grouped((product, ProductOption(name, chosen)) for (product, name), chosen in values.items())


class SqlVariants:
    """Implements `domain.products.reading.VariantReader`."""

    BY_IDS = _lookup(VARIANT, variants, variants.c.id)
    BY_SKUS = _lookup(VARIANT, variants, variants.c.sku)
    OF_PRODUCTS = _of_products(VARIANT, variants)
    SELECTED = Statement(
        select(variant_options.c.variant_id, variant_options.c.name, variant_options.c.value)
        .join(
            options,
            (options.c.product_id == variant_options.c.product_id) & (options.c.name == variant_options.c.name),
        )
        .where(variant_options.c.variant_id == any_(parameters("keys", Uuid())))
        .order_by(options.c.position, options.c.name)
    )

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_ids(
        self, ids: Sequence[VariantId], *, staff: bool, wanted: Wanted = None
    ) -> Mapping[VariantId, ProductVariant]:
        return keyed(await self.BY_IDS.ask(self._database, {"keys": ids}, wanted, staff))

    async def by_skus(self, skus: Sequence[str], *, staff: bool, wanted: Wanted = None) -> Mapping[str, ProductVariant]:
        return keyed(await self.BY_SKUS.ask(self._database, {"keys": skus}, wanted, staff))

    async def of_products(
        self, ids: Sequence[ProductId], *, wanted: Wanted = None
    ) -> Mapping[ProductId, Sequence[ProductVariant]]:
        return gathered(await self.OF_PRODUCTS.ask(self._database, {"keys": ids}, wanted))

    async def selected_options(self, ids: Sequence[VariantId]) -> Mapping[VariantId, Sequence[SelectedOption]]:
        found = await self._database.fetch(self.SELECTED, {"keys": ids})
        return grouped((VariantId(row[0]), SelectedOption(row[1], row[2])) for row in found)


class SqlMedia:
    """Implements `domain.products.reading.MediaReader`."""

    BY_IDS = _lookup(MEDIA, media, media.c.id)
    OF_PRODUCTS = _of_products(MEDIA, media)

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_ids(
        self, ids: Sequence[MediaId], *, staff: bool, wanted: Wanted = None
    ) -> Mapping[MediaId, ProductMedia]:
        return keyed(await self.BY_IDS.ask(self._database, {"keys": ids}, wanted, staff))

    async def of_products(
        self, ids: Sequence[ProductId], *, wanted: Wanted = None
    ) -> Mapping[ProductId, Sequence[ProductMedia]]:
        return gathered(await self.OF_PRODUCTS.ask(self._database, {"keys": ids}, wanted))


def _variant(listing: ProductListing) -> tuple[Shape, WindowPlan]:
    return conditions.shape(listing.filter), WindowPlan.of(listing.window)


def _values(listing: ProductListing) -> Mapping[str, Any]:
    return {**conditions.values(listing.filter), **window_values(listing.window)}
