"""What happens to orders, followed."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from hmac import compare_digest
from typing import Annotated

import strawberry
from strawberry import UNSET

from domain.orders.events import OrderEvent, OrderEventId, OrderEventType
from domain.orders.listing import IN_SEQUENCE
from domain.orders.order import OrderId
from domain.orders.tracking import Admits
from domain.shared.errors import NotFound
from domain.shared.following import Next
from domain.shared.paging import Position, decode
from domain.users.access import OWNER
from resolvers import global_ids
from resolvers.context import Info
from resolvers.orders import named_by
from resolvers.paging import given
from schema.scalars import ID, EventCursor


async def order_events(
    info: Info,
    order_id: Annotated[ID, strawberry.argument(description="The order.")],
    after: Annotated[
        EventCursor | None,
        strawberry.argument(description="The last event that is known: `Order.eventCursor`, or an event's `cursor`."),
    ] = UNSET,
    access_token: Annotated[
        str | None, strawberry.argument(description="The token that a guest got with the order.")
    ] = UNSET,
) -> AsyncGenerator[Next[OrderEvent]]:
    wanted = OrderId(global_ids.required("Order", order_id, "order", "orderId"))
    number = _number(given(after))
    admits = _admits(info, wanted, given(access_token))
    async with aclosing(info.context.services.followed.order_tracking.follow(wanted, number, admits)) as events:
        async for event in events:
            yield event


async def all_order_events(
    info: Info,
    after: Annotated[
        EventCursor | None, strawberry.argument(description="The `cursor` of the last event that is known.")
    ] = UNSET,
    types: Annotated[
        list[OrderEventType] | None,
        strawberry.argument(description="What kinds of events to tell of; all of them, if left out."),
    ] = UNSET,
) -> AsyncGenerator[Next[OrderEvent]]:
    place, wanted = _place(given(after)), given(types)
    start = None if place is None else OrderEventId(place.id)
    async with aclosing(info.context.services.followed.order_stream.follow(start)) as events:
        async for event in events:
            if wanted is None or event.value.type in wanted:
                yield event


def _place(cursor: EventCursor | None) -> Position | None:
    return None if cursor is None else decode(IN_SEQUENCE, cursor, "after")


def _number(cursor: EventCursor | None) -> int:
    place = _place(cursor)
    return max(place.key, 0) if place is not None and isinstance(place.key, int) else 0


def _admits(info: Info, order_id: OrderId, token: str | None) -> Admits:
    """By the token, which has to be the order's as long as it is followed; by who the viewer is, without one."""
    if token is None:
        return lambda access: OWNER.allows(info.context.actor, access.owner)
    named = named_by(info, token)
    if named is None or named[0] != order_id:
        raise NotFound("orderId", "order")
    info.context.hold(order_id)
    return lambda access: access.nonce is not None and compare_digest(access.nonce, named[1])
