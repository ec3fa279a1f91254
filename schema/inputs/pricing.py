"""What administrators send about the store's settings."""

from datetime import datetime
from decimal import Decimal

import strawberry
from strawberry import UNSET

from domain.pricing.discounts import DiscountKind
from schema.inputs.idempotency import idempotency_key
from schema.inputs.money import MoneyInput
from schema.scalars import ID, CountryCode


@strawberry.input(description="A new discount code.")
class DiscountCodeCreateInput:
    code: str = strawberry.field(
        description="What buyers type: 3 to 40 letters, digits, - and _; capitals do not matter."
    )
    kind: DiscountKind = strawberry.field(description="What it takes off.")
    value: Decimal = strawberry.field(
        description="Per cent for PERCENTAGE, an amount in the shop's currency for FIXED_AMOUNT, 0 for FREE_SHIPPING."
    )
    minimum_subtotal: MoneyInput | None = strawberry.field(
        default=UNSET, description="What the goods it is for must cost, before any discount."
    )
    usage_limit: int | None = strawberry.field(default=UNSET, description="How many orders it can be used for.")
    usage_limit_per_user: int | None = strawberry.field(default=UNSET, description="The same, for each buyer.")
    starts_at: datetime | None = strawberry.field(default=UNSET, description="From when on it holds; now, if left out.")
    ends_at: datetime | None = strawberry.field(default=UNSET, description="When it ends; never, if left out.")
    category_ids: list[ID] | None = strawberry.field(
        default=UNSET, description="The categories it is for, with all below them; everything, if left out."
    )
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="A change of a discount code; what is left out stays.")
class DiscountCodeUpdateInput:
    id: ID = strawberry.field(description="The discount code.")
    active: bool | None = strawberry.field(default=UNSET, description="Whether it can be used.")
    ends_at: datetime | None = strawberry.field(default=UNSET, description="When it ends.")
    usage_limit: int | None = strawberry.field(default=UNSET, description="How many orders it can be used for.")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="A way of shipping.")
class ShippingRateSetInput:
    id: ID | None = strawberry.field(default=UNSET, description="The rate that is replaced; a new one, if left out.")
    name: str = strawberry.field(description="What buyers read.")
    description: str | None = strawberry.field(default=UNSET, description="What else they should know.")
    countries: list[CountryCode] = strawberry.field(description="Where it goes.")
    price: MoneyInput = strawberry.field(description="What it costs.")
    free_above: MoneyInput | None = strawberry.field(
        default=UNSET, description="From which price of the goods on, after discounts, it costs nothing."
    )
    max_weight_grams: int | None = strawberry.field(default=UNSET, description="The heaviest parcel it takes.")
    min_days: int | None = strawberry.field(default=UNSET, description="The fewest days it takes.")
    max_days: int | None = strawberry.field(default=UNSET, description="The most days it takes.")
    active: bool | None = strawberry.field(default=True, description="Whether it is offered.")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="A tax.")
class TaxRateSetInput:
    id: ID | None = strawberry.field(default=UNSET, description="The rate that is replaced; a new one, if left out.")
    title: str = strawberry.field(description="What buyers read, such as VAT.")
    country_code: CountryCode = strawberry.field(description="The country.")
    region: str | None = strawberry.field(default=UNSET, description="The region; the whole country, if left out.")
    rate: Decimal = strawberry.field(description="A fraction from 0 to 1: 0.19 is 19 %.")
    included_in_price: bool | None = strawberry.field(
        default=False, description="Whether prices have it in them; all active rates of a country agree on that."
    )
    active: bool | None = strawberry.field(default=True, description="Whether it holds.")
    idempotency_key: str | None = idempotency_key()
