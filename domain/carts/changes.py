"""How what a cart comes to differs from what its buyer was shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from domain.carts.checkout import Checkout, PricedCartLine
from domain.carts.quotes import Quote
from domain.shared.money import Money


class QuoteChangeReason(Enum):
    """What changed."""

    PRICE = "PRICE"
    STOCK = "STOCK"
    DISCOUNT = "DISCOUNT"
    SHIPPING = "SHIPPING"
    TAX = "TAX"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class QuoteChange:
    """One difference; `line` where it is about one."""

    reason: QuoteChangeReason
    line: PricedCartLine | None = None
    quoted: Money | None = None
    current: Money | None = None


def changes(quote: Quote, checkout: Checkout, at: datetime) -> Sequence[QuoteChange]:
    """Nothing, when the quote can be charged as it is."""
    found = list(_found(quote, checkout, at))
    if not found and quote.total != checkout.cost.total:  # other quantities, or fewer lines, at the same prices
        found.append(QuoteChange(QuoteChangeReason.STOCK, None, quote.total, checkout.cost.total))
    return found


def _found(quote: Quote, checkout: Checkout, at: datetime) -> Iterator[QuoteChange]:
    cost = checkout.cost
    if at >= quote.expires_at:
        yield QuoteChange(QuoteChangeReason.EXPIRED, None, quote.total, cost.total)
    for line in checkout.lines:
        quoted = quote.prices.get(line.id)
        if quoted != line.unit_price:
            yield QuoteChange(QuoteChangeReason.PRICE, line, quoted, line.unit_price)
    for reason, then, now in (
        (QuoteChangeReason.DISCOUNT, quote.discount, cost.discount),
        (QuoteChangeReason.SHIPPING, quote.shipping, cost.shipping),
        (QuoteChangeReason.TAX, quote.tax, cost.tax),
    ):
        if then != now:
            yield QuoteChange(reason, None, then, now)
    if quote.prices.keys() - {line.id for line in checkout.lines}:
        yield QuoteChange(QuoteChangeReason.STOCK, None, quote.total, cost.total)
