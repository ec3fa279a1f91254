"""A session: one device that is signed in, and the chain of refresh tokens that keeps it so.

A refresh token is used once and has one successor. Used again, by its owner or by a thief, nobody can tell who is who,
and the whole session ends (RFC 9700, 4.14.2). Only within a short grace is the same successor handed out again: to a
client whose answer was lost, or that asked twice at once.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.users.tokens import AccessToken, digest, new_secret
from domain.users.user import Client, SessionId, User, UserId

IDLE = timedelta(days=14)
ABSOLUTE = timedelta(days=30)
GRACE = timedelta(seconds=10)
_SEAL = b"souk: the successor of a refresh token\0"
_LONGEST_USER_AGENT = 500
_LONGEST_IP_ADDRESS = 45
"""An IPv6 address with an IPv4 one at its end; a proxy may pass on anything."""


@dataclass(frozen=True, slots=True)
class Session:
    """`expires_at` is when it ends at the latest, however much it is used."""

    id: SessionId
    user_id: UserId
    user_agent: str | None
    ip_address: str | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    @classmethod
    def begun(cls, identity: SessionId, user_id: UserId, client: Client, at: datetime) -> "Session":
        agent = client.user_agent and client.user_agent[:_LONGEST_USER_AGENT]
        address = client.ip_address and client.ip_address[:_LONGEST_IP_ADDRESS]
        return cls(identity, user_id, agent, address, at, at, at + ABSOLUTE)

    @property
    def ends_at(self) -> datetime:
        """When it ends unless it is used before."""
        return min(self.last_used_at + IDLE, self.expires_at)

    def is_open(self, at: datetime) -> bool:
        return self.revoked_at is None and at < self.ends_at


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What is kept of one. The successor of a used token can be read by nobody but who has that token."""

    hash: bytes
    session_id: SessionId
    expires_at: datetime
    used_at: datetime | None = None
    sealed_successor: bytes | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a client holds while it is signed in."""

    access_token: str
    access_token_expires_at: datetime
    refresh_token: str
    refresh_token_expires_at: datetime

    @classmethod
    def of(cls, access: AccessToken, refresh: "Issued") -> "Tokens":
        return cls(access.text, access.expires_at, refresh.secret, refresh.token.expires_at)


@dataclass(frozen=True, slots=True)
class SignedIn:
    user: User
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Issued:
    """A refresh token in clear, which is handed out and forgotten, and what is kept of it."""

    secret: str
    token: RefreshToken


def issued(session: Session) -> Issued:
    secret = new_secret()
    return Issued(secret, RefreshToken(digest(secret), session.id, session.ends_at))


def sealed(successor: str, predecessor: str) -> bytes:
    """`successor`, to be opened by `predecessor` alone; the same function opens what it sealed."""
    text = successor.encode()
    return _exclusive(text, predecessor)


def opened(seal: bytes, predecessor: str) -> str:
    return _exclusive(seal, predecessor).decode()


def _exclusive(text: bytes, predecessor: str) -> bytes:
    """A one-time pad: each predecessor has 256 random bits and seals one successor only."""
    pad = hashlib.shake_256(_SEAL + predecessor.encode()).digest(len(text))
    return bytes(a ^ b for a, b in zip(text, pad, strict=True))
