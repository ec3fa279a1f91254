"""Exact amounts of one currency."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel.core import Locale, UnknownLocaleError
from babel.numbers import UnknownCurrencyError, format_currency, get_currency_precision, validate_currency

from domain.shared.errors import InvalidInput


@lru_cache(maxsize=256)
def smallest_unit(currency: str) -> Decimal:
    """The smallest amount that can be paid: 1 for JPY, 0.01 for USD, 0.001 for KWD (source: CLDR).

    Raises:
        InvalidInput: `currency` is no ISO 4217 code.
    """
    try:
        validate_currency(currency)
    except UnknownCurrencyError as unknown:
        raise InvalidInput("currencyCode", f"must be an ISO 4217 code such as USD, not {currency!r}.") from unknown
    return Decimal(1).scaleb(-get_currency_precision(currency))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """The one place where amounts are rounded: commercially (half up), to the currency's own scale."""
    return amount.quantize(smallest_unit(currency), rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with its currency; the scale of `amount` is always the currency's."""

    amount: Decimal
    currency_code: str

    @classmethod
    def of(cls, amount: Decimal, currency_code: str) -> "Money":
        return cls(rounded(amount, currency_code), currency_code)

    def formatted(self, locale: str = "en-US") -> str:
        """For people, as `locale` (a BCP 47 tag) writes it: $1,234.50 or 1.234,50 $.

        Raises:
            InvalidInput: `locale` is unknown.
        """
        return format_currency(self.amount, self.currency_code, locale=_locale(locale))


@dataclass(frozen=True, slots=True)
class MoneyRange:
    """The cheapest and the dearest of several prices, both inclusive."""

    min: Money
    max: Money


@lru_cache(maxsize=64)
def _locale(tag: str) -> Locale:
    try:
        return Locale.parse(tag, sep="-")
    except (ValueError, TypeError, UnknownLocaleError) as unknown:
        raise InvalidInput("locale", "must be a language tag such as en-US or de.") from unknown
