"""What somebody has in the shop, besides an account: a cart, and orders."""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from domain.carts.cart import CartId
from domain.carts.carts import Carts
from domain.orders.work import OrdersWork
from domain.users.user import User


@dataclass(frozen=True, slots=True)
class CartsAndOrders:
    """Implements `domain.users.authentication.Belongings`: a unit of work is about all of it alike."""

    carts: Carts

    async def take_over(self, work: object, guest_cart: UUID, user: User) -> None:
        await self.carts.merge(cast("OrdersWork", work), CartId(guest_cart), user.id, user.email)

    async def erase(self, work: object, user: User) -> None:
        await cast("OrdersWork", work).orders.anonymise(user.id)
