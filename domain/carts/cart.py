"""A cart: what somebody means to buy, and what is known of how it will get there."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NewType
from uuid import UUID

from domain.pricing.shipping import ShippingRateId
from domain.products.inventory import VariantId
from domain.shared.errors import Conflict, InvalidInput, NotFound, UserErrorCode
from domain.shared.ids import uuid7
from domain.shared.money import Money
from domain.users.address import Address
from domain.users.user import UserId

CartId = NewType("CartId", UUID)
CartLineId = NewType("CartLineId", UUID)

MOST_LINES = 100
MOST_UNITS = 10_000
"""Of one variant in one cart: who wants more talks to somebody."""
MOST_CODES = 5


def new_cart_id() -> CartId:
    """128 random bits: for a guest, the id is the only key to the cart."""
    return CartId(UUID(bytes=secrets.token_bytes(16)))


@dataclass(frozen=True, slots=True)
class CartLine:
    """`seen_price` is what one unit cost when the line was last touched."""

    id: CartLineId
    variant_id: VariantId
    quantity: int
    seen_price: Money


@dataclass(frozen=True, slots=True)
class BuyerIdentity:
    """Who buys, as far as is known."""

    email: str | None
    phone: str | None
    user_id: UserId | None


@dataclass(frozen=True, slots=True)
class Cart:
    """`version` grows by one with every change. With an `order_id` it was placed, and nothing changes any more."""

    id: CartId
    user_id: UserId | None
    version: int
    currency_code: str
    email: str | None
    phone: str | None
    shipping_address: Address | None
    billing_address: Address | None
    shipping_rate_id: ShippingRateId | None
    codes: tuple[str, ...]
    lines: tuple[CartLine, ...]
    order_id: UUID | None
    created_at: datetime
    updated_at: datetime

    @property
    def owner(self) -> UUID:
        """A guest's cart belongs to whoever knows its id."""
        return self.user_id or self.id

    @property
    def buyer_identity(self) -> BuyerIdentity:
        return BuyerIdentity(self.email, self.phone, self.user_id)

    @property
    def total_quantity(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def is_open(self) -> bool:
        return self.order_id is None

    def with_more(self, wanted: Sequence[tuple[VariantId, int]], prices: Mapping[VariantId, Money]) -> "Cart":
        """Units added; a variant that is in the cart already, or comes twice, is one line.

        Raises:
            NotFound: a variant has no price, which means that it is not for sale.
            InvalidInput: there would be too many lines, or units of one.
        """
        lines = {line.variant_id: line for line in self.lines}
        for number, (variant, quantity) in enumerate(wanted):
            if variant not in prices:
                raise NotFound(f"lines.{number}.variantId", "variant")
            known = lines.get(variant)
            units = counted(quantity, number) + (known.quantity if known else 0)
            counted(units, number)
            identity = known.id if known else CartLineId(uuid7())
            lines[variant] = CartLine(identity, variant, units, prices[variant])
        if len(lines) > MOST_LINES:
            raise InvalidInput("lines", f"may be at most {MOST_LINES} in one cart.", UserErrorCode.OUT_OF_RANGE)
        return replace(self, lines=tuple(lines.values()))

    def with_quantities(self, wanted: Sequence[tuple[CartLineId, int]], prices: Mapping[VariantId, Money]) -> "Cart":
        """Quantities set; a line of 0 is removed. What is not for sale any more has no price, and keeps its last one.

        Of a line that comes twice, the last quantity holds.

        Raises:
            NotFound: a line is not in this cart.
            InvalidInput: a quantity is out of range.
        """
        lines = {line.id: line for line in self.lines}
        for number, (identity, quantity) in enumerate(wanted):
            if identity not in lines:
                raise _no_line(f"lines.{number}.lineId")
            units = quantity and counted(quantity, number)
            price = prices.get(lines[identity].variant_id, lines[identity].seen_price)
            lines[identity] = replace(lines[identity], quantity=units, seen_price=price)
        return replace(self, lines=tuple(line for line in lines.values() if line.quantity))

    def without(self, lines: Sequence[CartLineId]) -> "Cart":
        """Raises: NotFound: a line is not in this cart."""
        known = {line.id for line in self.lines}
        for number, identity in enumerate(lines):
            if identity not in known:
                raise _no_line(f"lineIds.{number}")
        return replace(self, lines=tuple(line for line in self.lines if line.id not in lines))

    def with_code(self, code: str) -> "Cart":
        """Raises: Conflict: it is there already. InvalidInput: there are too many."""
        if code in self.codes:
            raise Conflict(f"The code {code} is in the cart already.", "code")
        if len(self.codes) >= MOST_CODES:
            raise InvalidInput("code", f"may be one of at most {MOST_CODES} in a cart.", UserErrorCode.OUT_OF_RANGE)
        return replace(self, codes=(*self.codes, code))

    def without_code(self, code: str) -> "Cart":
        """Raises: NotFound: it is not there."""
        if code not in self.codes:
            raise NotFound("code", "discount code")
        return replace(self, codes=tuple(one for one in self.codes if one != code))

    def merged_into(self, other: "Cart") -> "Cart":
        """`other` with what is in this cart, too. What there is of both is added up; what is too much is left out."""
        lines = {line.variant_id: line for line in other.lines}
        for line in self.lines:
            known = lines.get(line.variant_id)
            if known is not None:
                units = min(known.quantity + line.quantity, MOST_UNITS)
                lines[line.variant_id] = replace(known, quantity=units, seen_price=line.seen_price)
            elif len(lines) < MOST_LINES:
                lines[line.variant_id] = replace(line, id=CartLineId(uuid7()))
        codes = tuple(dict.fromkeys((*other.codes, *self.codes)))[:MOST_CODES]
        return replace(
            other,
            lines=tuple(lines.values()),
            codes=codes,
            shipping_address=other.shipping_address or self.shipping_address,
            billing_address=other.billing_address or self.billing_address,
            shipping_rate_id=other.shipping_rate_id or self.shipping_rate_id,
            phone=other.phone or self.phone,
        )


def counted(quantity: int, number: int) -> int:
    """Raises: InvalidInput: it is no quantity that can be bought; `number` is the line's place in the input."""
    if not 1 <= quantity <= MOST_UNITS:
        raise InvalidInput(f"lines.{number}.quantity", f"must be from 1 to {MOST_UNITS:,}.", UserErrorCode.OUT_OF_RANGE)
    return quantity


def _no_line(argument: str) -> NotFound:
    return NotFound(argument, "line in this cart")
