"""What a unit of work about orders can do. Whatever is read here to be changed stays locked until it ends."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.carts.work import CartsWork
from domain.orders.events import OrderEvent
from domain.orders.fulfillment import Fulfillment, FulfillmentId
from domain.orders.order import Order, OrderId, OrderLine
from domain.pricing.discounts import DiscountCodeId
from domain.products.inventory import VariantId
from domain.shared.work import Begin
from domain.users.user import UserId


class OrderRepository(Protocol):
    async def reserve(self, wanted: Mapping[VariantId, int]) -> VariantId | None:
        """Promise units of each variant; None, or the first by id of which fewer are left.

        Others wait for the same variants until the unit of work ends. Stock that is not counted is always there.
        """
        ...

    async def available(self, variant_id: VariantId) -> int: ...

    async def redeem(self, code: DiscountCodeId, order_id: OrderId, user_id: UserId | None, email: str) -> bool:
        """Count one use of a code, unless it is used up, by everybody or by this buyer."""
        ...

    async def add(self, order: Order, lines: Sequence[OrderLine], cart_id: UUID, access_nonce: bytes | None) -> None:
        """The order, for which nothing is reserved yet."""
        ...

    async def renew_access(self, order_id: OrderId, nonce: bytes, known: bytes | None) -> bool:
        """Replace the nonce of a guest's order, if it is the `known` one or none is given; whether it was."""
        ...

    async def book(self, order_id: OrderId, at: datetime) -> None:
        """What was reserved for the order: on its lines, and in the ledger."""
        ...

    async def lock(self, order_id: OrderId) -> Order | None: ...
    async def lines_of(self, order_id: OrderId) -> Sequence[OrderLine]:
        """By rising id. Whoever has locked the order has its lines and fulfilments, too."""
        ...

    async def fulfillments_of(self, order_id: OrderId) -> Sequence[Fulfillment]:
        """As they were made, the oldest first."""
        ...

    async def overdue(self, at: datetime, most: int) -> Sequence[Order]:
        """Orders that are unpaid for too long, which nobody else is just looking at."""
        ...

    async def save(self, order: Order) -> Order:
        """The order as stored."""
        ...

    async def release(self, order_id: OrderId, at: datetime) -> None:
        """Give back what is still reserved for the order, and the uses of its discount codes."""
        ...

    async def anonymise(self, user_id: UserId) -> None:
        """Take out of a user's orders who they were and where they lived, but for the country, which taxes need."""
        ...

    async def append(self, *events: OrderEvent) -> None: ...


class FulfillmentRepository(Protocol):
    async def lock_order(self, fulfillment_id: FulfillmentId) -> Order | None:
        """The order that a fulfilment belongs to."""
        ...

    async def add(self, fulfillment: Fulfillment) -> None: ...
    async def save(self, fulfillment: Fulfillment) -> None: ...
    async def ship(self, fulfillment: Fulfillment, at: datetime) -> None:
        """Its units leave: off the shelf and out of what is reserved, on the order's lines, and in the ledger."""
        ...


class OrdersWork(CartsWork, Protocol):
    @property
    def orders(self) -> OrderRepository: ...
    @property
    def fulfillments(self) -> FulfillmentRepository: ...


BeginOrdersWork = Begin[OrdersWork]
