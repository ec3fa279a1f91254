"""What a cart costs: sums that add up to the smallest unit, and to nothing negative."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.pricing.basket import Basket, PricedLine
from domain.pricing.redemption import CartDiscountCode, redeem
from domain.pricing.taxes import TaxLine, are_included, tax_lines, tax_on
from domain.shared.money import Money


@dataclass(frozen=True, slots=True)
class LineCost:
    """`total` is what is left after the discount, with taxes: those that are included are in it already."""

    subtotal: Money
    discount: Money
    tax: Money
    total: Money


@dataclass(frozen=True, slots=True)
class Amounts:
    """What is to be paid, and for what.

    `discount` is what codes take off goods. `shipping` is what is to be paid for it, nothing with a code for free
    shipping. `tax` is on goods after discount and on shipping, and part of these amounts when it is included: `total` =
    `subtotal` - `discount` + `shipping`, and + `tax` unless `tax_included`.
    """

    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money
    tax_lines: Sequence[TaxLine]
    tax_included: bool


@dataclass(frozen=True, slots=True)
class Cost(Amounts):
    """The sum of the lines, and what is only there once. `shipping_tax` is the part of `tax` that is on shipping."""

    shipping_tax: Money
    lines: Mapping[UUID, LineCost]
    codes: Sequence[CartDiscountCode]


def goods_of(basket: Basket) -> Money:
    """What the goods cost after discounts, which decides on the price of shipping."""
    return sum(redeem(basket).left.values(), Money.zero(basket.currency_code))


def cost_of(basket: Basket) -> Cost:
    """What it costs.

    Raises:
        ValueError: an amount is in another currency than the basket's, or its tax rates disagree on being included.
    """
    nothing = Money.zero(basket.currency_code)
    redemption = redeem(basket)
    lines = {line.key: _line_cost(line, redemption.left[line.key], basket) for line in basket.lines}
    shipping, shipping_tax = redemption.shipping, tax_on(redemption.shipping, basket.tax_rates)
    included = are_included(basket.tax_rates)
    tax = sum((line.tax for line in lines.values()), shipping_tax)
    return Cost(
        subtotal=sum((line.subtotal for line in lines.values()), nothing),
        discount=sum((line.discount for line in lines.values()), nothing),
        shipping=shipping,
        shipping_tax=shipping_tax,
        tax=tax,
        total=sum((line.total for line in lines.values()), shipping if included else shipping + shipping_tax),
        tax_lines=tax_lines(tax, basket.tax_rates),
        tax_included=included,
        lines=lines,
        codes=redemption.codes,
    )


def _line_cost(line: PricedLine, left: Money, basket: Basket) -> LineCost:
    tax = tax_on(left, basket.tax_rates)
    total = left if are_included(basket.tax_rates) else left + tax
    return LineCost(line.subtotal, line.subtotal - left, tax, total)
