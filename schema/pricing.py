"""Store settings: discount codes, shipping rates and tax rates."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.pricing import discounts, shipping, taxes
from domain.pricing.discounts import DiscountKind
from resolvers import pricing as resolvers
from schema.errors import UserError, user_errors
from schema.money import Money
from schema.nodes import Node
from schema.paging import Connection
from schema.rendering import identity, loaded, mutation, pays_out, renders, resolved, result, shown
from schema.scalars import ID, CountryCode

if TYPE_CHECKING:
    from schema.products import Category


@strawberry.type(description="A word that makes a cart cheaper.")
@renders(discounts.DiscountCode)
class DiscountCode(Node):
    id: ID = identity()
    code: str = shown("What buyers type, in capitals.")
    kind: DiscountKind = shown("What it takes off.")
    value: Decimal = shown("Per cent for PERCENTAGE, an amount in the shop's currency for FIXED_AMOUNT, otherwise 0.")
    minimum_subtotal: Money | None = shown("What the goods it is for must cost, before any discount.")
    usage_limit: int | None = shown("How many orders it can be used for; null: any number.")
    usage_limit_per_user: int | None = shown("The same, for each buyer.")
    times_used: int = shown("How many orders it was used for.")
    starts_at: datetime = shown("From when on it holds.")
    ends_at: datetime | None = shown("When it ends; null: never.")
    active: bool = shown("Whether it can be used.")
    categories: list[Annotated["Category", strawberry.lazy("schema.products")]] = loaded(
        "discount_categories", key="id", description="The categories it is for, with all below them; empty: everything."
    )
    created_at: datetime = shown("When it was created.")


@strawberry.type(description="A way of shipping, from which carts are offered methods.")
@renders(shipping.ShippingRate)
class ShippingRate(Node):
    id: ID = identity()
    name: str = shown("What buyers read.")
    description: str | None = shown("What else they should know.")
    countries: list[CountryCode] = shown("Where it goes.", "sorted_countries")
    price: Money = shown("What it costs.")
    free_above: Money | None = shown("From which price of the goods on, after discounts, it costs nothing.")
    max_weight_grams: int | None = shown("The heaviest parcel it takes.")
    min_days: int | None = shown("The fewest days it takes.")
    max_days: int | None = shown("The most days it takes.")
    active: bool = shown("Whether it is offered.")


@strawberry.type(description="A tax of a country, or of one of its regions.")
@renders(taxes.TaxRate)
class TaxRate(Node):
    id: ID = identity()
    title: str = shown("What buyers read, such as VAT.")
    country_code: CountryCode = shown("The country.")
    region: str | None = shown("The region; null: the whole country.")
    rate: Decimal = shown("A fraction from 0 to 1: 0.19 is 19 %.")
    included_in_price: bool = shown("Whether prices have it in them.")
    active: bool = shown("Whether it holds.")


@strawberry.type
class PricingQueries:
    discount_codes: Connection[DiscountCode] = resolved(
        resolvers.discount_codes, "The shop's discount codes, the newest first."
    )
    shipping_rates: list[ShippingRate] = resolved(
        resolvers.shipping_rates, "What shipping methods are made from, by name, those that are offered first."
    )
    tax_rates: list[TaxRate] = resolved(resolvers.tax_rates, "The taxes, by country, those that hold first.")


@strawberry.type(description="A new discount code.")
@pays_out(discounts.DiscountCode)
class DiscountCodeCreatePayload:
    discount_code: DiscountCode | None = result("The new discount code.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="A changed discount code.")
@pays_out(discounts.DiscountCode)
class DiscountCodeUpdatePayload:
    discount_code: DiscountCode | None = result("The discount code as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="A way of shipping that was set.")
@pays_out(shipping.ShippingRate)
class ShippingRateSetPayload:
    shipping_rate: ShippingRate | None = result("The rate as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="A tax that was set.")
@pays_out(taxes.TaxRate)
class TaxRateSetPayload:
    tax_rate: TaxRate | None = result("The rate as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class PricingMutations:
    discount_code_create: DiscountCodeCreatePayload = mutation(
        resolvers.create_discount, "Make a word that takes something off."
    )
    discount_code_update: DiscountCodeUpdatePayload = mutation(
        resolvers.update_discount, "Switch a discount code on or off, or change its end or its limit."
    )
    shipping_rate_set: ShippingRateSetPayload = mutation(
        resolvers.set_shipping_rate, "Add a way of shipping, or replace one."
    )
    tax_rate_set: TaxRateSetPayload = mutation(resolvers.set_tax_rate, "Add a tax, or replace one.")
