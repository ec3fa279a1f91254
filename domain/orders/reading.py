"""How orders are read. Every method answers a whole batch, with one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.orders.events import OrderEvent, OrderEventId
from domain.orders.fulfillment import Fulfillment, FulfillmentId
from domain.orders.listing import OrderListing, OrderScope
from domain.orders.order import Order, OrderId, OrderLine, OrderLineId
from domain.shared.paging import Page, Window
from domain.shared.reading import Wanted
from domain.users.user import UserId

OrdersKey = tuple[UserId, OrderListing]
EventsKey = tuple[OrderId, Window]


@dataclass(frozen=True, slots=True)
class EventScope:
    """All events of one order."""

    order_id: OrderId


class OrderReader(Protocol):
    async def by_ids(self, ids: Sequence[OrderId], *, wanted: Wanted = None) -> Mapping[OrderId, Order]: ...
    async def by_numbers(self, numbers: Sequence[str], *, wanted: Wanted = None) -> Mapping[str, Order]: ...
    async def by_access(self, order_id: OrderId, nonce: bytes, *, wanted: Wanted = None) -> Order | None: ...
    async def page(self, listing: OrderListing, *, wanted: Wanted = None) -> Page[Order]: ...
    async def pages_of_users(
        self, keys: Sequence[OrdersKey], *, wanted: Wanted = None
    ) -> Mapping[OrdersKey, Page[Order]]: ...
    async def counts(self, scopes: Sequence[OrderScope]) -> Mapping[OrderScope, int]: ...
    async def lines(self, ids: Sequence[OrderLineId], *, wanted: Wanted = None) -> Mapping[OrderLineId, OrderLine]: ...
    async def lines_of(
        self, ids: Sequence[OrderId], *, wanted: Wanted = None
    ) -> Mapping[OrderId, Sequence[OrderLine]]: ...
    async def fulfillments(
        self, ids: Sequence[FulfillmentId], *, wanted: Wanted = None
    ) -> Mapping[FulfillmentId, Fulfillment]: ...
    async def fulfillments_of(
        self, ids: Sequence[OrderId], *, wanted: Wanted = None
    ) -> Mapping[OrderId, Sequence[Fulfillment]]: ...
    async def events(
        self, ids: Sequence[OrderEventId], *, wanted: Wanted = None
    ) -> Mapping[OrderEventId, OrderEvent]: ...
    async def event_pages(
        self, keys: Sequence[EventsKey], *, wanted: Wanted = None
    ) -> Mapping[EventsKey, Page[OrderEvent]]: ...
    async def event_counts(self, scopes: Sequence[EventScope]) -> Mapping[EventScope, int]: ...
