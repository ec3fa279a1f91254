"""People's read side."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, DateTime, Interval, SelectBase, String, Text, Uuid, any_, func, select

from domain.shared.clock import Clock
from domain.shared.errors import Unavailable
from domain.shared.paging import Page, Position, cut
from domain.shared.reading import Wanted
from domain.users.address import AddressId, SavedAddress
from domain.users.listing import MOST_WORDS, UserListing, UserScope
from domain.users.sessions import IDLE, Session
from domain.users.user import SessionId, User, UserId
from domain.users.work import Credentials
from persistence.database import Database
from persistence.grouping import gathered, keyed
from persistence.mapping import Query
from persistence.paging import ROW_LIMIT, Keyset, WindowPlan, window_values
from persistence.statements import Statement, parameter, parameters
from persistence.users.mappers import ADDRESS, SESSION, USER
from persistence.users.tables import addresses, revocations, sessions, users

Columns = Sequence[ColumnElement[Any]]
Shape = tuple[str, ...]
"""Which conditions a list of people has: one for each word, and one for the role."""
ROLE = "role"
WORDS = tuple(f"word{number}" for number in range(MOST_WORDS))

BY_CREATION = Keyset(users.c.created_at, users.c.id, users.c.created_at.type)


def _by_id(columns: Columns) -> SelectBase:
    return select(*columns, users.c.id.label("key")).where(users.c.id == any_(parameters("keys", Uuid())))


def _page(columns: Columns, shape: Shape, plan: WindowPlan) -> SelectBase:
    return (
        select(*columns, BY_CREATION.key.label("sort_key"))
        .where(*_conditions(shape), *BY_CREATION.between(plan))
        .order_by(*BY_CREATION.ordering(plan))
        .limit(ROW_LIMIT)
    )


def _conditions(shape: Shape) -> Iterable[ColumnElement[bool]]:
    # one for each word: `LIKE ALL (…)` reads no index, which took 30 ms instead of 1 among 100,000 people; and in the
    # lower case of PostgreSQL, which made the column: Python has another one for some letters
    for name in shape:
        if name == ROLE:
            yield users.c.role == parameter(ROLE, String())
        else:
            yield users.c.search_text.like(func.lower(parameter(name, Text())))


@lru_cache(maxsize=2 * (MOST_WORDS + 1))
def _count(shape: Shape) -> Statement:
    return Statement(select(func.count()).select_from(users).where(*_conditions(shape)))


def _shape(scope: UserScope) -> Shape:
    return (*WORDS[: len(scope.words)], *(() if scope.role is None else (ROLE,)))


def _values(scope: UserScope) -> Mapping[str, Any]:
    role = None if scope.role is None else scope.role.value
    return {ROLE: role, **dict(zip(WORDS, map(_pattern, scope.words), strict=False))}


def _pattern(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _with_password(columns: Columns, by: ColumnElement[Any]) -> SelectBase:
    return select(*columns, users.c.password_hash).where(by == parameter("key", by.type))


class SqlUserReader:
    """Implements `domain.users.reading.UserReader`."""

    BY_IDS = Query(USER, _by_id)
    PAGE = Query(USER, _page)
    CREDENTIALS = Query(USER, _with_password)

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_ids(self, ids: Sequence[UserId], *, wanted: Wanted = None) -> Mapping[UserId, User]:
        return keyed(await self.BY_IDS.ask(self._database, {"keys": ids}, wanted))

    async def page(self, listing: UserListing, *, wanted: Wanted = None) -> Page[User]:
        scope, window = listing.scope, listing.window
        values = {**_values(scope), **window_values(window)}
        found, rows = await self.PAGE.ask(self._database, values, wanted, _shape(scope), WindowPlan.of(window))
        placed = [(one, Position(row[-1], one.id)) for one, row in zip(found, rows, strict=True)]
        return cut(window, placed, scope)

    async def counts(self, scopes: Sequence[UserScope]) -> Mapping[UserScope, int]:
        counts: dict[UserScope, int] = {}
        for scope in scopes:
            counts[scope] = (await self._database.fetch(_count(_shape(scope)), _values(scope)))[0][0]
        return counts

    async def credentials(self, user_id: UserId) -> Credentials | None:
        return await self._credentials(users.c.id, user_id)

    async def credentials_by_email(self, email: str) -> Credentials | None:
        return await self._credentials(func.lower(users.c.email), email)

    async def _credentials(self, by: ColumnElement[Any], key: object) -> Credentials | None:
        found, rows = await self.CREDENTIALS.ask(self._database, {"key": key}, None, by)
        return Credentials(found[0], rows[0][-1]) if found else None


def _addresses(columns: Columns, key: ColumnElement[Any]) -> SelectBase:
    return (
        select(*columns, key.label("key"))
        .where(key == any_(parameters("keys", Uuid())))
        .order_by(addresses.c.is_default.desc(), addresses.c.id)
    )


class SqlAddressReader:
    """Implements `domain.users.reading.AddressReader`."""

    FOUND = Query(ADDRESS, _addresses)

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_ids(self, ids: Sequence[AddressId], *, wanted: Wanted = None) -> Mapping[AddressId, SavedAddress]:
        return keyed(await self.FOUND.ask(self._database, {"keys": ids}, wanted, addresses.c.id))

    async def of_users(
        self, ids: Sequence[UserId], *, wanted: Wanted = None
    ) -> Mapping[UserId, Sequence[SavedAddress]]:
        return gathered(await self.FOUND.ask(self._database, {"keys": ids}, wanted, addresses.c.user_id))


def _sessions(columns: Columns, key: ColumnElement[Any]) -> SelectBase:
    at = parameter("at", DateTime(timezone=True))
    return (
        select(*columns, key.label("key"))
        .where(
            key == any_(parameters("keys", Uuid())),
            sessions.c.revoked_at.is_(None),
            sessions.c.expires_at > at,
            sessions.c.last_used_at > at - parameter("idle", Interval()),
        )
        .order_by(sessions.c.last_used_at.desc(), sessions.c.id)
    )


class SqlSessionReader:
    """Implements `domain.users.reading.SessionReader`."""

    FOUND = Query(SESSION, _sessions)

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def by_ids(self, ids: Sequence[SessionId], *, wanted: Wanted = None) -> Mapping[SessionId, Session]:
        return keyed(await self.FOUND.ask(self._database, self._values(ids), wanted, sessions.c.id))

    async def of_users(self, ids: Sequence[UserId], *, wanted: Wanted = None) -> Mapping[UserId, Sequence[Session]]:
        return gathered(await self.FOUND.ask(self._database, self._values(ids), wanted, sessions.c.user_id))

    def _values(self, keys: Sequence[UUID]) -> Mapping[str, Any]:
        return {"keys": keys, "at": self._clock(), "idle": IDLE}


class SqlRevocations:
    """Implements `domain.users.revocation.RevocationReader`."""

    SINCE = Statement(
        select(revocations.c.session_id)
        .where(revocations.c.revoked_at > parameter("since", DateTime(timezone=True)))
        .order_by(revocations.c.revoked_at)
    )

    def __init__(self, database: Database) -> None:
        self._database = database

    async def since(self, instant: datetime) -> Sequence[SessionId]:
        try:
            found = await self._database.fetch(self.SINCE, {"since": instant})
        except asyncpg.PostgresError as failure:  # not migrated yet, shut down, out of memory: it may pass
            raise Unavailable("The database does not say which sessions were revoked.") from failure
        return [SessionId(row[0]) for row in found]
