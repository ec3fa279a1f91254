"""What is to be paid for, with all that has a say in the price."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.pricing.discounts import DiscountCode
from domain.pricing.shipping import ShippingMethod
from domain.pricing.taxes import TaxRate
from domain.products.category import CategoryId
from domain.shared.money import Money


@dataclass(frozen=True, slots=True)
class PricedLine:
    """So many of one variant. `category_ids` are the product's category and all above it; `key` is the line's own."""

    key: UUID
    unit_price: Money
    quantity: int
    weight_grams: int | None
    category_ids: frozenset[CategoryId]

    def __post_init__(self) -> None:
        if self.quantity < 1 or self.unit_price.amount < 0:
            raise ValueError("a line has a quantity of at least 1, and a price that is not negative")

    @property
    def subtotal(self) -> Money:
        return self.unit_price * self.quantity


@dataclass(frozen=True, slots=True)
class EnteredCode:
    """A code in a cart, and how many orders the same buyer has placed with it."""

    discount: DiscountCode
    used_by_buyer: int = 0


@dataclass(frozen=True, slots=True)
class Basket:
    """All that a price is made of, as of the instant `at`. No order of lines, codes or rates matters.

    `tax_rates` are those that hold at the address (`domain.pricing.taxes.applicable`).

    Raises:
        ValueError: two lines have one key, or a code or a tax rate is there twice.
    """

    currency_code: str
    at: datetime
    lines: Sequence[PricedLine]
    codes: Sequence[EnteredCode] = ()
    shipping: ShippingMethod | None = None
    tax_rates: Sequence[TaxRate] = ()

    def __post_init__(self) -> None:
        if len({line.key for line in self.lines}) < len(self.lines):
            raise ValueError("two lines have the same key")
        if len({entered.discount.code for entered in self.codes}) < len(self.codes):
            raise ValueError("a discount code holds once per cart")
        if len({rate.id for rate in self.tax_rates}) < len(self.tax_rates):
            raise ValueError("a tax is raised once")

    @property
    def weight_grams(self) -> int:
        """What is not weighed weighs nothing."""
        return sum((line.weight_grams or 0) * line.quantity for line in self.lines)
