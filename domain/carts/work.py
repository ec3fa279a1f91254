"""What a unit of work about carts can do."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.carts.cart import Cart, CartId
from domain.carts.checkout import Facts
from domain.products.inventory import VariantId
from domain.shared.money import Money
from domain.shared.work import Begin, Work
from domain.users.user import UserId


class CartRepository(Protocol):
    async def add(self, cart: Cart) -> Cart:
        """A new cart with its lines, as stored."""
        ...

    async def lock(self, cart_id: CartId) -> Cart | None:
        """The cart; nobody else changes it until the unit of work ends."""
        ...

    async def lock_open(self, user_id: UserId) -> Cart | None:
        """The one open cart that a user may have, locked. Where there is none, nobody else begins one meanwhile.

        Raises:
            InvalidToken: there is no such user any more.
        """
        ...

    async def save(self, cart: Cart) -> Cart:
        """The cart as stored, with the next version."""
        ...

    async def delete(self, cart_id: CartId) -> None: ...

    async def prices(self, variants: Sequence[VariantId]) -> Mapping[VariantId, Money]:
        """What one unit costs now, of those that are for sale."""
        ...

    async def facts(self, cart: Cart) -> Facts: ...


class CartsWork(Work, Protocol):
    @property
    def carts(self) -> CartRepository: ...


BeginCartsWork = Begin[CartsWork]
