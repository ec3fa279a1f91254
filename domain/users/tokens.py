"""What proves who somebody is: access tokens, which anybody who has the key can check, and secrets we look up."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from domain.users.user import SessionId, UserId, UserRole

ACCESS_LIFETIME = timedelta(minutes=10)
LONGEST_TOKEN = 2_048
"""Characters; ours have about 500."""
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class AccessToken:
    text: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a valid access token says."""

    user_id: UserId
    session_id: SessionId
    role: UserRole
    expires_at: datetime


class AccessTokens(Protocol):
    def issue(self, user_id: UserId, session_id: SessionId, role: UserRole) -> AccessToken:
        """A token that is valid for ACCESS_LIFETIME from now."""
        ...

    def verify(self, text: str) -> AccessClaims:
        """What the token says. Whether its session was revoked since is not looked at.

        Raises:
            ExpiredToken: it was ours, and is too old.
            InvalidToken: it is not one of ours.
        """
        ...


def new_secret() -> str:
    """256 random bits, to be handed out once: a refresh token, or what a link in a letter carries."""
    return secrets.token_urlsafe(SECRET_BYTES)


def digest(secret: str) -> bytes:
    """What is kept of a secret. One round of SHA-256 is enough for what nobody can guess."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
