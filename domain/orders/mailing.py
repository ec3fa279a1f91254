"""Writes the letters about orders, after the transactions that they are about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.orders.fulfillment import FulfillmentId
from domain.orders.letters import OrderLetters
from domain.orders.order import Order, OrderId, OrderLine
from domain.orders.reading import OrderReader
from domain.shared.events import Event, Handler
from domain.shared.mail import Mailer
from domain.shared.shop import ShopReader


@dataclass(frozen=True, slots=True)
class OrderMailing:
    """Letters go to the address that the order has, and to nobody when it has none any more."""

    reader: OrderReader
    mailer: Mailer
    shop: ShopReader

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What is done about events, by their topics. Raises: MailRefused, Unavailable."""
        return {
            "order.confirmed": self.confirmed,
            "order.canceled": self.canceled,
            "fulfillment.shipped": self.shipped,
            "fulfillment.delivered": self.delivered,
        }

    async def confirmed(self, event: Event) -> None:
        known = await addressed(self.reader, OrderId(event.key))
        if known is not None:
            await self.mailer.send((await self._letters()).confirmation(event.id, *known))

    async def canceled(self, event: Event) -> None:
        known = await addressed(self.reader, OrderId(event.key))
        if known is not None:
            await self.mailer.send((await self._letters()).canceled(event.id, *known))

    async def shipped(self, event: Event) -> None:
        await self._about_a_shipment(event, arrived=False)

    async def delivered(self, event: Event) -> None:
        await self._about_a_shipment(event, arrived=True)

    async def _about_a_shipment(self, event: Event, *, arrived: bool) -> None:
        shipment = FulfillmentId(UUID(str(event.facts["fulfillment_id"])))
        sent = (await self.reader.fulfillments([shipment])).get(shipment)
        known = None if sent is None else await addressed(self.reader, sent.order_id)
        if sent is not None and known is not None:
            letters = await self._letters()
            write = letters.delivered if arrived else letters.shipped
            await self.mailer.send(write(event.id, *known, sent))

    async def _letters(self) -> OrderLetters:
        return OrderLetters((await self.shop.shop()).name)


async def addressed(reader: OrderReader, order_id: OrderId) -> tuple[Order, Sequence[OrderLine]] | None:
    """An order and its lines; None when its buyer has left, and taken the address along."""
    order = (await reader.by_ids([order_id])).get(order_id)
    if order is None or "@" not in order.email:
        return None
    return order, (await reader.lines_of([order_id])).get(order_id, ())
