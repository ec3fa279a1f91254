"""What the links in letters are for, and how long each is good."""

from collections.abc import Mapping
from datetime import timedelta
from enum import Enum


class Purpose(Enum):
    """A token serves the one purpose that it was made for."""

    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105  (no password)
    CHANGE_EMAIL = "change_email"


# The more a link can do, the shorter it lives: whoever holds a reset link has the account.
LIFETIMES: Mapping[Purpose, timedelta] = {
    Purpose.VERIFY_EMAIL: timedelta(days=3),
    Purpose.RESET_PASSWORD: timedelta(hours=1),
    Purpose.CHANGE_EMAIL: timedelta(days=1),
}
