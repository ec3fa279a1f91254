"""Every relation of the graph, batched. Made anew for each operation, so that nothing is cached across viewers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from domain.products.category import Category, CategoryId
from domain.products.listing import CategoryScope, ProductScope
from domain.products.product import (
    MediaId,
    Product,
    ProductId,
    ProductMedia,
    ProductOption,
    ProductVariant,
    SelectedOption,
    VariantId,
)
from domain.products.reading import CategoryPageKey, CategoryReader, MediaReader, ProductReader, VariantReader
from domain.shared.paging import Page
from domain.shared.reading import Wanted
from domain.shared.shop import ShopReader
from domain.users.user import Actor
from resolvers.batching import Loader, count, many, one

Scope = ProductScope | CategoryScope


@dataclass(frozen=True, slots=True)
class Readers:
    """What the database can be asked; one set per process."""

    products: ProductReader
    variants: VariantReader
    media: MediaReader
    categories: CategoryReader
    shop: ShopReader


@dataclass(frozen=True, slots=True)
class Loaders:
    product: Loader[ProductId, Product | None]
    product_by_slug: Loader[str, Product | None]
    products_of_category: Loader[CategoryPageKey, Page[Product] | None]
    variant: Loader[VariantId, ProductVariant | None]
    variant_by_sku: Loader[str, ProductVariant | None]
    variants: Loader[ProductId, Sequence[ProductVariant]]
    options: Loader[ProductId, Sequence[ProductOption]]
    selected_options: Loader[VariantId, Sequence[SelectedOption]]
    medium: Loader[MediaId, ProductMedia | None]
    media: Loader[ProductId, Sequence[ProductMedia]]
    category: Loader[CategoryId, Category | None]
    category_by_slug: Loader[str, Category | None]
    children: Loader[CategoryId, Sequence[Category]]
    ancestors: Loader[CategoryId, Sequence[Category]]
    total_count: Loader[Scope, int]


def build(readers: Readers, actor: Actor, wanted: Mapping[type, Wanted]) -> Loaders:
    """`wanted` names what the operation looks at of each class; all of it, where a class is not named."""
    staff = actor.is_staff
    product, variant = wanted.get(Product), wanted.get(ProductVariant)
    medium, category = wanted.get(ProductMedia), wanted.get(Category)
    products, variants, media, categories = readers.products, readers.variants, readers.media, readers.categories
    return Loaders(
        product=one(partial(products.by_ids, staff=staff, wanted=product)),
        product_by_slug=one(partial(products.by_slugs, staff=staff, wanted=product)),
        products_of_category=one(partial(products.pages_of_categories, wanted=product)),
        variant=one(partial(variants.by_ids, staff=staff, wanted=variant)),
        variant_by_sku=one(partial(variants.by_skus, staff=staff, wanted=variant)),
        variants=many(partial(variants.of_products, wanted=variant)),
        options=many(products.options_of),
        selected_options=many(variants.selected_options),
        medium=one(partial(media.by_ids, staff=staff, wanted=medium)),
        media=many(partial(media.of_products, wanted=medium)),
        category=one(partial(categories.by_ids, wanted=category)),
        category_by_slug=one(partial(categories.by_slugs, wanted=category)),
        children=many(partial(categories.children_of, wanted=category)),
        ancestors=many(partial(categories.ancestors_of, wanted=category)),
        total_count=count(partial(_counts, readers)),
    )


async def _counts(readers: Readers, scopes: Sequence[Scope]) -> Mapping[Scope, int]:
    products = [scope for scope in scopes if isinstance(scope, ProductScope)]
    categories = [scope for scope in scopes if isinstance(scope, CategoryScope)]
    counts: list[tuple[Scope, int]] = []
    if products:
        counts.extend((await readers.products.counts(products)).items())
    if categories:
        counts.extend((await readers.categories.counts(categories)).items())
    return dict(counts)
