"""People's write side: what one unit of work does to them. What is read to be changed stays locked until it ends.

Users are locked by `FOR NO KEY UPDATE`, which lets others insert what belongs to them meanwhile.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy import DateTime, Uuid, any_, delete, or_, select, update

from domain.shared.errors import Conflict, UserErrorCode
from domain.users.address import AddressId, SavedAddress
from domain.users.one_time import OneTimeToken, Purpose
from domain.users.sessions import GRACE, IDLE, RefreshToken, Session
from domain.users.user import SessionId, User, UserId, UserRole
from domain.users.work import Credentials, Family
from persistence.database import Transaction
from persistence.statements import Statement, constant, given, inserting, parameter, parameters, updating
from persistence.users.mappers import ADDRESS, REFRESH_TOKEN, SESSION, USER
from persistence.users.tables import addresses, one_time_tokens, refresh_tokens, revocations, sessions, users

USERS = USER.reading(None)
SESSIONS = SESSION.reading(None)
TOKENS = REFRESH_TOKEN.reading(None)
ADDRESSES = ADDRESS.reading(None)
AT = parameter("at", DateTime(timezone=True))
OF_USER = parameter("user_id", Uuid())
TAKEN = "This e-mail address has an account already: sign in, or reset its password."


class SqlUsers:
    """Implements `domain.users.work.UserRepository`."""

    CHANGING = ("email", "first_name", "last_name", "role", "email_verified")
    ADD = inserting(users, "id", "password_hash", "created_at", *CHANGING, returning=USERS.columns)
    SAVE = updating(users, *CHANGING, returning=USERS.columns)
    SAVE_PASSWORD = updating(users, "password_hash")
    DELETE = Statement(delete(users).where(users.c.id == OF_USER))
    GET = Statement(
        select(*USERS.columns, users.c.password_hash).where(users.c.id == OF_USER).with_for_update(key_share=True)
    )
    ADMINISTRATORS = Statement(
        select(users.c.id)
        .where(users.c.role == constant(UserRole.ADMIN.value))
        .order_by(users.c.id)
        .with_for_update(key_share=True)
    )

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, user: User, password_hash: str) -> User:
        return await self._stored(self.ADD, {**_values(user), "password_hash": password_hash})

    async def get(self, user_id: UserId) -> Credentials | None:
        rows = await self._transaction.fetch(self.GET, {"user_id": user_id})
        return Credentials(USERS.objects(rows)[0], rows[0][-1]) if rows else None

    async def save(self, user: User) -> User:
        return await self._stored(self.SAVE, {**_values(user), "of_id": user.id})

    async def save_password(self, user_id: UserId, password_hash: str) -> None:
        await self._transaction.run(self.SAVE_PASSWORD, {"of_id": user_id, "password_hash": password_hash})

    async def administrators(self) -> Sequence[UserId]:
        return [UserId(row[0]) for row in await self._transaction.fetch(self.ADMINISTRATORS, {})]

    async def delete(self, user_id: UserId) -> None:
        await self._transaction.run(self.DELETE, {"user_id": user_id})

    async def _stored(self, statement: Statement, values: Mapping[str, Any]) -> User:
        try:
            return USERS.objects(await self._transaction.fetch(statement, values))[0]
        except asyncpg.UniqueViolationError as violated:
            if violated.constraint_name == "uq_users_email":
                raise Conflict(TAKEN, "email", UserErrorCode.TAKEN) from violated
            raise


def _revoke() -> Statement:
    """In one order, or two of these at once would wait for each other for ever."""
    only, but = parameter("only", Uuid()), parameter("but", Uuid())
    which = (
        sessions.c.user_id == OF_USER,
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > AT,
        sessions.c.last_used_at > parameter("used_after", DateTime(timezone=True)),
        or_(only.is_(None), sessions.c.id == only),
        or_(but.is_(None), sessions.c.id != but),
    )
    locked = select(sessions.c.id).where(*which).order_by(sessions.c.id).with_for_update(key_share=True)
    return Statement(update(sessions).where(sessions.c.id.in_(locked)).values(revoked_at=AT).returning(sessions.c.id))


class SqlSessions:
    """Implements `domain.users.work.SessionRepository`. Whatever is done to a family, its session's row is locked."""

    ADD = inserting(sessions, *(column.name for column in sessions.c))
    ADD_TOKEN = inserting(refresh_tokens, *(column.name for column in refresh_tokens.c))
    LOCK = Statement(
        select(*SESSIONS.columns)
        .where(
            sessions.c.id
            == select(refresh_tokens.c.session_id)
            .where(*(refresh_tokens.c.hash == bound for bound in given(refresh_tokens, "hash").values()))
            .scalar_subquery()
        )
        .with_for_update(key_share=True)
    )
    TOKEN = Statement(select(*TOKENS.columns).where(refresh_tokens.c.hash == given(refresh_tokens, "hash")["hash"]))
    OWNER = Statement(select(*USERS.columns).where(users.c.id == OF_USER))
    USE = updating(refresh_tokens, "used_at", "sealed_successor", key="hash", returning=(refresh_tokens.c.session_id,))
    TOUCH = updating(sessions, "last_used_at")
    UNSEAL = Statement(
        update(refresh_tokens)
        .where(
            refresh_tokens.c.session_id == parameter("session_id", Uuid()),
            refresh_tokens.c.sealed_successor.is_not(None),
            refresh_tokens.c.used_at < AT,
        )
        .values(sealed_successor=None)
    )
    REVOKE = _revoke()
    REMEMBER = inserting(revocations, "session_id", "revoked_at")

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, session: Session) -> None:
        await self._transaction.run(self.ADD, asdict(session))

    async def add_token(self, token: RefreshToken) -> None:
        await self._transaction.run(self.ADD_TOKEN, asdict(token))

    async def family(self, token_hash: bytes) -> Family | None:
        """Locks the session first and reads the token then: who waited for the lock sees what the other one did."""
        for session in SESSIONS.objects(await self._transaction.fetch(self.LOCK, {"hash": token_hash})):
            token = TOKENS.objects(await self._transaction.fetch(self.TOKEN, {"hash": token_hash}))
            user = USERS.objects(await self._transaction.fetch(self.OWNER, {"user_id": session.user_id}))
            return Family(token[0], session, user[0])
        return None

    async def use(self, token_hash: bytes, at: datetime, sealed_successor: bytes) -> None:
        used = {"of_hash": token_hash, "used_at": at, "sealed_successor": sealed_successor}
        [[session_id]] = await self._transaction.fetch(self.USE, used)
        await self._transaction.run(self.TOUCH, {"of_id": session_id, "last_used_at": at})
        await self._transaction.run(self.UNSEAL, {"session_id": session_id, "at": at - GRACE})

    async def revoke(
        self, user_id: UserId, at: datetime, *, only: SessionId | None = None, but: SessionId | None = None
    ) -> Sequence[SessionId]:
        which = {"user_id": user_id, "at": at, "used_after": at - IDLE, "only": only, "but": but}
        ids = [SessionId(row[0]) for row in await self._transaction.fetch(self.REVOKE, which)]
        if ids:
            await self._transaction.run_many(self.REMEMBER, [{"session_id": one, "revoked_at": at} for one in ids])
        return ids


THIS = [one_time_tokens.c[name] == bound for name, bound in given(one_time_tokens, "hash", "purpose").items()]


class SqlOneTimeTokens:
    """Implements `domain.users.work.OneTimeTokenRepository`."""

    ADD = inserting(one_time_tokens, "hash", "user_id", "purpose", "email", "expires_at")
    TAKE = Statement(
        delete(one_time_tokens)
        .where(*THIS)
        .returning(one_time_tokens.c.user_id, one_time_tokens.c.email, one_time_tokens.c.expires_at)
    )
    FORGET = Statement(
        delete(one_time_tokens).where(
            one_time_tokens.c.user_id == OF_USER,
            one_time_tokens.c.purpose == any_(parameters("purposes", one_time_tokens.c.purpose.type)),
        )
    )
    LOCK_OWNER = Statement(
        select(users.c.id)
        .where(users.c.id == select(one_time_tokens.c.user_id).where(*THIS).scalar_subquery())
        .with_for_update(key_share=True)
    )

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, token: OneTimeToken) -> None:
        await self._transaction.run(self.ADD, {**asdict(token), "purpose": token.purpose.value})

    async def take(self, token_hash: bytes, purpose: Purpose) -> OneTimeToken | None:
        """Locks the user first: two of the same user's tokens, taken at once, would wait for each other for ever."""
        place = {"hash": token_hash, "purpose": purpose.value}
        await self._transaction.fetch(self.LOCK_OWNER, place)
        for user_id, email, expires_at in await self._transaction.fetch(self.TAKE, place):
            await self.forget(UserId(user_id), (purpose,))
            return OneTimeToken(token_hash, UserId(user_id), purpose, email, expires_at)
        return None

    async def forget(self, user_id: UserId, purposes: Collection[Purpose]) -> None:
        names = [purpose.value for purpose in purposes]
        await self._transaction.run(self.FORGET, {"user_id": user_id, "purposes": names})


class SqlAddresses:
    """Implements `domain.users.work.AddressRepository`. Whoever changes a book has locked its owner."""

    PARTS = (
        *("first_name", "last_name", "company", "line1", "line2", "city", "region", "postal_code"),
        *("country_code", "phone", "is_default"),
    )
    OF = Statement(select(*ADDRESSES.columns).where(addresses.c.user_id == OF_USER).order_by(addresses.c.id))
    ADD = inserting(addresses, "id", "user_id", "created_at", *PARTS)
    SAVE = updating(addresses, *PARTS)
    DELETE = Statement(delete(addresses).where(addresses.c.id == given(addresses, "id")["id"]))

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def of(self, user_id: UserId) -> Sequence[SavedAddress]:
        return ADDRESSES.objects(await self._transaction.fetch(self.OF, {"user_id": user_id}))

    async def add(self, address: SavedAddress) -> None:
        identity = {"id": address.id, "user_id": address.user_id, "created_at": address.created_at}
        await self._transaction.run(self.ADD, identity | _parts(address))

    async def save(self, address: SavedAddress) -> None:
        await self._transaction.run(self.SAVE, {"of_id": address.id} | _parts(address))

    async def delete(self, address_id: AddressId) -> None:
        await self._transaction.run(self.DELETE, {"id": address_id})


def _values(user: User) -> Mapping[str, Any]:
    return {**asdict(user), "role": user.role.value}


def _parts(address: SavedAddress) -> dict[str, Any]:
    return {**asdict(address.address), "is_default": address.is_default}
