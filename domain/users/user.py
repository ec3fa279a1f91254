"""Who uses the shop."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NewType
from uuid import UUID

UserId = NewType("UserId", UUID)
SessionId = NewType("SessionId", UUID)


class UserRole(Enum):
    CUSTOMER = "customer"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with an account. `email` is in lower case and unique."""

    id: UserId
    email: str
    first_name: str
    last_name: str
    role: UserRole
    email_verified: bool
    created_at: datetime
    updated_at: datetime

    @property
    def words(self) -> tuple[str, ...]:
        """What anybody who knows them would guess first."""
        return (self.email, self.email.partition("@")[0], self.first_name, self.last_name)


@dataclass(frozen=True, slots=True)
class Actor:
    """On whose behalf an operation runs; anonymous without an id.

    `holds` are the ids of things that the operation has named a key to: a guest's cart, or an order's access token.
    """

    user_id: UserId | None = None
    role: UserRole | None = None
    session_id: SessionId | None = None
    holds: frozenset[UUID] = frozenset()

    @property
    def is_staff(self) -> bool:
        return self.role is UserRole.ADMIN


ANONYMOUS = Actor()


@dataclass(frozen=True, slots=True)
class Client:
    """Where an operation comes from, as far as the transport knows."""

    ip_address: str | None = None
    user_agent: str | None = None


UNKNOWN = Client()
