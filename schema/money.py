"""Amounts."""

from decimal import Decimal

import strawberry

from domain.shared import money
from resolvers import products
from schema.rendering import renders, resolved, shown
from schema.scalars import CurrencyCode


@strawberry.type(description="An exact amount of one currency.")
@renders(money.Money)
class Money:
    amount: Decimal = shown("The amount, with as many decimals as the currency has.")
    currency_code: CurrencyCode = shown("The currency.")
    formatted: str = resolved(products.formatted, "The amount for people, as their language writes it.")


@strawberry.type(description="The lowest and the highest of several amounts of one currency.")
@renders(money.MoneyRange)
class MoneyRange:
    min: Money = shown("The lowest amount.")
    max: Money = shown("The highest amount.")
