"""Amounts that people name, held against what is there."""

from domain.shared.errors import InvalidInput, UserErrorCode
from domain.shared.money import Money


def require_within(amount: Money, most: Money) -> Money:
    """The amount, with the scale of its currency, as it was sent with any.

    Raises: InvalidInput: it is of another currency, or not from above zero to `most`.
    """
    if amount.currency_code != most.currency_code:
        raise InvalidInput("amount.currencyCode", f"must be {most.currency_code}.", UserErrorCode.CURRENCY_MISMATCH)
    if not amount.amount.is_finite():
        raise InvalidInput("amount.amount", "must be a number.")
    if amount.amount <= 0:
        raise InvalidInput("amount.amount", "must be above 0.", UserErrorCode.OUT_OF_RANGE)
    # before it is rounded: a number of any size may be sent, and only what is no larger than money can be
    if most < amount:
        raise InvalidInput("amount.amount", f"must be at most {most.amount}.", UserErrorCode.AMOUNT_TOO_LARGE)
    exact = Money.of(amount.amount, amount.currency_code)
    if amount != exact:
        raise InvalidInput("amount.amount", "has more decimals than the currency.")
    return exact


def share(total: Money, quantity: int, first: int, last: int) -> Money:
    """What units `first` to `last` of `quantity` (from 0 on, `last` not included) have of a line's total.

    Shares of adjoining units add up: all units together have the total, to the cent.
    """
    return _up_to(total, quantity, last) - _up_to(total, quantity, first)


def _up_to(total: Money, quantity: int, units: int) -> Money:
    return Money.of_units(total.units * units // quantity, total.currency_code)
