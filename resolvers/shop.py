"""The shop itself."""

from domain.shared.shop import Shop
from resolvers.context import Info


async def shop(info: Info) -> Shop:
    return await info.context.readers.shop.shop()
