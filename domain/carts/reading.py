"""How carts are read, many at once."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.carts.cart import Cart, CartId, CartLineId
from domain.carts.checkout import Facts
from domain.users.user import UserId


class CartReader(Protocol):
    async def by_ids(self, ids: Sequence[CartId]) -> Mapping[CartId, Cart]: ...
    async def open_of(self, users: Sequence[UserId]) -> Mapping[UserId, Cart]: ...

    async def with_lines(self, lines: Sequence[CartLineId]) -> Mapping[CartLineId, Cart]:
        """The cart that each line is in."""
        ...

    async def facts_of(self, carts: Sequence[Cart]) -> Mapping[Cart, Facts]:
        """With as many statements for many carts as for one."""
        ...
