"""Passwords: what is accepted, how one is made up, and the port that hashes them."""

import secrets
import unicodedata
from typing import Protocol

from domain.shared.errors import InvalidInput

SHORTEST = 8
LONGEST = 256

# 56 signs that nobody mistakes for another: neither 0 and O nor 1, l and I
_LEGIBLE = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_GROUPS, _GROUP = 4, 5


class PasswordHasher(Protocol):
    """Both take the time that guessing is meant to cost, and leave the event loop free meanwhile."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, password: str, hashed: str) -> bool:
        """Whether `hashed` was made from `password`; False as well when it is no hash at all."""
        ...


def accepted(password: str) -> str:
    """`password` as it is hashed: in one Unicode form, whatever keyboard it was typed on.

    Raises:
        InvalidInput: it is too short or too long.
    """
    normal = unicodedata.normalize("NFC", password)
    if not SHORTEST <= len(normal) <= LONGEST:
        raise InvalidInput("password", f"must have {SHORTEST} to {LONGEST} characters.")
    return normal


def generated() -> str:
    """A password of 20 legible signs (116 bits) in groups of five, to be read from a screen."""
    groups = ("".join(secrets.choice(_LEGIBLE) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)
