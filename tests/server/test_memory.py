import gc

from server.graphql.request import GraphQLRequest
from server.wiring import Shop

WIDE = """{
  categories(first: 5, rootsOnly: true) {
    totalCount
    nodes { name children { name } products(first: 3) { nodes { name } } }
  }
  products(first: 20) {
    totalCount
    edges { cursor }
    nodes {
      id availableForSale media { url } options { name values } priceRange { min { amount } }
      category { name ancestors { name } }
      variants { id sku quantityAvailable selectedOptions { value } product { name } }
    }
  }
}"""


OURS = {"domain", "persistence", "resolvers", "schema", "server", "strawberry", "_asyncio", "asyncpg"}


async def test_an_operation_leaves_nothing_for_the_garbage_collector(shop: Shop) -> None:
    prepared = shop.engine.prepare(GraphQLRequest(WIDE))
    await shop.execute(prepared)
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.disable()
    try:
        await shop.execute(prepared)
        gc.collect()
        left = [type(one).__qualname__ for one in gc.garbage if type(one).__module__.partition(".")[0] in OURS]
        assert left == []
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
