"""Which products a list shows, and in which order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import Enum

from domain.products.category import CategoryId
from domain.products.product import ProductId, ProductStatus
from domain.shared.errors import Forbidden, InvalidInput
from domain.shared.paging import Key, Order, Window

LARGEST_INPUT_LIST = 100
MOST_OPTIONS = 10


class ProductSortField(Enum):
    """What products can be ordered by."""

    NAME = "NAME"
    PRICE = "PRICE"
    CREATED_AT = "CREATED_AT"
    PUBLISHED_AT = "PUBLISHED_AT"
    BEST_SELLING = "BEST_SELLING"
    RATING = "RATING"
    RELEVANCE = "RELEVANCE"


KEYS: Mapping[ProductSortField, type[Key]] = {
    ProductSortField.NAME: str,
    ProductSortField.PRICE: Decimal,
    ProductSortField.CREATED_AT: datetime,
    ProductSortField.PUBLISHED_AT: datetime,
    ProductSortField.BEST_SELLING: int,
    ProductSortField.RATING: Decimal,
    ProductSortField.RELEVANCE: int,
}

RANKINGS = frozenset({ProductSortField.BEST_SELLING, ProductSortField.RELEVANCE})
"""Orders by rank: ascending means from the first place down, which is by falling figures."""


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Bounds in the shop's currency, both inclusive; a missing one is open."""

    min: Decimal | None = None
    max: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OptionFilter:
    """Any of `values` of the option called `name`."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """All given conditions hold, those on price, stock, sale and options for one and the same variant.

    So "size M, in stock, below 50" never shows a product whose M is sold out.
    """

    ids: tuple[ProductId, ...] | None = None
    category_id: CategoryId | None = None
    price: PriceRange | None = None
    in_stock: bool | None = None
    on_sale: bool | None = None
    options: tuple[OptionFilter, ...] = ()
    statuses: tuple[ProductStatus, ...] = (ProductStatus.ACTIVE,)
    created_after: datetime | None = None
    updated_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProductListing:
    """One list of products: what it contains and the window that is read."""

    filter: ProductFilter
    window: Window


@dataclass(frozen=True, slots=True)
class CategoryListing:
    """One list of categories: all of them, or only the roots, and the window that is read."""

    roots_only: bool
    window: Window


@dataclass(frozen=True, slots=True)
class ProductScope:
    """The whole list behind a page of products: of one category's subtree, or of the shop."""

    filter: ProductFilter
    category_id: CategoryId | None = None


@dataclass(frozen=True, slots=True)
class CategoryScope:
    """The whole list behind a page of categories."""

    roots_only: bool


CATEGORY_ORDER = Order("NAME", str)
NEWEST_FIRST = Order(ProductSortField.CREATED_AT.value, datetime, descending=True)


def product_order(field: ProductSortField, *, descending: bool) -> Order:
    return Order(field.value, KEYS[field], descending is not (field in RANKINGS))


def visible(wanted: ProductFilter, statuses: tuple[ProductStatus, ...] | None, *, staff: bool) -> ProductFilter:
    """The filter, kept to what the viewer may see: everybody but staff sees ACTIVE products only.

    Raises:
        Forbidden: `statuses` are asked for by somebody who is not staff.
    """
    if staff:
        return replace(wanted, statuses=tuple(ProductStatus) if statuses is None else statuses)
    if statuses is not None:
        raise Forbidden("Only administrators may filter by `status`; leave it out to see what is for sale.")
    return wanted


def price_range(low: Decimal | None, high: Decimal | None) -> PriceRange:
    """Raises: InvalidInput: a bound is negative, or the lower one is above the upper one."""
    for argument, bound in (("price.min", low), ("price.max", high)):
        if bound is not None and not 0 <= bound < Decimal(10) ** 15:
            raise InvalidInput(argument, "must be an amount from 0 to below 10^15.")
    if low is not None and high is not None and low > high:
        raise InvalidInput("price.min", f"must not be above `price.max` ({low} > {high}).")
    return PriceRange(low, high)
