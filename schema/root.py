"""The one graph."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema import products
from schema.nodes import NodeQueries
from schema.products import ProductQueries
from schema.scalars import SCALARS
from schema.shop import ShopQueries


@strawberry.type(description="Everything that can be read.")
class Query(NodeQueries, ShopQueries, ProductQueries): ...


def build() -> strawberry.Schema:
    return strawberry.Schema(
        query=Query,
        types=[products.Category, products.Product, products.ProductMedia, products.ProductVariant],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
