"""Removes what nobody will ask for any more."""

from datetime import datetime, timedelta

from sqlalchemy import Delete, delete, or_

from domain.users.revocation import REMEMBERED
from domain.users.sessions import IDLE
from persistence.database import Database
from persistence.effects import idempotency_keys
from persistence.results import KEPT
from persistence.users.tables import one_time_tokens, revocations, sessions

DAY = timedelta(days=1)


async def tidy(database: Database, at: datetime) -> None:
    """One short transaction for each kind of thing. Raises: Unavailable."""
    for statement in _statements(at):
        async with database.begin() as connection:
            await connection.execute(statement)


def _statements(at: datetime) -> tuple[Delete, ...]:
    ended = or_(sessions.c.revoked_at < at - DAY, sessions.c.expires_at < at - DAY)
    return (
        delete(sessions).where(or_(ended, sessions.c.last_used_at < at - IDLE - DAY)),
        delete(revocations).where(revocations.c.revoked_at < at - REMEMBERED - DAY),
        delete(one_time_tokens).where(one_time_tokens.c.expires_at < at - DAY),
        delete(idempotency_keys).where(idempotency_keys.c.created_at < at - KEPT),
    )
