"""Amounts that clients send."""

from decimal import Decimal

import strawberry

from schema.scalars import CurrencyCode


@strawberry.input(description="An exact amount of one currency.")
class MoneyInput:
    amount: Decimal = strawberry.field(description="The amount, with no more decimals than the currency has.")
    currency_code: CurrencyCode = strawberry.field(description="The currency.")
