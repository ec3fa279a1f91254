"""What the shop sells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NewType
from uuid import UUID

from domain.products.category import CategoryId
from domain.products.inventory import Inventory, StockStatus, VariantId
from domain.shared.money import Money, MoneyRange

ProductId = NewType("ProductId", UUID)
MediaId = NewType("MediaId", UUID)


class ProductStatus(Enum):
    """Only ACTIVE products are visible to customers."""

    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Seo:
    """What search engines are told instead of name and description."""

    title: str | None
    description: str | None


@dataclass(frozen=True, slots=True)
class Product:
    """One thing for sale, in one or more variants. Price ranges are over its variants."""

    id: ProductId
    name: str
    slug: str
    description: str | None
    status: ProductStatus
    category_id: CategoryId | None
    price_range: MoneyRange
    compare_at_price_range: MoneyRange | None
    seo: Seo
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @property
    def for_sale(self) -> bool:
        return self.status is ProductStatus.ACTIVE


@dataclass(frozen=True, slots=True)
class SelectedOption:
    """The value a variant has for one option of its product: Size = M."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ProductOption:
    """A way in which variants of a product differ, with its values in display order."""

    name: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True)
class ProductVariant:
    """What is put into a cart: one version of a product, with its own price and stock."""

    id: VariantId
    product_id: ProductId
    title: str
    sku: str | None
    barcode: str | None
    price: Money
    compare_at_price: Money | None
    cost_price: Money | None
    weight_grams: int | None
    inventory: Inventory
    created_at: datetime
    updated_at: datetime

    @property
    def available_for_sale(self) -> bool:
        return self.inventory.for_sale

    @property
    def stock_status(self) -> StockStatus:
        return self.inventory.status

    @property
    def quantity_available(self) -> int | None:
        return self.inventory.available if self.inventory.tracked else None


@dataclass(frozen=True, slots=True)
class ProductMedia:
    """A picture. `location` is an absolute URL, or a path below the shop's public address."""

    id: MediaId
    product_id: ProductId
    location: str
    alt: str
    position: int
    width: int | None
    height: int | None
