"""The time, injected so that tests can set it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Now, aware and in UTC."""


def now() -> datetime:
    return datetime.now(UTC)
