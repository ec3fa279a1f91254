"""Exact amounts of one currency."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation
from functools import lru_cache
from operator import index

from babel.core import Locale, UnknownLocaleError
from babel.numbers import UnknownCurrencyError, format_currency, get_currency_precision, validate_currency

from domain.shared.errors import InvalidInput

_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])
"""Sums and products have all their digits, or they are a bug: no context of the caller rounds them."""


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
    """An amount with its currency; the scale of `amount` is always the currency's.

    Amounts of one currency can be added, subtracted, compared, and multiplied by a whole number. Mixing currencies is a
    bug, and a ValueError.
    """

    amount: Decimal
    currency_code: str

    @classmethod
    def of(cls, amount: Decimal, currency_code: str) -> "Money":
        return cls(rounded(amount, currency_code), currency_code)

    @classmethod
    def of_units(cls, units: int, currency_code: str) -> "Money":
        """So many of the smallest units: 1250 are 12.50 USD, 1,250 JPY or 1.250 KWD."""
        return cls(_EXACT.multiply(Decimal(units), smallest_unit(currency_code)), currency_code)

    @classmethod
    def zero(cls, currency_code: str) -> "Money":
        return cls.of_units(0, currency_code)

    @property
    def units(self) -> int:
        """How many of the smallest units it is."""
        return int(_EXACT.to_integral_exact(_EXACT.divide(self.amount, smallest_unit(self.currency_code))))

    def __add__(self, other: "Money") -> "Money":
        return Money(_EXACT.add(self.amount, self._alike(other)), self.currency_code)

    def __sub__(self, other: "Money") -> "Money":
        return Money(_EXACT.subtract(self.amount, self._alike(other)), self.currency_code)

    def __mul__(self, times: int) -> "Money":
        return Money(_EXACT.multiply(self.amount, index(times)), self.currency_code)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._alike(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._alike(other)

    def _alike(self, other: "Money") -> Decimal:
        if other.currency_code != self.currency_code:
            raise ValueError(f"{self.currency_code} cannot be reckoned with {other.currency_code}")
        return other.amount

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
