"""How the catalogue is read. Every method answers a whole batch, with one statement per kind of question.

`wanted` names the attributes that will be looked at; readers may leave out the others.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.products.category import Category, CategoryId
from domain.products.inventory import VariantId
from domain.products.listing import CategoryListing, CategoryScope, ProductListing, ProductScope
from domain.products.product import (
    MediaId,
    Product,
    ProductId,
    ProductMedia,
    ProductOption,
    ProductVariant,
    SelectedOption,
)
from domain.shared.paging import Page
from domain.shared.reading import Wanted

CategoryPageKey = tuple[CategoryId, ProductListing]


class ProductReader(Protocol):
    """Without `staff`, products that are not ACTIVE do not exist."""

    async def by_ids(
        self, ids: Sequence[ProductId], *, staff: bool, wanted: Wanted = None
    ) -> Mapping[ProductId, Product]: ...
    async def by_slugs(self, slugs: Sequence[str], *, staff: bool, wanted: Wanted = None) -> Mapping[str, Product]: ...
    async def page(self, listing: ProductListing, *, wanted: Wanted = None) -> Page[Product]: ...
    async def pages_of_categories(
        self, keys: Sequence[CategoryPageKey], *, wanted: Wanted = None
    ) -> Mapping[CategoryPageKey, Page[Product]]: ...
    async def counts(self, scopes: Sequence[ProductScope]) -> Mapping[ProductScope, int]: ...
    async def options_of(self, ids: Sequence[ProductId]) -> Mapping[ProductId, Sequence[ProductOption]]: ...


class VariantReader(Protocol):
    """Without `staff`, variants of products that are not ACTIVE do not exist."""

    async def by_ids(
        self, ids: Sequence[VariantId], *, staff: bool, wanted: Wanted = None
    ) -> Mapping[VariantId, ProductVariant]: ...
    async def by_skus(
        self, skus: Sequence[str], *, staff: bool, wanted: Wanted = None
    ) -> Mapping[str, ProductVariant]: ...
    async def of_products(
        self, ids: Sequence[ProductId], *, wanted: Wanted = None
    ) -> Mapping[ProductId, Sequence[ProductVariant]]: ...
    async def selected_options(self, ids: Sequence[VariantId]) -> Mapping[VariantId, Sequence[SelectedOption]]: ...


class MediaReader(Protocol):
    """Without `staff`, media of products that are not ACTIVE do not exist."""

    async def by_ids(
        self, ids: Sequence[MediaId], *, staff: bool, wanted: Wanted = None
    ) -> Mapping[MediaId, ProductMedia]: ...
    async def of_products(
        self, ids: Sequence[ProductId], *, wanted: Wanted = None
    ) -> Mapping[ProductId, Sequence[ProductMedia]]: ...


class CategoryReader(Protocol):
    async def by_ids(self, ids: Sequence[CategoryId], *, wanted: Wanted = None) -> Mapping[CategoryId, Category]: ...
    async def by_slugs(self, slugs: Sequence[str], *, wanted: Wanted = None) -> Mapping[str, Category]: ...
    async def children_of(
        self, ids: Sequence[CategoryId], *, wanted: Wanted = None
    ) -> Mapping[CategoryId, Sequence[Category]]: ...
    async def ancestors_of(
        self, ids: Sequence[CategoryId], *, wanted: Wanted = None
    ) -> Mapping[CategoryId, Sequence[Category]]:
        """Root first, without the category itself."""
        ...

    async def page(self, listing: CategoryListing, *, wanted: Wanted = None) -> Page[Category]: ...
    async def counts(self, scopes: Sequence[CategoryScope]) -> Mapping[CategoryScope, int]: ...
