"""Which people a list shows."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from domain.shared.errors import InvalidInput, UserErrorCode
from domain.shared.paging import Order, Window
from domain.users.user import UserRole

NEWEST_FIRST = Order("CREATED_AT", datetime, descending=True)
LONGEST_SEARCH = 100
MOST_WORDS = 10


@dataclass(frozen=True, slots=True)
class UserScope:
    """People with this role, each of `words` somewhere in their name or address; everybody, where nothing is said.

    Capitals or not makes no difference.
    """

    words: tuple[str, ...] = ()
    role: UserRole | None = None


@dataclass(frozen=True, slots=True)
class UserListing:
    scope: UserScope
    window: Window


def words(search: str | None) -> tuple[str, ...]:
    """The words of a search, in the form that names have. Raises: InvalidInput: there is too much of it."""
    if search is None:
        return ()
    if len(search) > LONGEST_SEARCH:
        raise InvalidInput("search", f"must have at most {LONGEST_SEARCH} characters.", UserErrorCode.TOO_LONG)
    return tuple(dict.fromkeys(unicodedata.normalize("NFC", search).split()))[:MOST_WORDS]
