from server.graphql.request import GraphQLRequest
from server.wiring import Shop


async def test_the_demo_shop_has_a_name(shop: Shop) -> None:
    prepared = shop.engine.prepare(GraphQLRequest("{ shop { name } products(first: 1) { totalCount } }"))
    answer = await shop.execute(prepared)
    assert answer.data == {"shop": {"name": "Souk"}, "products": {"totalCount": 77}}
