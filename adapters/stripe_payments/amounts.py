"""Amounts as Stripe writes them: whole numbers of a unit that is not always the currency's own.

Source: https://docs.stripe.com/currencies, "Minor units in API amounts" and "Special cases".
"""

from decimal import Decimal

from domain.payments.gateway import ProviderRefused
from domain.shared.errors import InvalidInput
from domain.shared.money import Money

_WHOLE = frozenset(
    {
        *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"),
    }
)
_THOUSANDTHS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
_NO_FRACTIONS = frozenset({"ISK", "UGX"})
"""Without decimals for people, with two for Stripe, which must be 00. HUF and TWD are whole in payouts only, which the
shop does not make."""
UNSUPPORTED = "amount_not_supported"


def to_stripe(money: Money) -> int:
    """In Stripe's units.

    Raises:
        ProviderRefused: Stripe does not take such an amount: of three decimals, the last must be 0.
    """
    places = _places(money.currency_code)
    units = money.amount.scaleb(places)
    step = 10 if places == 3 else 100 if money.currency_code in _NO_FRACTIONS else 1  # noqa: PLR2004  (decimals)
    if units % step:
        raise ProviderRefused(UNSUPPORTED, f"Stripe takes no {money.amount} {money.currency_code}")
    return int(units)


def from_stripe(units: int, currency: str) -> Money:
    """Of what Stripe says; `currency` in small or capital letters.

    Raises:
        ValueError: our scale of the currency is too coarse for it, or there is no such currency.
    """
    code = currency.upper()
    amount = Decimal(units).scaleb(-_places(code))
    try:
        money = Money.of(amount, code)
    except InvalidInput as unknown:
        raise ValueError(f"{code} is no currency") from unknown
    if money.amount != amount:
        raise ValueError(f"{amount} {code} has too many decimals")
    return money


def _places(code: str) -> int:
    if code in _WHOLE:
        return 0
    return 3 if code in _THOUSANDTHS else 2
