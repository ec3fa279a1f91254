"""Tokens that links in letters carry: what each is for, and how long it is good."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from domain.users.user import UserId


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

ENDED_BY_PASSWORD = (Purpose.RESET_PASSWORD, Purpose.CHANGE_EMAIL)
"""What a new password makes worthless: whoever knew the former one may have asked for these to take the account."""


@dataclass(frozen=True, slots=True)
class OneTimeToken:
    """What is kept of one. `email` is the address that the letter went to, which is what the token proves."""

    hash: bytes
    user_id: UserId
    purpose: Purpose
    email: str
    expires_at: datetime
