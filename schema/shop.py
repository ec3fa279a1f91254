"""The shop itself."""

import strawberry

from domain.payments.payment import PaymentProvider
from domain.shared import shop
from resolvers import shop as resolvers
from schema.rendering import renders, resolved, shown
from schema.scalars import CountryCode, CurrencyCode


@strawberry.type(description="The shop itself.")
@renders(shop.Shop)
class Shop:
    name: str = shown("What the shop is called.")
    currency_code: CurrencyCode = shown("The currency of the shop's prices.")
    currencies: list[CurrencyCode] = shown("The currencies that can be paid in.")
    shipping_countries: list[CountryCode] = resolved(
        resolvers.shipping_countries, "The countries that some rate ships to, by their codes."
    )
    payment_provider: PaymentProvider = resolved(resolvers.payment_provider, "Who moves the money.")
    stripe_publishable_key: str | None = resolved(
        resolvers.publishable_key, "What Stripe's software in browsers needs; null where Stripe is not used."
    )


@strawberry.type
class ShopQueries:
    shop: Shop = resolved(resolvers.shop, "The shop itself.")
