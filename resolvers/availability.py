"""The stock of variants, followed."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from domain.products.inventory import VariantId
from domain.products.product import ProductVariant
from domain.shared.following import Next
from resolvers import global_ids
from resolvers.context import Info
from resolvers.product_listing import NOWHERE, bounded
from schema.scalars import ID


async def variant_availability(
    info: Info,
    variant_ids: Annotated[
        list[ID],
        strawberry.argument(
            description="The variants, up to 100; what is not there, or not for the viewer, is left out."
        ),
    ],
) -> AsyncGenerator[Next[ProductVariant]]:
    wanted = [global_ids.of_type("ProductVariant", one) or NOWHERE for one in bounded("variantIds", variant_ids)]
    watch, staff = info.context.services.followed.stock_watch, info.context.actor.is_staff
    async with aclosing(watch.follow([VariantId(one) for one in wanted], staff=staff)) as variants:
        async for variant in variants:
            yield variant
