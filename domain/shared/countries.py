"""The countries of the world."""

from typing import cast

from babel.core import Locale

# codes that ISO 3166-1 reserves without naming a country: unions, test codes, parts of countries
_RESERVED = frozenset(["EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"])


def _countries() -> frozenset[str]:
    territories = cast("dict[str, str]", Locale("en").territories)
    return frozenset(code for code in territories if len(code) == len("DE") and code.isalpha()) - _RESERVED


COUNTRIES = _countries()
"""The codes of ISO 3166-1 alpha-2, and XK for Kosovo (source: CLDR)."""
