"""How people are read. Every method answers a whole batch, with one statement.

`wanted` names the attributes that will be looked at; readers may leave out the others.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.shared.paging import Page
from domain.shared.reading import Wanted
from domain.users.address import AddressId, SavedAddress
from domain.users.listing import UserListing, UserScope
from domain.users.sessions import Session
from domain.users.user import SessionId, User, UserId
from domain.users.work import Credentials


class UserReader(Protocol):
    async def by_ids(self, ids: Sequence[UserId], *, wanted: Wanted = None) -> Mapping[UserId, User]: ...
    async def page(self, listing: UserListing, *, wanted: Wanted = None) -> Page[User]: ...
    async def counts(self, scopes: Sequence[UserScope]) -> Mapping[UserScope, int]: ...
    async def credentials(self, user_id: UserId) -> Credentials | None: ...
    async def credentials_by_email(self, email: str) -> Credentials | None: ...


class AddressReader(Protocol):
    async def by_ids(self, ids: Sequence[AddressId], *, wanted: Wanted = None) -> Mapping[AddressId, SavedAddress]: ...
    async def of_users(
        self, ids: Sequence[UserId], *, wanted: Wanted = None
    ) -> Mapping[UserId, Sequence[SavedAddress]]:
        """The default one first, then the oldest."""
        ...


class SessionReader(Protocol):
    """Only sessions that are open are there."""

    async def by_ids(self, ids: Sequence[SessionId], *, wanted: Wanted = None) -> Mapping[SessionId, Session]: ...
    async def of_users(self, ids: Sequence[UserId], *, wanted: Wanted = None) -> Mapping[UserId, Sequence[Session]]:
        """The one that was used last first."""
        ...
