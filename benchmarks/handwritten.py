"""The catalogue page as somebody would write it who had only this page to serve: asyncpg, orjson, and nothing between.

It answers with the same bytes as the GraphQL query of `benchmarks.catalogue`, from the same tables.
"""

import base64
import os
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

import asyncpg
import orjson
import uvicorn

Message = MutableMapping[str, Any]

PRODUCTS = """
SELECT p.id, p.name, p.slug, p.price_min::numeric(19, 2)::text AS price, c.id AS category_id, c.name AS category_name,
       c.slug AS category_slug
FROM products p LEFT JOIN categories c ON c.id = p.category_id
WHERE p.status = 'active' ORDER BY p.created_at DESC, p.id DESC LIMIT $1
"""
VARIANTS = """
SELECT product_id, id, title, sku, tracked, on_hand - reserved AS available, price::numeric(19, 2)::text AS price
FROM product_variants WHERE product_id = ANY($1) ORDER BY position, id
"""


def global_id(kind: str, identity: Any) -> str:
    return base64.b64encode(f"{kind}:{identity}".encode()).decode()


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currencyCode": "USD"}


class Page:
    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def body(self, first: int) -> bytes:
        async with self._pool.acquire() as connection:
            products = await connection.fetch(PRODUCTS, first)
            variants = await connection.fetch(VARIANTS, [product["id"] for product in products])
        of: dict[Any, list[dict[str, Any]]] = {product["id"]: [] for product in products}
        for product_id, identity, title, sku, tracked, available, price in variants:
            of[product_id].append(
                {
                    "id": global_id("ProductVariant", identity),
                    "title": title,
                    "sku": sku,
                    "quantityAvailable": available if tracked else None,
                    "price": money(price),
                }
            )
        nodes = [
            {
                "id": global_id("Product", identity),
                "name": name,
                "slug": slug,
                "priceRange": {"min": money(price)},
                "category": {"id": global_id("Category", category_id), "name": category_name, "slug": category_slug},
                "variants": of[identity],
            }
            for identity, name, slug, price, category_id, category_name, category_slug in products
        ]
        return orjson.dumps({"data": {"products": {"nodes": nodes}}})


async def keep(_: object) -> None:
    """Instead of asyncpg's reset, a round trip that reads do not need: Souk saves it too."""


class App:
    def __init__(self, url: str) -> None:
        self._url = url
        self._page: Page | None = None

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        del receive
        if self._page is None:
            self._page = Page(await asyncpg.create_pool(self._url, min_size=1, max_size=10, reset=keep))
        body = await self._page.body(int(parse_qs(scope["query_string"])[b"first"][0]))
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(
        App(os.environ["DATABASE_URL"]),
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        log_level="warning",
        access_log=False,
    )
