"""Sixty people with addresses and sessions, the same in every run, beside the demo shop."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.shared.clock import now
from domain.users.address import Address, AddressId, SavedAddress
from domain.users.sessions import Session
from domain.users.user import Actor, Client, SessionId, User, UserId, UserRole
from domain.users.work import UsersWork
from resolvers import global_ids
from server.wiring import Shop
from tests.graphql import asking

PEOPLE = 60
MANY = 50
"""Addresses, and sessions, of BUSY; the others have three addresses and two sessions."""
LAUNCH = datetime(2026, 1, 1, tzinfo=UTC)
BUSY = Actor(asking.CUSTOMER.user_id, UserRole.CUSTOMER, SessionId(UUID(int=0x5E55_0002_0000)))
STAFF = Actor(asking.ADMIN.user_id, UserRole.ADMIN, SessionId(UUID(int=0x5E55_0001_0000)))


def user_id(number: int) -> UserId:
    """The first is `asking.ADMIN`, the second `asking.CUSTOMER`."""
    return UserId(UUID(int=number))


def address_id(number: int, index: int) -> AddressId:
    return AddressId(UUID(int=0xADD_0000_0000 + number * 0x1_0000 + index))


def session_id(number: int, index: int) -> SessionId:
    return SessionId(UUID(int=0x5E55_0000_0000 + number * 0x1_0000 + index))


SOME = json.dumps([global_ids.encode("User", user_id(number)) for number in (2, 1, 3)])
"""Ids of an administrator among others, as GraphQL writes them."""


async def gather(shop: Shop) -> None:
    """Have them in the shop's database, in one transaction."""
    async with shop.services.accounts.begin() as work:
        for number in range(1, PEOPLE + 1):
            await _add(work, number)
        await work.commit()


async def _add(work: UsersWork, number: int) -> None:
    at = LAUNCH + timedelta(hours=number)
    role = UserRole.ADMIN if number % 20 == 1 else UserRole.CUSTOMER
    names = f"First{number}", f"Last{number % 7}"
    user = User(user_id(number), f"person{number}@shop.example", *names, role, number % 2 == 0, at, at)
    await work.users.add(user, "no password")
    busy = user.id == BUSY.user_id
    for index in range(MANY if busy else 3):
        place = Address(f"{number} Long Road", "Leeds", "GB", first_name=names[0] if index % 2 else None)
        saved = SavedAddress(address_id(number, index), user.id, place, is_default=index == 1, created_at=at)
        await work.addresses.add(saved)
    for index in range(MANY if busy else 2):
        client = Client(f"192.0.2.{index}", None if index % 2 else "Browser/1.0")
        await work.sessions.add(Session.begun(session_id(number, index), user.id, client, now()))
