"""People's write side: what one unit of work does to them. What is read to be changed stays locked until it ends.

Users are locked by `FOR NO KEY UPDATE`, which lets others insert what belongs to them meanwhile.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import asyncpg
import sqlalchemy.exc
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.shared.errors import Conflict, UserErrorCode
from domain.users.address import AddressId, SavedAddress
from domain.users.one_time import OneTimeToken, Purpose
from domain.users.sessions import GRACE, IDLE, RefreshToken, Session
from domain.users.user import SessionId, User, UserId, UserRole
from domain.users.work import Credentials, Family
from persistence.database import cause
from persistence.users.mappers import ADDRESS, REFRESH_TOKEN, SESSION, USER
from persistence.users.tables import addresses, one_time_tokens, refresh_tokens, revocations, sessions, users

USERS = USER.reading(None)
SESSIONS = SESSION.reading(None)
TOKENS = REFRESH_TOKEN.reading(None)
ADDRESSES = ADDRESS.reading(None)


class SqlUsers:
    """Implements `domain.users.work.UserRepository`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, user: User, password_hash: str) -> User:
        values = {**_user_values(user), "created_at": user.created_at, "password_hash": password_hash}
        return await self._stored(insert(users).values(values).returning(*USERS.columns))

    async def get(self, user_id: UserId) -> Credentials | None:
        found = await self._connection.execute(
            select(*USERS.columns, users.c.password_hash).where(users.c.id == user_id).with_for_update(key_share=True)
        )
        row = found.first()
        return None if row is None else Credentials(USERS.objects([row])[0], row[-1])

    async def save(self, user: User) -> User:
        return await self._stored(
            update(users).where(users.c.id == user.id).values(_user_values(user)).returning(*USERS.columns)
        )

    async def save_password(self, user_id: UserId, password_hash: str) -> None:
        await self._connection.execute(update(users).where(users.c.id == user_id).values(password_hash=password_hash))

    async def administrators(self) -> Sequence[UserId]:
        found = await self._connection.execute(
            select(users.c.id)
            .where(users.c.role == UserRole.ADMIN.value)
            .order_by(users.c.id)
            .with_for_update(key_share=True)
        )
        return [UserId(identity) for identity in found.scalars()]

    async def delete(self, user_id: UserId) -> None:
        await self._connection.execute(delete(users).where(users.c.id == user_id))

    async def _stored(self, statement: Any) -> User:
        try:
            return USERS.objects((await self._connection.execute(statement)).all())[0]
        except sqlalchemy.exc.IntegrityError as failure:
            broken = cause(failure)
            if isinstance(broken, asyncpg.UniqueViolationError) and broken.constraint_name == "uq_users_email":
                taken = "This e-mail address has an account already: sign in, or reset its password."
                raise Conflict(taken, "email", UserErrorCode.TAKEN) from failure
            raise


class SqlSessions:
    """Implements `domain.users.work.SessionRepository`. Whatever is done to a family, its session's row is locked."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, session: Session) -> None:
        await self._connection.execute(insert(sessions).values(asdict(session)))

    async def add_token(self, token: RefreshToken) -> None:
        await self._connection.execute(insert(refresh_tokens).values(asdict(token)))

    async def family(self, token_hash: bytes) -> Family | None:
        """Locks the session first and reads the token then: who waited for the lock sees what the other one did."""
        belongs = select(refresh_tokens.c.session_id).where(refresh_tokens.c.hash == token_hash).scalar_subquery()
        locked = await self._connection.execute(
            select(*SESSIONS.columns).where(sessions.c.id == belongs).with_for_update(key_share=True)
        )
        for session in SESSIONS.objects(locked.all()):
            token = await self._connection.execute(select(*TOKENS.columns).where(refresh_tokens.c.hash == token_hash))
            user = await self._connection.execute(select(*USERS.columns).where(users.c.id == session.user_id))
            return Family(TOKENS.objects(token.all())[0], session, USERS.objects(user.all())[0])
        return None

    async def use(self, token_hash: bytes, at: datetime, sealed_successor: bytes) -> None:
        used = (
            update(refresh_tokens)
            .where(refresh_tokens.c.hash == token_hash)
            .values(used_at=at, sealed_successor=sealed_successor)
            .returning(refresh_tokens.c.session_id)
        )
        session_id = (await self._connection.execute(used)).scalar_one()
        await self._connection.execute(update(sessions).where(sessions.c.id == session_id).values(last_used_at=at))
        await self._connection.execute(
            update(refresh_tokens)
            .where(
                refresh_tokens.c.session_id == session_id,
                refresh_tokens.c.sealed_successor.is_not(None),
                refresh_tokens.c.used_at < at - GRACE,
            )
            .values(sealed_successor=None)
        )

    async def revoke(
        self, user_id: UserId, at: datetime, *, only: SessionId | None = None, but: SessionId | None = None
    ) -> Sequence[SessionId]:
        which = [
            sessions.c.user_id == user_id,
            sessions.c.revoked_at.is_(None),
            sessions.c.expires_at > at,
            sessions.c.last_used_at > at - IDLE,
        ]
        which += [sessions.c.id == only] if only is not None else []
        which += [sessions.c.id != but] if but is not None else []
        # in one order, or two of these at once would wait for each other for ever
        locked = select(sessions.c.id).where(*which).order_by(sessions.c.id).with_for_update(key_share=True)
        ended = update(sessions).where(sessions.c.id.in_(locked)).values(revoked_at=at).returning(sessions.c.id)
        ids = [SessionId(identity) for identity in (await self._connection.execute(ended)).scalars()]
        if ids:
            rows = [{"session_id": identity, "revoked_at": at} for identity in ids]
            await self._connection.execute(insert(revocations), rows)
        return ids


class SqlOneTimeTokens:
    """Implements `domain.users.work.OneTimeTokenRepository`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, token: OneTimeToken) -> None:
        values = {**asdict(token), "purpose": token.purpose.value}
        await self._connection.execute(insert(one_time_tokens).values(values))

    async def take(self, token_hash: bytes, purpose: Purpose) -> OneTimeToken | None:
        """Locks the user first: two of the same user's tokens, taken at once, would wait for each other for ever."""
        place = (one_time_tokens.c.hash == token_hash, one_time_tokens.c.purpose == purpose.value)
        owner = select(one_time_tokens.c.user_id).where(*place).scalar_subquery()
        await self._connection.execute(select(users.c.id).where(users.c.id == owner).with_for_update(key_share=True))
        taken = await self._connection.execute(delete(one_time_tokens).where(*place).returning(*one_time_tokens.c))
        row = taken.first()
        if row is None:
            return None
        await self.forget(UserId(row.user_id), (purpose,))
        return OneTimeToken(row.hash, UserId(row.user_id), purpose, row.email, row.expires_at)

    async def forget(self, user_id: UserId, purposes: Collection[Purpose]) -> None:
        names = [purpose.value for purpose in purposes]
        await self._connection.execute(
            delete(one_time_tokens).where(one_time_tokens.c.user_id == user_id, one_time_tokens.c.purpose.in_(names))
        )


class SqlAddresses:
    """Implements `domain.users.work.AddressRepository`. Whoever changes a book has locked its owner."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, user_id: UserId) -> Sequence[SavedAddress]:
        found = await self._connection.execute(
            select(*ADDRESSES.columns).where(addresses.c.user_id == user_id).order_by(addresses.c.id)
        )
        return ADDRESSES.objects(found.all())

    async def add(self, address: SavedAddress) -> None:
        identity = {"id": address.id, "user_id": address.user_id, "created_at": address.created_at}
        await self._connection.execute(insert(addresses).values(identity | _address_values(address)))

    async def save(self, address: SavedAddress) -> None:
        await self._connection.execute(
            update(addresses).where(addresses.c.id == address.id).values(_address_values(address))
        )

    async def delete(self, address_id: AddressId) -> None:
        await self._connection.execute(delete(addresses).where(addresses.c.id == address_id))


def _user_values(user: User) -> Mapping[str, Any]:
    return {
        "id": user.id,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "role": user.role.value,
        "email_verified": user.email_verified,
    }


def _address_values(address: SavedAddress) -> dict[str, Any]:
    return {**asdict(address.address), "is_default": address.is_default}
