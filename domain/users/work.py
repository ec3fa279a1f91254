"""What a unit of work about people can do. Whatever is read here to be changed stays locked until it ends."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.shared.work import Begin, Work
from domain.users.address import AddressId, SavedAddress
from domain.users.one_time import OneTimeToken, Purpose
from domain.users.sessions import RefreshToken, Session
from domain.users.tokens import digest
from domain.users.user import SessionId, User, UserId


@dataclass(frozen=True, slots=True)
class Credentials:
    """Somebody, and the hash of the password that proves it."""

    user: User
    password_hash: str


def fingerprint(credentials: Credentials) -> str:
    """Tells whether the password is still the same. Of no use for anything else: it is a digest of a salted hash."""
    return digest(credentials.password_hash).hex()[:32]


@dataclass(frozen=True, slots=True)
class Family:
    """A refresh token with the session that it belongs to and the one who is signed in there."""

    token: RefreshToken
    session: Session
    user: User


class UserRepository(Protocol):
    async def add(self, user: User, password_hash: str) -> User:
        """The user as stored. Raises: Conflict: the address is taken."""
        ...

    async def get(self, user_id: UserId) -> Credentials | None: ...

    async def save(self, user: User) -> User:
        """The user as stored. Raises: Conflict: the address is taken."""
        ...

    async def save_password(self, user_id: UserId, password_hash: str) -> None: ...
    async def administrators(self) -> Sequence[UserId]: ...

    async def delete(self, user_id: UserId) -> None:
        """Erase the account with all that belongs to it."""
        ...


class SessionRepository(Protocol):
    async def add(self, session: Session) -> None: ...
    async def add_token(self, token: RefreshToken) -> None: ...
    async def family(self, token_hash: bytes) -> Family | None: ...

    async def use(self, token_hash: bytes, at: datetime, sealed_successor: bytes) -> None:
        """Mark a token as used, and its session with it; seals that nobody may open any more are dropped."""
        ...

    async def revoke(
        self, user_id: UserId, at: datetime, *, only: SessionId | None = None, but: SessionId | None = None
    ) -> Sequence[SessionId]:
        """End a user's open sessions: all of them, `only` one, or all `but` one. The ones that ended by it."""
        ...


class OneTimeTokenRepository(Protocol):
    async def add(self, token: OneTimeToken) -> None: ...

    async def take(self, token_hash: bytes, purpose: Purpose) -> OneTimeToken | None:
        """The token, which is gone with that, as are the user's others for the same purpose. Locks the user."""
        ...

    async def forget(self, user_id: UserId, purposes: Collection[Purpose]) -> None:
        """Make all of a user's tokens for these purposes worthless."""
        ...


class AddressRepository(Protocol):
    async def of(self, user_id: UserId) -> Sequence[SavedAddress]:
        """Oldest first; nobody else changes them until this unit of work ends."""
        ...

    async def add(self, address: SavedAddress) -> None: ...
    async def save(self, address: SavedAddress) -> None: ...
    async def delete(self, address_id: AddressId) -> None: ...


class UsersWork(Work, Protocol):
    @property
    def users(self) -> UserRepository: ...
    @property
    def sessions(self) -> SessionRepository: ...
    @property
    def one_time_tokens(self) -> OneTimeTokenRepository: ...
    @property
    def addresses(self) -> AddressRepository: ...


BeginUsersWork = Begin[UsersWork]
