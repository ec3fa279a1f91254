"""What a buyer was shown, and for a quarter of an hour is charged, or told how it changed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

from domain.carts.cart import Cart, CartId, CartLineId
from domain.pricing.totals import Cost
from domain.shared.money import Money

VALID = timedelta(minutes=15)
_KIND = b"quote "
"""Other things are signed as well, such as the keys to guests' orders."""


class Signer(Protocol):
    """Makes a text of bytes that nobody else can make, and gives the bytes back."""

    def signed(self, content: bytes) -> str: ...

    def opened(self, text: str) -> bytes | None:
        """None for what was not signed here."""
        ...


@dataclass(frozen=True, slots=True)
class Quote:
    """`prices` are those of one unit, by line."""

    cart_id: CartId
    expires_at: datetime
    prices: Mapping[CartLineId, Money]
    discount: Money
    shipping: Money
    tax: Money
    total: Money

    @classmethod
    def of(cls, cart: Cart, cost: Cost, prices: Mapping[CartLineId, Money], at: datetime) -> "Quote":
        expires = (at + VALID).replace(microsecond=0)  # what is written has whole seconds
        return cls(cart.id, expires, prices, cost.discount, cost.shipping, cost.tax, cost.total)

    def written(self, signer: Signer) -> str:
        content = [
            self.cart_id.hex,
            int(self.expires_at.timestamp()),
            self.total.currency_code,
            [money.units for money in (self.discount, self.shipping, self.tax, self.total)],
            {line.hex: price.units for line, price in self.prices.items()},
        ]
        return signer.signed(_KIND + json.dumps(content, separators=(",", ":")).encode())


def read(text: str, signer: Signer) -> Quote | None:
    """The quote that `text` was written from; None when it is no quote of ours."""
    content = signer.opened(text)
    if content is None or not content.startswith(_KIND):
        return None
    cart, expires, currency, amounts, prices = json.loads(content.removeprefix(_KIND))
    discount, shipping, tax, total = (Money.of_units(units, currency) for units in amounts)
    return Quote(
        CartId(UUID(cart)),
        datetime.fromtimestamp(expires, UTC),
        {CartLineId(UUID(line)): Money.of_units(units, currency) for line, units in prices.items()},
        discount,
        shipping,
        tax,
        total,
    )
