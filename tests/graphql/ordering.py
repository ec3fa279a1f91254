"""A shop with a stall in it, for tests of orders: what they ask, and what they get."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.carts.cart import CartId
from domain.shared.ids import uuid7
from domain.users.user import ANONYMOUS, Actor
from resolvers import global_ids
from server.wiring import Shop
from tests import sql
from tests.graphql.asking import data
from tests.selling import Market

ADDRESS = "line1 city countryCode firstName"
AMOUNTS = "subtotal { amount } discount { amount } shipping { amount } tax { amount } total { amount }"
ORDER = f"""id number status paymentStatus fulfillmentStatus email user {{ id }} discountCodes note
  lines {{ productName variantTitle sku quantity quantityFulfilled quantityRefunded unitPrice {{ amount }}
    discount {{ amount }} tax {{ amount }} total {{ amount }} }}
  cost {{ {AMOUNTS} taxIncluded taxLines {{ title rate amount {{ amount }} }} }}
  shippingAddress {{ {ADDRESS} }} billingAddress {{ {ADDRESS} }} shippingMethod {{ name price {{ amount }} }}
  events(first: 10) {{ totalCount nodes {{
    sequence type message ... on OrderLifecycleEvent {{ previousStatus status }} }} }}
  placedAt expiresAt confirmedAt completedAt canceledAt cancelReason"""
ERRORS = """userErrors { __typename code message field
  ... on InsufficientStockError { quantityRequested quantityAvailable variant { id } }
  ... on InvalidTransitionError { from action }
  ... on QuoteChangedError { quotedTotal { amount } currentTotal { amount }
    changes { reason line { quantity } quoted { amount } current { amount } } } }"""
PLACE = f"""mutation($input: OrderPlaceInput!) {{
  orderPlace(input: $input) {{ order {{ {ORDER} }} accessToken {ERRORS} }} }}"""
CANCEL = f"mutation($input: OrderCancelInput!) {{ orderCancel(input: $input) {{ order {{ {ORDER} }} {ERRORS} }} }}"
FIND = """query($id: ID, $number: String, $token: String) {
  order(id: $id, number: $number, accessToken: $token) { id email } }"""
LIST = """query($filter: OrderFilter, $sort: OrderSort, $first: Int, $after: String) {
  orders(filter: $filter, sortBy: $sort, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes {
      id number placedAt updatedAt cost { total { amount } } } } }"""
NOBODY = UUID(int=0)
CHANGES: Mapping[str, Mapping[str, Any]] = {
    "cartLinesAdd": {"lines": [{"variantId": global_ids.encode("ProductVariant", NOBODY)}]},
    "cartLinesUpdate": {"lines": [{"lineId": global_ids.encode("CartLine", NOBODY), "quantity": 1}]},
    "cartLinesRemove": {"lineIds": [global_ids.encode("CartLine", NOBODY)]},
    "cartBuyerIdentityUpdate": {"buyerIdentity": {"email": "other@shop.example"}},
    "cartShippingAddressSet": {"address": {"line1": "2 New Street", "city": "Hull", "countryCode": "GB"}},
    "cartBillingAddressSet": {"address": {"line1": "2 New Street", "city": "Hull", "countryCode": "GB"}},
    "cartDiscountCodeApply": {"code": "TEN"},
    "cartDiscountCodeRemove": {"code": "TEN"},
}
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Counter:
    """A shop with a stall in it, and people who ask."""

    shop: Shop
    stall: Market

    async def place(self, cart: CartId, actor: Actor = ANONYMOUS, **more: object) -> Json:
        sent = {"cartId": global_ids.encode("Cart", cart), "idempotencyKey": uuid7().hex, **more}
        return (await data(self.shop, PLACE, {"input": sent}, actor))["orderPlace"]

    async def bought(self, cart: CartId, actor: Actor = ANONYMOUS, **more: object) -> Json:
        answer = await self.place(cart, actor, **more)
        assert answer["userErrors"] == []
        return answer

    async def refused(self, cart: CartId, actor: Actor = ANONYMOUS, **more: object) -> list[Json]:
        """Why, and nothing was changed by it."""
        before = await self.everything()
        answer = await self.place(cart, actor, **more)
        assert (answer["order"], answer["accessToken"]) == (None, None)
        assert await self.everything() == before
        return answer["userErrors"]

    async def cancel(self, identity: str, actor: Actor = ANONYMOUS, **more: object) -> Json:
        return (await data(self.shop, CANCEL, {"input": {"id": identity, **more}}, actor))["orderCancel"]

    async def find(self, actor: Actor = ANONYMOUS, **by: object) -> Json | None:
        return (await data(self.shop, FIND, by, actor))["order"]

    async def quote(self, cart: CartId, actor: Actor = ANONYMOUS) -> str:
        found = await data(
            self.shop,
            "query($id: ID!) { cart(id: $id) { quote { id } } }",
            {"id": global_ids.encode("Cart", cart)},
            actor,
        )
        return found["cart"]["quote"]["id"]

    async def everything(self) -> list[str]:
        tables = ("orders", "order_lines", "order_events", "discount_redemptions", "inventory_adjustments", "carts")
        tables += ("cart_lines", "product_variants", "discount_codes", "outbox", "idempotency_keys")
        return [
            repr(sorted(map(repr, await sql.rows(self.shop.database, f"SELECT * FROM {table}")))) for table in tables
        ]

    async def do(self, statement: str, **values: object) -> None:
        await sql.run(self.shop.database, statement, **values)


def kinds(errors: list[Json]) -> list[tuple[str, str]]:
    return [(error["__typename"], error["code"]) for error in errors]


def money(amount: str) -> Json:
    return {"amount": amount}
