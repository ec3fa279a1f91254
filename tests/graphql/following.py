"""Subscriptions, without a transport."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from domain.users.user import ANONYMOUS, Actor
from resolvers import global_ids
from server.graphql.engine import Answer
from server.graphql.errors import written
from server.graphql.request import GraphQLRequest, RequestRefused
from server.wiring import Shop

PATIENCE = 30.0
EVENTS = """subscription($id: ID!, $after: EventCursor, $token: String) {
  orderEvents(orderId: $id, after: $after, accessToken: $token) {
    sequence type cursor message order { id status eventCursor } } }"""
ALL_EVENTS = """subscription($after: EventCursor, $types: [OrderEventType!]) {
  allOrderEvents(after: $after, types: $types) { id sequence type cursor order { id } } }"""
STOCK = """subscription($ids: [ID!]!) {
  variantAvailability(variantIds: $ids) { id quantityAvailable stockStatus availableForSale } }"""


@dataclass(frozen=True, slots=True)
class Following:
    """Somebody who follows something."""

    answers: AsyncGenerator[Answer]

    async def next(self) -> dict[str, Any]:
        """What the next answer shows; fails when it has errors."""
        async with asyncio.timeout(PATIENCE):
            answer = await anext(self.answers)
        assert answer.errors == []
        assert answer.data is not None
        [shown] = answer.data.values()
        return shown

    async def sequences(self, count: int) -> list[int]:
        return [(await self.next())["sequence"] for _ in range(count)]

    async def refused(self) -> list[str]:
        """With which codes it ends, when nothing comes before."""
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await anext(self.answers)
        except RequestRefused as refused:
            return [written(error, "request")["extensions"]["code"] for error in refused.errors]
        raise AssertionError(answer)


@asynccontextmanager
async def following(
    shop: Shop, document: str, variables: Mapping[str, Any] | None = None, actor: Actor = ANONYMOUS
) -> AsyncGenerator[Following]:
    request = GraphQLRequest(document, None, variables or {})
    prepared = shop.engine.prepare(request, actor=actor, streaming=True)
    async with aclosing(shop.subscribe(prepared, actor)) as answers:
        yield Following(answers)


def variant_id(identity: Any) -> str:
    return global_ids.encode("ProductVariant", identity)
