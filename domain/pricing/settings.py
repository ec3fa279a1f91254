"""What is accepted as part of a store setting: an amount, a number, a country."""

from decimal import Decimal

from domain.shared.countries import COUNTRIES
from domain.shared.errors import InvalidInput, UserErrorCode
from domain.shared.money import Money, rounded, smallest_unit

LARGEST_AMOUNT = Decimal(10**12)
"""More than any currency needs, and a cart full of it still fits into 28 digits."""


def amount(value: Decimal, currency: str, argument: str) -> Decimal:
    """Raises: InvalidInput: it is negative, absurdly large, or has more decimals than `currency`."""
    if not 0 <= value <= LARGEST_AMOUNT:
        raise InvalidInput(argument, f"must be from 0 to {LARGEST_AMOUNT}.", UserErrorCode.OUT_OF_RANGE)
    scaled = rounded(value, currency)
    if scaled != value:
        raise InvalidInput(argument, f"must be a multiple of {smallest_unit(currency)} {currency}.")
    return scaled


def price(value: Money, currency: str, argument: str) -> Money:
    """Raises: InvalidInput: it is in another currency than the shop's, or no amount of it."""
    if value.currency_code != currency:
        problem = f"must be {currency}, the currency of the shop."
        raise InvalidInput(f"{argument}.currencyCode", problem, UserErrorCode.CURRENCY_MISMATCH)
    return Money(amount(value.amount, currency, f"{argument}.amount"), currency)


def at_least(smallest: int, number: int | None, argument: str) -> None:
    """Raises: InvalidInput: it is too small. None is no limit, and fine."""
    if number is not None and number < smallest:
        raise InvalidInput(argument, f"must be at least {smallest}, not {number}.", UserErrorCode.OUT_OF_RANGE)


def country(code: str, argument: str) -> str:
    """The code in capitals. Raises: InvalidInput: there is no such country."""
    capitals = code.strip().upper()
    if capitals not in COUNTRIES:
        raise InvalidInput(argument, f"must be a country's two letters after ISO 3166-1, such as DE, not {code!r}.")
    return capitals
