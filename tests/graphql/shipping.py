"""A counter with a warehouse behind it: orders that are confirmed, and what is asked about their shipments."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.orders.order import OrderId
from domain.products.inventory import VariantId
from domain.users.user import Actor
from persistence.audit import violations
from resolvers import global_ids
from tests import sql
from tests.graphql.asking import ADMIN, data
from tests.graphql.ordering import Counter, Json

EVENTS = """events(first: 50) { nodes { sequence type message
  ... on OrderLifecycleEvent { previousStatus status }
  ... on OrderFulfillmentEvent { location fulfillment { id status } } } }"""
ORDER = f"id status fulfillmentStatus completedAt lines {{ id quantity quantityFulfilled }} {EVENTS}"
FULFILLMENT = """id status lines { orderLine { id sku } quantity } tracking { carrier number url }
  estimatedDeliveryAt createdAt shippedAt deliveredAt order { id }"""
ERRORS = """userErrors { __typename code message field
  ... on InvalidTransitionError { from action } ... on NotFoundError { id } }"""
ANSWERS = {
    "fulfillmentCreate": f"fulfillment {{ {FULFILLMENT} }} order {{ {ORDER} }}",
    "fulfillmentUpdate": f"fulfillment {{ {FULFILLMENT} }}",
    "fulfillmentCancel": f"fulfillment {{ {FULFILLMENT} }}",
    "orderNoteAdd": f"order {{ {ORDER} }}",
}
FIND = f"query($id: ID!) {{ order(id: $id) {{ {ORDER} fulfillments {{ {FULFILLMENT} }} }} }}"
WATCHED = ("orders", "order_lines", "order_events", "fulfillments", "fulfillment_lines", "inventory_adjustments")


@dataclass(frozen=True, slots=True)
class Warehouse:
    counter: Counter

    async def ordered(self, wanted: Mapping[VariantId, int], *, confirmed: bool = True) -> Json:
        """An order for so many units, as an administrator sees it."""
        identity = (await self.counter.bought(await self.counter.stall.cart(wanted)))["order"]["id"]
        if confirmed:
            await self.counter.stall.confirm(order_id(identity))
        return await self.order(identity)

    async def order(self, identity: str, actor: Actor = ADMIN) -> Json:
        return (await data(self.counter.shop, FIND, {"id": identity}, actor))["order"]

    async def ask(self, mutation: str, **sent: object) -> Json:
        type_ = f"{mutation[0].upper()}{mutation[1:]}Input!"
        document = f"mutation($input: {type_}) {{ {mutation}(input: $input) {{ {ANSWERS[mutation]} {ERRORS} }} }}"
        return (await data(self.counter.shop, document, {"input": sent}, ADMIN))[mutation]

    async def done(self, mutation: str, **sent: object) -> Json:
        """What came of it: the fulfilment, or the order."""
        answer = await self.ask(mutation, **sent)
        assert answer["userErrors"] == []
        return answer.get("fulfillment") or answer["order"]

    async def refused(self, mutation: str, **sent: object) -> list[Json]:
        """Why, and nothing was changed by it."""
        before = await self.everything()
        answer = await self.ask(mutation, **sent)
        assert [answer.get("fulfillment"), answer.get("order")] == [None, None]
        assert await self.everything() == before
        return answer["userErrors"]

    async def packed(self, order: Json, *units: int, **more: object) -> Json:
        """So many units of each line; all that is left without."""
        lines = [
            {"orderLineId": line["id"], "quantity": wanted}
            for line, wanted in zip(order["lines"], units, strict=False)
            if wanted
        ]
        return await self.done("fulfillmentCreate", orderId=order["id"], **({"lines": lines} if units else {}), **more)

    async def moved(self, fulfillment: Json, *statuses: str, **more: object) -> Json:
        for status in statuses:
            fulfillment = await self.done("fulfillmentUpdate", id=fulfillment["id"], status=status, **more)
        return fulfillment

    async def stands(self, order: Json) -> tuple[str, str]:
        found = await self.order(order["id"])
        return found["status"], found["fulfillmentStatus"]

    async def told(self, order: Json) -> list[str]:
        return [event["type"] for event in (await self.order(order["id"]))["events"]["nodes"]]

    async def topics(self) -> list[str]:
        rows = await sql.rows(self.counter.shop.database, "SELECT topic FROM outbox ORDER BY id")
        return [topic for (topic,) in rows if topic.startswith("fulfillment.")]

    async def everything(self) -> list[Any]:
        database = self.counter.shop.database
        return [await self.counter.everything(), *[await sql.rows(database, f"TABLE {name}") for name in WATCHED]]

    async def books_agree(self) -> None:
        found = [violation async for violation in violations(self.counter.shop.database.settings)]
        assert found == []


def order_id(identity: str) -> OrderId:
    return OrderId(uuid_of("Order", identity))


def uuid_of(kind: str, identity: str) -> UUID:
    found = global_ids.of_type(kind, identity)
    assert found is not None
    return found
