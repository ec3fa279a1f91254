"""People for tests: with an account, and signed in, without the time that a password takes."""

from dataclasses import dataclass
from functools import cache
from itertools import count

import argon2

from domain.shared.clock import now
from domain.shared.ids import uuid7
from domain.users.sessions import Tokens
from domain.users.user import UNKNOWN, Actor, Client, SessionId, User, UserId, UserRole
from server.wiring import Shop

PASSWORD = "four random words together"
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody signed in: an actor for the engine, a token for transports."""

    user: User
    actor: Actor
    tokens: Tokens

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens.access_token}"}


@cache
def password_hash() -> str:
    """Of PASSWORD, made with the parameters of the shop."""
    return argon2.PasswordHasher(time_cost=2, memory_cost=65_536, parallelism=1).hash(PASSWORD)


async def person(shop: Shop, role: UserRole = UserRole.CUSTOMER, email: str | None = None) -> Person:
    """A new one, signed in once; PASSWORD is the password."""
    number, at = next(_numbers), now()
    user = User(
        id=UserId(uuid7()),
        email=email or f"person{number}-{uuid7().hex[-8:]}@shop.example",
        first_name=f"First{number}",
        last_name=f"Last{number}",
        role=role,
        email_verified=False,
        created_at=at,
        updated_at=at,
    )
    async with shop.services.accounts.begin() as work:
        stored = await work.users.add(user, password_hash())
        await work.commit()
    return await signed_in(shop, stored)


async def signed_in(shop: Shop, user: User, client: Client = UNKNOWN) -> Person:
    """The same one on another device."""
    service = shop.services.authentication
    async with service.begin() as work:
        tokens = (await service.open_session(work, user, client)).tokens
        await work.commit()
    session = shop.identities.tokens.verify(tokens.access_token).session_id
    return Person(user, Actor(user.id, user.role, SessionId(session)), tokens)
