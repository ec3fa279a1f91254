"""The people who run the shop, for the commands that make and mend their accounts."""

from dataclasses import dataclass
from enum import Enum

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from domain.shared.clock import now
from domain.shared.ids import uuid7
from domain.users.one_time import ENDED_BY_PASSWORD
from domain.users.user import UserId, UserRole
from persistence.database import Database
from persistence.statements import Statement, given
from persistence.users.repositories import SqlOneTimeTokens, SqlSessions
from persistence.users.tables import users


@dataclass(frozen=True, slots=True)
class Administrator:
    email: str
    password_hash: str


class Outcome(Enum):
    CREATED = "created"
    CHANGED = "changed"


def _put() -> Statement:
    new = insert(users).values(
        **given(users, "id", "email", "password_hash"),
        first_name="Shop",
        last_name="Admin",
        role=UserRole.ADMIN.value,
        email_verified=True,
    )
    put = new.on_conflict_do_update(
        index_elements=[func.lower(users.c.email)],
        set_={"password_hash": new.excluded.password_hash, "role": new.excluded.role},
    )
    return Statement(put.returning(users.c.id, text("xmax = 0")))  # a row that was updated carries its transaction


class SqlAdministrators:
    OLDEST = Statement(
        select(users.c.email, users.c.password_hash)
        .where(users.c.role == UserRole.ADMIN.value)
        .order_by(users.c.created_at, users.c.id)
        .limit(1)
    )

    PUT = _put()

    def __init__(self, database: Database) -> None:
        self._database = database

    async def oldest(self) -> Administrator | None:
        rows = await self._database.fetch(self.OLDEST, {})
        return Administrator(*rows[0]) if rows else None

    async def put(self, email: str, password_hash: str) -> Outcome:
        """Make `email` an administrator with this password, whether or not there was such a user.

        Whoever was signed in there is not any more: a new password is set because the former may be known.
        """
        values = {"id": uuid7(), "email": email, "password_hash": password_hash}
        async with self._database.transaction() as transaction:
            [[identity, inserted]] = await transaction.fetch(self.PUT, values)
            await SqlOneTimeTokens(transaction).forget(UserId(identity), ENDED_BY_PASSWORD)
            await SqlSessions(transaction).revoke(UserId(identity), now())
            await transaction.commit()
        return Outcome.CREATED if inserted else Outcome.CHANGED
