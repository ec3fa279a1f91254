"""What a client said about a list of products, as the domain understands it."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from domain.products import listing
from domain.products.category import CategoryId
from domain.products.listing import NEWEST_FIRST, OptionFilter, PriceRange, ProductFilter, ProductListing
from domain.products.product import ProductId
from domain.shared.errors import InvalidInput
from domain.shared.paging import PageArguments
from domain.users.user import Actor
from resolvers import global_ids
from resolvers.paging import given
from schema.enums import SortDirection
from schema.inputs.products import OptionFilterInput, PriceRangeInput, ProductFilterInput, ProductSortInput
from schema.scalars import ID

T = TypeVar("T")

NOWHERE = UUID(int=0)
"""Stands for an id that is not one of ours: nothing has it, so nothing matches."""


def product_listing(
    actor: Actor, page: PageArguments, chosen: ProductFilterInput | None, sort: ProductSortInput | None
) -> ProductListing:
    """Raises: InvalidInput, InvalidCursor, Forbidden: what was said cannot be used; see where each is raised."""
    order = NEWEST_FIRST
    if sort is not None:
        order = listing.product_order(sort.field, descending=sort.direction is SortDirection.DESC)
    statuses = None if chosen is None else given(chosen.status)
    wanted = ProductFilter() if chosen is None else _filter(chosen)
    visible = listing.visible(wanted, None if statuses is None else tuple(statuses), staff=actor.is_staff)
    return ProductListing(visible, page.window(order))


def _filter(chosen: ProductFilterInput) -> ProductFilter:
    return ProductFilter(
        ids=_ids(given(chosen.ids)),
        category_id=_category(given(chosen.category_id)),
        price=_price(given(chosen.price)),
        in_stock=given(chosen.in_stock),
        on_sale=given(chosen.on_sale),
        options=_options(given(chosen.options) or []),
        created_after=given(chosen.created_after),
        updated_after=given(chosen.updated_after),
    )


def _ids(ids: Sequence[ID] | None) -> tuple[ProductId, ...] | None:
    if ids is None:
        return None
    return tuple(ProductId(_ours("Product", identity)) for identity in bounded("filter.ids", ids))


def _category(identity: ID | None) -> CategoryId | None:
    return None if identity is None else CategoryId(_ours("Category", identity))


def _price(price: PriceRangeInput | None) -> PriceRange | None:
    return None if price is None else listing.price_range(given(price.min), given(price.max))


def _options(options: Sequence[OptionFilterInput]) -> tuple[OptionFilter, ...]:
    return tuple(
        OptionFilter(option.name, tuple(bounded("filter.options.values", option.values)))
        for option in bounded("filter.options", options, listing.MOST_OPTIONS)
    )


def _ours(type_name: str, identity: ID) -> UUID:
    return global_ids.of_type(type_name, identity) or NOWHERE


def bounded(argument: str, items: Sequence[T], most: int = listing.LARGEST_INPUT_LIST) -> Sequence[T]:
    """Raises: InvalidInput: the list is longer than what is worth asking for at once."""
    if len(items) > most:
        raise InvalidInput(argument, f"may have at most {most} items, not {len(items)}.")
    return items
