"""The catalogue's read side."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, String, Table, Uuid, any_, select

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
    VariantId,
)
from domain.products.reading import CategoryPageKey
from domain.shared.paging import Page, Position, cut
from persistence.database import Database
from persistence.paging import WindowPlan, window_values
from persistence.products import conditions, listing, rows
from persistence.products.rows import MEDIA_COLUMNS, PRODUCT_COLUMNS, VARIANT_COLUMNS, Row, grouped, keyed
from persistence.products.tables import media, option_values, options, products, variant_options, variants
from persistence.statements import Statement, parameters

IDS = parameters("ids", Uuid())
PUBLIC = products.c.status == ProductStatus.ACTIVE.value


class _ForViewers:
    """The same statement twice: as staff see the table, and kept to what belongs to ACTIVE products."""

    def __init__(self, columns: Sequence[ColumnElement[object]], table: Table, wanted: ColumnElement[bool]) -> None:
        everything = select(*columns).where(wanted)
        public = everything.where(PUBLIC)
        if table is not products:
            public = public.join(products, products.c.id == table.c.product_id)
        self._statements = (Statement(public), Statement(everything))

    def __getitem__(self, staff: bool) -> Statement:
        return self._statements[staff]


class SqlProducts:
    """Implements `domain.products.reading.ProductReader`."""

    BY_IDS = _ForViewers(PRODUCT_COLUMNS, products, products.c.id == any_(IDS))
    BY_SLUGS = _ForViewers(PRODUCT_COLUMNS, products, products.c.slug == any_(parameters("slugs", String())))
    OPTIONS = Statement(
        select(options.c.product_id, options.c.name, option_values.c.value)
        .join(option_values)
        .where(options.c.product_id == any_(IDS))
        .order_by(options.c.position, options.c.name, option_values.c.position, option_values.c.value)
    )

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_ids(self, ids: Sequence[ProductId], *, staff: bool) -> Mapping[ProductId, Product]:
        found = await self._database.fetch(self.BY_IDS[staff], {"ids": ids})
        return keyed(found, rows.product, lambda product: product.id)

    async def by_slugs(self, slugs: Sequence[str], *, staff: bool) -> Mapping[str, Product]:
        found = await self._database.fetch(self.BY_SLUGS[staff], {"slugs": slugs})
        return keyed(found, rows.product, lambda product: product.slug)

    async def page(self, wanted: ProductListing) -> Page[Product]:
        statement = listing.page(conditions.shape(wanted.filter), WindowPlan.of(wanted.window))
        found = await self._database.fetch(statement, _values(wanted))
        return cut(wanted.window, [_positioned(row) for row in found], ProductScope(wanted.filter))

    async def pages_of_categories(self, keys: Sequence[CategoryPageKey]) -> Mapping[CategoryPageKey, Page[Product]]:
        """One statement for all categories that ask for the same listing."""
        pages: dict[CategoryPageKey, Page[Product]] = {}
        for wanted, of in grouped((wanted, category) for category, wanted in keys).items():
            statement = listing.pages_of_categories(conditions.shape(wanted.filter), WindowPlan.of(wanted.window))
            found = await self._database.fetch(statement, {**_values(wanted), "roots": of})
            by_root = grouped((row[0], _positioned(row[1:])) for row in found)
            for category in of:
                scope = ProductScope(wanted.filter, category)
                pages[category, wanted] = cut(wanted.window, by_root.get(category, ()), scope)
        return pages

    async def counts(self, scopes: Sequence[ProductScope]) -> Mapping[ProductScope, int]:
        """One statement for all categories with the same filter."""
        counts: dict[ProductScope, int] = {}
        for wanted, of in grouped((scope.filter, scope.category_id) for scope in scopes).items():
            shape, values = conditions.shape(wanted), conditions.values(wanted)
            roots = [category for category in of if category is not None]
            if roots:
                found = await self._database.fetch(listing.counts_of_categories(shape), {**values, "roots": roots})
                counts |= {ProductScope(wanted, row[0]): row[1] for row in found}
            if None in of:
                counts[ProductScope(wanted)] = (await self._database.fetch(listing.count(shape), values))[0][0]
        return counts

    async def options_of(self, ids: Sequence[ProductId]) -> Mapping[ProductId, Sequence[ProductOption]]:
        found = await self._database.fetch(self.OPTIONS, {"ids": ids})
        values = grouped(((product, name), value) for product, name, value in found)
        return grouped((product, ProductOption(name, chosen)) for (product, name), chosen in values.items())


class SqlVariants:
    """Implements `domain.products.reading.VariantReader`."""

    BY_IDS = _ForViewers(VARIANT_COLUMNS, variants, variants.c.id == any_(IDS))
    BY_SKUS = _ForViewers(VARIANT_COLUMNS, variants, variants.c.sku == any_(parameters("skus", String())))
    OF_PRODUCTS = Statement(
        select(*VARIANT_COLUMNS).where(variants.c.product_id == any_(IDS)).order_by(variants.c.position, variants.c.id)
    )
    SELECTED = Statement(
        select(variant_options.c.variant_id, variant_options.c.name, variant_options.c.value)
        .join(
            options,
            (options.c.product_id == variant_options.c.product_id) & (options.c.name == variant_options.c.name),
        )
        .where(variant_options.c.variant_id == any_(IDS))
        .order_by(options.c.position, options.c.name)
    )

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_ids(self, ids: Sequence[VariantId], *, staff: bool) -> Mapping[VariantId, ProductVariant]:
        found = await self._database.fetch(self.BY_IDS[staff], {"ids": ids})
        return keyed(found, rows.variant, lambda variant: variant.id)

    async def by_skus(self, skus: Sequence[str], *, staff: bool) -> Mapping[str, ProductVariant]:
        found = await self._database.fetch(self.BY_SKUS[staff], {"skus": skus})
        return {row["sku"]: rows.variant(row) for row in found}

    async def of_products(self, ids: Sequence[ProductId]) -> Mapping[ProductId, Sequence[ProductVariant]]:
        found = await self._database.fetch(self.OF_PRODUCTS, {"ids": ids})
        return grouped((ProductId(row[1]), rows.variant(row)) for row in found)

    async def selected_options(self, ids: Sequence[VariantId]) -> Mapping[VariantId, Sequence[SelectedOption]]:
        found = await self._database.fetch(self.SELECTED, {"ids": ids})
        return grouped((VariantId(row[0]), SelectedOption(row[1], row[2])) for row in found)


class SqlMedia:
    """Implements `domain.products.reading.MediaReader`."""

    BY_IDS = _ForViewers(MEDIA_COLUMNS, media, media.c.id == any_(IDS))
    OF_PRODUCTS = Statement(
        select(*MEDIA_COLUMNS).where(media.c.product_id == any_(IDS)).order_by(media.c.position, media.c.id)
    )

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_ids(self, ids: Sequence[MediaId], *, staff: bool) -> Mapping[MediaId, ProductMedia]:
        found = await self._database.fetch(self.BY_IDS[staff], {"ids": ids})
        return keyed(found, rows.picture, lambda picture: picture.id)

    async def of_products(self, ids: Sequence[ProductId]) -> Mapping[ProductId, Sequence[ProductMedia]]:
        found = await self._database.fetch(self.OF_PRODUCTS, {"ids": ids})
        return grouped((picture.product_id, picture) for picture in map(rows.picture, found))


def _positioned(row: Row) -> tuple[Product, Position]:
    product = rows.product(row)
    return product, Position(row[len(PRODUCT_COLUMNS)], product.id)


def _values(wanted: ProductListing) -> Mapping[str, object]:
    return {**conditions.values(wanted.filter), **window_values(wanted.window)}
