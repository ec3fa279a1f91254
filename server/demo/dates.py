"""When the demo's products were made and published: the same days on every machine."""

from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b

NEWEST = datetime(2026, 11, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
PREPARED = timedelta(days=6)
"""A product is created this long before it is published."""


def some_time(name: str) -> datetime:
    """A moment of the year before `NEWEST`, to the second, that depends on `name` alone."""
    number = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
    return NEWEST - timedelta(seconds=number % int(YEAR.total_seconds()))


def morning(published: date) -> datetime:
    return datetime(published.year, published.month, published.day, 8, tzinfo=UTC)
