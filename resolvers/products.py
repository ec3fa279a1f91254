"""Products, variants, media, categories."""

from typing import Annotated, Any, TypeVar

import strawberry
from strawberry import UNSET, Parent

from domain.products.category import Category
from domain.products.listing import CATEGORY_ORDER, CategoryListing
from domain.products.product import Product, ProductMedia, ProductVariant
from domain.shared.errors import InvalidInput
from domain.shared.money import Money
from domain.shared.paging import Page
from resolvers import global_ids
from resolvers.batching import Loader
from resolvers.context import Info
from resolvers.paging import arguments, given
from resolvers.product_listing import product_listing
from schema.inputs.paging import After, Before, First, Last
from schema.inputs.products import ProductFilterInput, ProductSortInput, SelectedOptionInput
from schema.scalars import ID, URL

T = TypeVar("T")

Filter = Annotated[ProductFilterInput | None, strawberry.argument(description="Which products; all, if left out.")]
SortBy = Annotated[
    ProductSortInput | None, strawberry.argument(description="The order; the newest come first, if left out.")
]
RootsOnly = Annotated[bool | None, strawberry.argument(description="Only categories that stand below no other.")]


async def product(
    info: Info,
    id: Annotated[ID | None, strawberry.argument(description="The product's id.")] = UNSET,  # noqa: A002
    slug: Annotated[str | None, strawberry.argument(description="The product's slug.")] = UNSET,
) -> Product | None:
    loaders = info.context.loaders
    return await _look_up("Product", id, loaders.product, slug, loaders.product_by_slug, "slug")


async def product_variant(
    info: Info,
    id: Annotated[ID | None, strawberry.argument(description="The variant's id.")] = UNSET,  # noqa: A002
    sku: Annotated[str | None, strawberry.argument(description="The variant's SKU.")] = UNSET,
) -> ProductVariant | None:
    loaders = info.context.loaders
    return await _look_up("ProductVariant", id, loaders.variant, sku, loaders.variant_by_sku, "sku")


async def category(
    info: Info,
    id: Annotated[ID | None, strawberry.argument(description="The category's id.")] = UNSET,  # noqa: A002
    slug: Annotated[str | None, strawberry.argument(description="The category's slug.")] = UNSET,
) -> Category | None:
    loaders = info.context.loaders
    return await _look_up("Category", id, loaders.category, slug, loaders.category_by_slug, "slug")


async def products(
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    filter: Filter = UNSET,  # noqa: A002
    sort_by: SortBy = UNSET,
) -> Page[Product]:
    listing = product_listing(info.context.actor, arguments(first, after, last, before), given(filter), given(sort_by))
    return await info.context.readers.products.page(listing, wanted=info.context.wanted.get(Product))


async def products_of_category(
    category: Parent[Category],
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    filter: Filter = UNSET,  # noqa: A002
    sort_by: SortBy = UNSET,
) -> Page[Product] | None:
    listing = product_listing(info.context.actor, arguments(first, after, last, before), given(filter), given(sort_by))
    return await info.context.loaders.products_of_category.load((category.id, listing))


async def categories(
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    roots_only: RootsOnly = False,  # noqa: FBT002  (GraphQL arguments have names)
) -> Page[Category]:
    window = arguments(first, after, last, before).window(CATEGORY_ORDER)
    listing = CategoryListing(bool(roots_only), window)
    return await info.context.readers.categories.page(listing, wanted=info.context.wanted.get(Category))


async def available_for_sale(product: Parent[Product], info: Info) -> bool:
    variants = await info.context.loaders.variants.load(product.id)
    return product.for_sale and any(variant.available_for_sale for variant in variants)


async def variant_of_product(
    product: Parent[Product],
    info: Info,
    sku: Annotated[str | None, strawberry.argument(description="The variant's SKU.")] = UNSET,
    selected_options: Annotated[
        list[SelectedOptionInput] | None,
        strawberry.argument(description="Values that the variant must have; the first variant with all of them."),
    ] = UNSET,
) -> ProductVariant | None:
    loaders = info.context.loaders
    variants = await loaders.variants.load(product.id)
    if given(sku) is not None:
        variants = [variant for variant in variants if variant.sku == sku]
    wanted = {(option.name, option.value) for option in given(selected_options) or ()}
    if not wanted:
        return next(iter(variants), None)
    options = await loaders.selected_options.load_column([variant.id for variant in variants])
    matches = (v for v, has in zip(variants, options, strict=True) if wanted <= {(o.name, o.value) for o in has})
    return next(matches, None)


def url(media: Parent[ProductMedia], info: Info) -> URL:
    path = media.location
    return URL(info.context.public_url + path if path.startswith("/") else path)


def formatted(
    money: Parent[Money],
    locale: Annotated[
        str | None, strawberry.argument(description="The reader's language as a BCP 47 tag, such as de-CH.")
    ] = "en-US",
) -> str:
    return money.formatted(locale or "en-US")


async def _look_up(
    type_name: str,
    identity: ID | None,
    by_id: Loader[Any, T | None],
    key: str | None,
    by_key: Loader[str, T | None],
    argument: str,
) -> T | None:
    """One thing by its id or by its other key.

    Raises:
        InvalidInput: both are given, or none.
    """
    wanted, other = given(identity), given(key)
    if wanted is not None and other is None:
        found = global_ids.of_type(type_name, wanted)
        return None if found is None else await by_id.load(found)
    if other is not None and wanted is None:
        return await by_key.load(other)
    raise InvalidInput("id", f"or `{argument}` must be given, and not both.")
