"""Amounts that clients send."""

from domain.shared.money import Money
from schema.inputs.money import MoneyInput


def money(sent: MoneyInput | None) -> Money | None:
    """As it was sent: the domain says what is wrong with it."""
    return None if sent is None else Money(sent.amount, sent.currency_code)
