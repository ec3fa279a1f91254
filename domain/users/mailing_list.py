"""Who hears of news: a list that somebody else keeps is told of everybody who comes, changes, or leaves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from domain.shared.events import Event, Handler
from domain.users.reading import UserReader
from domain.users.user import UserId


@dataclass(frozen=True, slots=True)
class Subscriber:
    """`confirmed` tells whether the address is known to be theirs: lists write to nobody else."""

    id: UserId
    email: str
    first_name: str
    last_name: str
    confirmed: bool


class MailingList(Protocol):
    """Doing the same twice is like doing it once."""

    async def put(self, subscriber: Subscriber) -> None:
        """Add them, or note what is new. Raises: Unavailable: it is to be tried again."""
        ...

    async def remove(self, user_id: UserId) -> None:
        """Raises: Unavailable: it is to be tried again."""
        ...


@dataclass(frozen=True, slots=True)
class Listing:
    """Tells how users are now, not how they were: whatever comes late, or in another order, does no harm."""

    reader: UserReader
    mailing_list: MailingList

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return dict.fromkeys(("user.created", "user.updated", "user.deleted"), self.tell)

    async def tell(self, event: Event) -> None:
        identity = UserId(event.key)
        user = (await self.reader.by_ids([identity])).get(identity)
        if user is None:
            await self.mailing_list.remove(identity)
        else:
            subscriber = Subscriber(identity, user.email, user.first_name, user.last_name, user.email_verified)
            await self.mailing_list.put(subscriber)
