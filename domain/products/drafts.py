"""A catalogue that is about to be loaded: what a file or a generator says before the shop has it.

Drafts refer to each other by slug, because the shop may have the category already, under an id of its own. Amounts are
in the shop's currency.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.products.category import CategoryId
from domain.products.inventory import VariantId
from domain.products.product import MediaId, ProductId, ProductOption, ProductStatus, Seo


@dataclass(frozen=True, slots=True)
class CategoryDraft:
    """`parent` is a slug; a parent is loaded before its children."""

    id: CategoryId
    name: str
    slug: str
    description: str | None
    parent: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class VariantDraft:
    """`values` holds one value for each option of the product, in the order of the options."""

    id: VariantId
    title: str
    sku: str | None
    barcode: str | None
    price: Decimal
    compare_at_price: Decimal | None
    cost_price: Decimal | None
    weight_grams: int | None
    tracked: bool
    on_hand: int
    low_stock_threshold: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MediaDraft:
    """A picture and its size in pixels. `location` is an absolute URL, or a path below the shop's public address."""

    id: MediaId
    location: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ProductDraft:
    """A product with everything that belongs to it; variants and media are in display order."""

    id: ProductId
    name: str
    slug: str
    description: str | None
    status: ProductStatus
    category: str | None
    seo: Seo
    options: tuple[ProductOption, ...]
    variants: tuple[VariantDraft, ...]
    media: tuple[MediaDraft, ...]
    units_sold: int
    rating_average: Decimal
    rating_count: int
    created_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class CatalogueDraft:
    """`categories` lists parents before their children."""

    categories: tuple[CategoryDraft, ...]
    products: tuple[ProductDraft, ...]
