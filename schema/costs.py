"""What is to be paid, and for what."""

from decimal import Decimal

import strawberry

from domain.pricing import taxes, totals
from schema.money import Money
from schema.rendering import renders, shown


@strawberry.type(description="What one tax makes of a whole cart.")
@renders(taxes.TaxLine)
class TaxLine:
    title: str = shown("What the tax is called.")
    rate: Decimal = shown("A fraction: 0.19 is 19 %.")
    amount: Money = shown("What it amounts to.")


@strawberry.type(description="What is to be paid, and for what. Everything adds up to the smallest unit.")
@renders(totals.Amounts)
class Cost:
    subtotal: Money = shown("What the goods cost before discounts.")
    discount: Money = shown("What discount codes take off the goods.")
    shipping: Money = shown("What shipping costs.")
    tax: Money = shown("All taxes, on goods and on shipping.")
    total: Money = shown("What is to be paid.")
    tax_lines: list[TaxLine] = shown("The taxes one by one.")
    tax_included: bool = shown("Whether the other amounts have the taxes in them.")
