"""Passwords: what is accepted, how one is made up, and the ports that hash them and know the common ones."""

import secrets
import unicodedata
from collections.abc import Sequence
from typing import Protocol

from domain.shared.errors import InvalidInput, UserErrorCode

SHORTEST = 8
LONGEST = 256

# 56 signs that nobody mistakes for another: neither 0 and O nor 1, l and I
_LEGIBLE = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_GROUPS, _GROUP = 4, 5
_FEWEST_SIGNS = 3
_TELLING = 4
"""A personal word shorter than this stands in many good passwords by chance."""


class PasswordHasher(Protocol):
    """All take the time that guessing is meant to cost, and leave the event loop free meanwhile.

    Raises:
        Unavailable: so many wait already that it would take too long.
    """

    async def hash(self, password: str) -> str: ...

    async def verify(self, password: str, hashed: str | None) -> bool:
        """Whether `hashed` was made from `password`; False as well when it is no hash at all.

        None, for somebody who does not exist, takes the same time.
        """
        ...

    def is_outdated(self, hashed: str) -> bool:
        """Whether a hash was made with other parameters than new ones are."""
        ...


class CommonPasswords(Protocol):
    def __contains__(self, password: str, /) -> bool:
        """Whether it is among those that are tried first, in lower case."""
        ...


def accepted(
    password: str, common: CommonPasswords, *, argument: str = "password", personal: Sequence[str] = ()
) -> str:
    """`password` as it is hashed: in one Unicode form, whatever keyboard it was typed on.

    Length and a list of common passwords, as NIST SP 800-63B, 3.1.1.2 asks; no rules about which signs it must have.

    Raises:
        InvalidInput: it is too short, too long, or too easily guessed by who knows the `personal` words.
    """
    normal = typed(password)
    if len(normal) < SHORTEST:
        raise InvalidInput(argument, f"must have at least {SHORTEST} characters.", UserErrorCode.TOO_SHORT)
    if len(normal) > LONGEST:
        raise InvalidInput(argument, f"must have at most {LONGEST} characters.", UserErrorCode.TOO_LONG)
    folded = normal.casefold()
    if folded in common or len(set(folded)) < _FEWEST_SIGNS or _tells(folded, personal):
        raise InvalidInput(
            argument,
            "is one of those that are guessed first: choose another, such as four random words.",
            UserErrorCode.PASSWORD_TOO_WEAK,
        )
    return normal


def typed(password: str) -> str:
    """The form in which passwords are compared."""
    return unicodedata.normalize("NFC", password)


def generated() -> str:
    """A password of 20 legible signs (116 bits) in groups of five, to be read from a screen."""
    groups = ("".join(secrets.choice(_LEGIBLE) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _tells(folded: str, personal: Sequence[str]) -> bool:
    """Whether it is hardly more than a word about its owner: that word, and a few signs around it."""
    words = (word.casefold() for word in personal)
    return any(len(word) >= _TELLING and word in folded and len(folded) - len(word) < _TELLING for word in words)
