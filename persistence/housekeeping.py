"""Removes what nobody will ask for any more."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Delete, Table, and_, delete, literal_column, or_, select, tuple_

from domain.users.revocation import REMEMBERED
from domain.users.sessions import IDLE
from persistence.database import Database
from persistence.effects import idempotency_keys, inbox, outbox
from persistence.results import KEPT
from persistence.sandbox.tables import deliveries as sandbox_deliveries
from persistence.sandbox.tables import keys as sandbox_keys
from persistence.statements import Statement
from persistence.users.tables import one_time_tokens, revocations, sessions

DAY = timedelta(days=1)
PARKED = 30 * DAY
"""How long events that were given up can be looked at: addresses may stand in them, of people who left meanwhile."""
REMEMBERED_HANDLED = PARKED + 10 * DAY
"""Longer than anything can be parked, which may be taken up again."""
PLAYED = 30 * DAY
"""How long the sandbox remembers keys, and webhooks that it has sent. Stripe remembers keys for a day at least."""
AT_ONCE = 1_000
"""Rows: few enough for the time that a statement may take, their refresh tokens included."""


async def tidy(database: Database, at: datetime) -> None:
    """In short transactions, beside others who do the same. Raises: Unavailable."""
    for table, which in _outdated(at):
        statement = Statement(_delete_some(table, which))
        gone = AT_ONCE
        while gone == AT_ONCE:
            async with database.transaction() as transaction:
                gone = await transaction.run(statement, {})
                await transaction.commit()


def _outdated(at: datetime) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    ended = or_(sessions.c.revoked_at < at - DAY, sessions.c.expires_at < at - DAY)
    yield sessions, or_(ended, sessions.c.last_used_at < at - IDLE - DAY)
    yield revocations, revocations.c.revoked_at < at - REMEMBERED - DAY
    yield one_time_tokens, one_time_tokens.c.expires_at < at - DAY
    yield idempotency_keys, idempotency_keys.c.created_at < at - KEPT
    yield outbox, outbox.c.parked_at < at - PARKED
    yield inbox, inbox.c.handled_at < at - REMEMBERED_HANDLED
    yield sandbox_keys, sandbox_keys.c.created_at < at - PLAYED
    yield sandbox_deliveries, and_(sandbox_deliveries.c.due_at.is_(None), sandbox_deliveries.c.created_at < at - PLAYED)


def _delete_some(table: Table, which: ColumnElement[bool]) -> Delete:
    """What somebody else has locked is left for the next time: waiting for it could take too long for all the rest."""
    key = table.primary_key.columns
    some = select(*key).where(which).limit(literal_column(str(AT_ONCE))).with_for_update(skip_locked=True).cte("some")
    return delete(table).where(tuple_(*key).in_(select(*some.c)))
