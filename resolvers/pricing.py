"""Store settings: discount codes, shipping rates, tax rates."""

from collections.abc import Sequence

from strawberry import UNSET

from domain.pricing.discounts import DiscountCode, DiscountCodeId
from domain.pricing.shipping import ShippingRate, ShippingRateId
from domain.pricing.store import NEWEST_FIRST, DiscountChange
from domain.pricing.taxes import TaxRate, TaxRateId
from domain.products.category import CategoryId
from domain.shared.clock import now
from domain.shared.ids import uuid7
from domain.shared.money import Money
from domain.shared.paging import Page
from domain.shared.work import Once
from resolvers import global_ids
from resolvers.amounts import money
from resolvers.context import Info
from resolvers.paging import arguments, given
from resolvers.product_listing import bounded
from schema.inputs import pricing as inputs
from schema.inputs.paging import After, Before, First, Last


async def discount_codes(
    info: Info, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
) -> Page[DiscountCode]:
    window = arguments(first, after, last, before).window(NEWEST_FIRST)
    return await info.context.readers.store.discount_page(window, wanted=info.context.wanted.get(DiscountCode))


async def shipping_rates(info: Info) -> Sequence[ShippingRate]:
    return await info.context.readers.store.shipping_rates()


async def tax_rates(info: Info) -> Sequence[TaxRate]:
    return await info.context.readers.store.tax_rates()


async def create_discount(
    info: Info,
    input: inputs.DiscountCodeCreateInput,  # noqa: A002
    once: Once | None,
) -> DiscountCode:
    at = now()
    categories = [
        CategoryId(global_ids.required("Category", one, "category", f"categoryIds.{number}"))
        for number, one in enumerate(bounded("categoryIds", given(input.category_ids) or []))
    ]
    code = DiscountCode(
        id=DiscountCodeId(uuid7()),
        code=input.code,
        kind=input.kind,
        value=input.value,
        minimum_subtotal=money(given(input.minimum_subtotal)),
        usage_limit=given(input.usage_limit),
        usage_limit_per_user=given(input.usage_limit_per_user),
        times_used=0,
        starts_at=given(input.starts_at) or at,
        ends_at=given(input.ends_at),
        active=True,
        category_ids=frozenset(categories),
        created_at=at,
    )
    return await info.context.services.store_settings.create_discount(code, once, sent=categories)


async def update_discount(
    info: Info,
    input: inputs.DiscountCodeUpdateInput,  # noqa: A002
    once: Once | None,
) -> DiscountCode:
    change = DiscountChange(given(input.active), given(input.ends_at), given(input.usage_limit))
    identity = DiscountCodeId(global_ids.required("DiscountCode", input.id, "discount code"))
    return await info.context.services.store_settings.update_discount(identity, change, once)


async def set_shipping_rate(
    info: Info,
    input: inputs.ShippingRateSetInput,  # noqa: A002
    once: Once | None,
) -> ShippingRate:
    known = given(input.id)
    rate = ShippingRate(
        id=ShippingRateId(uuid7() if known is None else global_ids.required("ShippingRate", known, "shipping rate")),
        name=input.name,
        description=given(input.description),
        countries=frozenset(input.countries),
        price=money(input.price) or Money.zero(input.price.currency_code),
        free_above=money(given(input.free_above)),
        max_weight_grams=given(input.max_weight_grams),
        min_days=given(input.min_days),
        max_days=given(input.max_days),
        active=input.active is not False,
    )
    return await info.context.services.store_settings.set_shipping_rate(rate, is_new=known is None, once=once)


async def set_tax_rate(info: Info, input: inputs.TaxRateSetInput, once: Once | None) -> TaxRate:  # noqa: A002
    known = given(input.id)
    rate = TaxRate(
        id=TaxRateId(uuid7() if known is None else global_ids.required("TaxRate", known, "tax rate")),
        title=input.title,
        country_code=input.country_code,
        region=given(input.region),
        rate=input.rate,
        included_in_price=bool(input.included_in_price),
        active=input.active is not False,
    )
    return await info.context.services.store_settings.set_tax_rate(rate, is_new=known is None, once=once)
