"""Who uses the shop."""

from dataclasses import dataclass
from enum import Enum
from typing import NewType
from uuid import UUID

UserId = NewType("UserId", UUID)


class UserRole(Enum):
    CUSTOMER = "customer"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Actor:
    """On whose behalf an operation runs; anonymous without an id."""

    user_id: UserId | None = None
    role: UserRole | None = None

    @property
    def is_staff(self) -> bool:
        return self.role is UserRole.ADMIN


ANONYMOUS = Actor()
