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
from domain.users.address import AddressId, SavedAddress
from domain.users.listing import UserScope
from domain.users.reading import AddressReader, SessionReader, UserReader
from domain.users.sessions import Session
from domain.users.user import Actor, SessionId, User, UserId
from resolvers.batching import Loader, count, many, one

Scope = ProductScope | CategoryScope | UserScope


@dataclass(frozen=True, slots=True)
class Readers:
    """What the database can be asked; one set per process."""

    products: ProductReader
    variants: VariantReader
    media: MediaReader
    categories: CategoryReader
    users: UserReader
    addresses: AddressReader
    sessions: SessionReader
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
    user: Loader[UserId, User | None]
    address: Loader[AddressId, SavedAddress | None]
    addresses: Loader[UserId, Sequence[SavedAddress]]
    session: Loader[SessionId, Session | None]
    sessions: Loader[UserId, Sequence[Session]]
    total_count: Loader[Scope, int]


def build(readers: Readers, actor: Actor, wanted: Mapping[type, Wanted]) -> Loaders:
    """`wanted` names what the operation looks at of each class; all of it, where a class is not named."""
    staff = actor.is_staff
    product, variant = wanted.get(Product), wanted.get(ProductVariant)
    medium, category = wanted.get(ProductMedia), wanted.get(Category)
    products, variants, media, categories = readers.products, readers.variants, readers.media, readers.categories
    address, session = wanted.get(SavedAddress), wanted.get(Session)
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
        user=one(partial(_users, readers.users, actor, wanted.get(User))),
        address=one(partial(_addresses, readers.addresses, actor, address)),
        addresses=many(partial(readers.addresses.of_users, wanted=address)),
        session=one(partial(_sessions, readers.sessions, actor, session)),
        sessions=many(partial(readers.sessions.of_users, wanted=session)),
        total_count=count(partial(_counts, readers)),
    )


# What belongs to somebody else is not there: null and an error would tell that it exists.


async def _users(reader: UserReader, actor: Actor, wanted: Wanted, ids: Sequence[UserId]) -> Mapping[UserId, User]:
    visible = [identity for identity in ids if actor.is_staff or identity == actor.user_id]
    return await reader.by_ids(visible, wanted=wanted) if visible else {}


async def _addresses(
    reader: AddressReader, actor: Actor, wanted: Wanted, ids: Sequence[AddressId]
) -> Mapping[AddressId, SavedAddress]:
    found = await reader.by_ids(ids, wanted=wanted)
    return {identity: one for identity, one in found.items() if actor.is_staff or one.user_id == actor.user_id}


async def _sessions(
    reader: SessionReader, actor: Actor, wanted: Wanted, ids: Sequence[SessionId]
) -> Mapping[SessionId, Session]:
    found = await reader.by_ids(ids, wanted=wanted)
    return {identity: one for identity, one in found.items() if one.user_id == actor.user_id}


async def _counts(readers: Readers, scopes: Sequence[Scope]) -> Mapping[Scope, int]:
    products = [scope for scope in scopes if isinstance(scope, ProductScope)]
    categories = [scope for scope in scopes if isinstance(scope, CategoryScope)]
    counts: list[tuple[Scope, int]] = []
    if products:
        counts.extend((await readers.products.counts(products)).items())
    if categories:
        counts.extend((await readers.categories.counts(categories)).items())
    people = [scope for scope in scopes if isinstance(scope, UserScope)]
    if people:
        counts.extend((await readers.users.counts(people)).items())
    return dict(counts)
