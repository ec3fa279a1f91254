"""The book in which somebody keeps the addresses that parcels go to. One of them is the default, unless it is empty."""

from dataclasses import dataclass, replace

from domain.shared.clock import Clock
from domain.shared.errors import Conflict, NotFound
from domain.shared.ids import uuid7
from domain.shared.work import Once
from domain.users.address import MOST_ADDRESSES, Address, AddressId, SavedAddress, checked
from domain.users.oneself import oneself
from domain.users.user import Actor, User, UserId
from domain.users.work import BeginUsersWork, UsersWork


@dataclass(frozen=True, slots=True)
class Changed:
    """An address as it is now, and whose it is."""

    address: SavedAddress
    user: User


@dataclass(frozen=True, slots=True)
class Removed:
    address_id: AddressId
    user: User


@dataclass(frozen=True, slots=True)
class AddressBook:
    begin: BeginUsersWork
    clock: Clock

    async def add(self, actor: Actor, address: Address, *, make_default: bool, once: Once | None = None) -> Changed:
        """The first one becomes the default by itself.

        Raises:
            SeveralErrors: something in it cannot be used.
            Conflict: the book is full.
        """
        tidy = checked(address)
        async with self.begin(once) as work:
            user = (await oneself(work, actor)).user
            known = await work.addresses.of(user.id)
            if len(known) >= MOST_ADDRESSES:
                raise Conflict(f"An address book has {MOST_ADDRESSES} addresses at most: delete one first.")
            default = make_default or not known
            new = SavedAddress(AddressId(uuid7()), user.id, tidy, is_default=False, created_at=self.clock())
            await work.addresses.add(new)
            changed = Changed(await _made_default(work, new) if default else new, user)
            await work.commit(changed)
        return changed

    async def change(
        self,
        actor: Actor,
        address_id: AddressId,
        address: Address | None,
        *,
        make_default: bool,
        once: Once | None = None,
    ) -> Changed:
        """Replace an address as a whole, or make it the default, or both.

        Raises:
            NotFound: it is not there, or somebody else's.
            SeveralErrors: something in it cannot be used.
        """
        tidy = None if address is None else checked(address)
        async with self.begin(once) as work:
            user = (await oneself(work, actor)).user
            known = await _one(work, user.id, address_id)
            if tidy is not None:
                known = replace(known, address=tidy)
                await work.addresses.save(known)
            if make_default and not known.is_default:
                known = await _made_default(work, known)
            changed = Changed(known, user)
            await work.commit(changed)
        return changed

    async def remove(self, actor: Actor, address_id: AddressId) -> Removed:
        """When it was the default, the oldest that is left takes its place.

        Raises:
            NotFound: it is not there, or somebody else's.
        """
        async with self.begin() as work:
            user = (await oneself(work, actor)).user
            known = await _one(work, user.id, address_id)
            await work.addresses.delete(address_id)
            left = await work.addresses.of(user.id)
            if known.is_default and left:
                await work.addresses.save(replace(left[0], is_default=True))
            await work.commit()
        return Removed(address_id, user)


async def _one(work: UsersWork, user_id: UserId, address_id: AddressId) -> SavedAddress:
    for known in await work.addresses.of(user_id):
        if known.id == address_id:
            return known
    raise NotFound("id", "address")


async def _made_default(work: UsersWork, chosen: SavedAddress) -> SavedAddress:
    """The former default stops being it first: at no time there are two."""
    for known in await work.addresses.of(chosen.user_id):
        if known.is_default:
            await work.addresses.save(replace(known, is_default=False))
    now_default = replace(chosen, is_default=True)
    await work.addresses.save(now_default)
    return now_default
