"""The shop itself."""

from collections.abc import Sequence

from domain.payments.payment import PaymentProvider
from domain.shared.shop import Shop
from resolvers.context import Info
from schema.scalars import CountryCode


async def shop(info: Info) -> Shop:
    return await info.context.readers.shop.shop()


async def shipping_countries(info: Info) -> Sequence[CountryCode]:
    rates = await info.context.readers.store.shipping_rates()
    return [CountryCode(code) for code in sorted({code for rate in rates if rate.active for code in rate.countries})]


def payment_provider(info: Info) -> PaymentProvider:
    return info.context.services.payments.gateway.provider


def publishable_key(info: Info) -> str | None:
    return info.context.services.publishable_key
