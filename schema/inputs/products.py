"""What clients say about products."""

from datetime import datetime
from decimal import Decimal

import strawberry
from strawberry import UNSET

from domain.products.listing import ProductSortField
from domain.products.product import ProductStatus
from schema.enums import SortDirection
from schema.scalars import ID


@strawberry.input(description="Bounds for a price in the shop's currency, both inclusive; a missing one is open.")
class PriceRangeInput:
    min: Decimal | None = strawberry.field(default=UNSET, description="The lowest price that matches.")
    max: Decimal | None = strawberry.field(default=UNSET, description="The highest price that matches.")


@strawberry.input(description="Any of several values of one option, such as Size: S or M.")
class OptionFilterInput:
    name: str = strawberry.field(description="The option's name, exactly as products have it.")
    values: list[str] = strawberry.field(description="The values, exactly as products have them; any of them matches.")


@strawberry.input(description="One value of one option, such as Size: M.")
class SelectedOptionInput:
    name: str = strawberry.field(description="The option's name.")
    value: str = strawberry.field(description="The option's value.")


@strawberry.input(
    name="ProductFilter",
    description="All given conditions must hold; those on price, stock, sale and options for one and the same variant.",
)
class ProductFilterInput:
    ids: list[ID] | None = strawberry.field(default=UNSET, description="Only these products.")
    category_id: ID | None = strawberry.field(
        default=UNSET, description="Only products in this category or anywhere below it."
    )
    price: PriceRangeInput | None = strawberry.field(default=UNSET, description="Only products with such a price.")
    in_stock: bool | None = strawberry.field(
        default=UNSET, description="True: a matching variant can be bought now. False: everything is sold out."
    )
    on_sale: bool | None = strawberry.field(
        default=UNSET, description="True: a matching variant is reduced. False: no variant is."
    )
    options: list[OptionFilterInput] | None = strawberry.field(
        default=UNSET, description="A variant has all of these options, each with any of its values."
    )
    status: list[ProductStatus] | None = strawberry.field(
        default=UNSET, description="Only products of these statuses. For administrators; others see ACTIVE ones only."
    )
    created_after: datetime | None = strawberry.field(
        default=UNSET, description="Only products created after this instant."
    )
    updated_after: datetime | None = strawberry.field(
        default=UNSET, description="Only products changed after this instant."
    )


@strawberry.input(name="ProductSort", description="The order of a list of products.")
class ProductSortInput:
    field: ProductSortField = strawberry.field(description="What to order by.")
    direction: SortDirection | None = strawberry.field(default=SortDirection.ASC, description="Which end comes first.")
