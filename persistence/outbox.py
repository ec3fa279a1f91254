"""Events on their way from the transaction that they happened in to those who act on them.

Whoever takes events has them for a while; when that is over and they are not done, somebody else may take them. Events
of one key are given out one after the other, in the order in which they were written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, insert, not_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.shared.events import Event
from persistence.database import Database
from persistence.effects import outbox

LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """An event that this process is to act on, for the `attempts`-th time."""

    event: Event
    attempts: int


async def write(connection: AsyncConnection, events: Sequence[Event]) -> None:
    """As part of the transaction that `connection` is in."""
    rows = [{"id": event.id, "topic": event.topic, "key": event.key, "facts": dict(event.facts)} for event in events]
    await connection.execute(insert(outbox), rows)


class SqlOutbox:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, most: int, at: datetime, for_: timedelta) -> Sequence[Taken]:
        """Up to `most` events that are due. Raises: Unavailable."""
        earlier = outbox.alias("earlier")
        due = (
            select(outbox.c.id)
            .where(
                outbox.c.parked_at.is_(None),
                outbox.c.due_at <= at,
                not_(
                    exists().where(
                        earlier.c.key == outbox.c.key, earlier.c.id < outbox.c.id, earlier.c.parked_at.is_(None)
                    )
                ),
            )
            .order_by(outbox.c.due_at, outbox.c.id)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        taken = (
            update(outbox)
            .where(outbox.c.id.in_(due))
            .values(attempts=outbox.c.attempts + 1, due_at=at + for_)
            .returning(outbox.c.id, outbox.c.topic, outbox.c.key, outbox.c.facts, outbox.c.attempts)
        )
        async with self._database.begin() as connection:
            found = (await connection.execute(taken)).all()
        events = [
            Taken(Event(topic, key, facts, identity), attempts) for identity, topic, key, facts, attempts in found
        ]
        return sorted(events, key=lambda one: one.event.id)

    async def done(self, event: Event) -> None:
        async with self._database.begin() as connection:
            await connection.execute(delete(outbox).where(outbox.c.id == event.id))

    async def postpone(self, event: Event, until: datetime, error: str) -> None:
        async with self._database.begin() as connection:
            await connection.execute(
                update(outbox).where(outbox.c.id == event.id).values(due_at=until, error=error[:LONGEST_ERROR])
            )

    async def park(self, event: Event, at: datetime, error: str) -> None:
        """Put it aside: it is tried no more, and stands in nobody's way."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(outbox).where(outbox.c.id == event.id).values(parked_at=at, error=error[:LONGEST_ERROR])
            )
