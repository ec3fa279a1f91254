"""Events on their way from the transaction that they happened in to those who act on them.

Whoever takes events has them for a while, the lease; when that is over and they are not done, somebody else may take
them. Events of one key are given out one after the other, in the order in which they were written. Every time here is
the database's own, so that it does not matter how far the clocks of the processes are apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Update, delete, exists, func, insert, not_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.shared.events import Event
from persistence.database import Database
from persistence.effects import outbox

SHORTEST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Taken:
    """An event that this process is to act on until `until`, for the `attempts`-th time."""

    event: Event
    attempts: int
    until: datetime


async def write(connection: AsyncConnection, events: Sequence[Event]) -> None:
    """As part of the transaction that `connection` is in.

    Dated by the moment of writing: of two transactions about one thing, the second waits for the first one's lock, and
    ids of different processes, or of one millisecond, come in no order.
    """
    rows = [{"id": event.id, "topic": event.topic, "key": event.key, "facts": dict(event.facts)} for event in events]
    await connection.execute(insert(outbox).values(occurred_at=func.clock_timestamp()), rows)


class SqlOutbox:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, most: int, lease: timedelta) -> Sequence[Taken]:
        """Up to `most` events that are due. Raises: Unavailable."""
        earlier = outbox.alias("earlier")
        first_of_its_key = not_(
            exists().where(
                earlier.c.key == outbox.c.key,
                tuple_(earlier.c.occurred_at, earlier.c.id) < tuple_(outbox.c.occurred_at, outbox.c.id),
                earlier.c.parked_at.is_(None),
            )
        )
        due = (
            select(outbox.c.id)
            .where(outbox.c.parked_at.is_(None), outbox.c.due_at <= func.now(), first_of_its_key)
            .order_by(outbox.c.due_at, outbox.c.id)
            .limit(most)
            .with_for_update(skip_locked=True)
            .cte("due")  # runs once; inside IN (…) it might run, and lock, once for each row
        )
        taken = (
            update(outbox)
            .where(outbox.c.id == due.c.id)
            .values(attempts=outbox.c.attempts + 1, due_at=func.now() + lease)
            .returning(outbox.c.id, outbox.c.topic, outbox.c.key, outbox.c.facts, outbox.c.attempts, outbox.c.due_at)
        )
        async with self._database.begin() as connection:
            found = (await connection.execute(taken)).all()
        return [
            Taken(Event(topic, key, facts, identity), attempts, until)
            for identity, topic, key, facts, attempts, until in found
        ]

    async def done(self, taken: Taken) -> None:
        """It needs no more care. This and the others do nothing when somebody else has taken the event meanwhile."""
        async with self._database.begin() as connection:
            await connection.execute(
                delete(outbox).where(outbox.c.id == taken.event.id, outbox.c.due_at == taken.until)
            )

    async def again(self, taken: Taken, after: timedelta, error: str) -> None:
        """It failed, and is to be tried once more."""
        await self._settle(_held(taken).values(due_at=func.now() + after, error=error))

    async def wait(self, taken: Taken, error: str) -> None:
        """Something is away: this try does not count. The next one comes after as long again as the event is old."""
        age = func.now() - outbox.c.occurred_at
        pause = func.least(func.greatest(age, SHORTEST_WAIT), LONGEST_WAIT)
        await self._settle(_held(taken).values(due_at=func.now() + pause, attempts=outbox.c.attempts - 1, error=error))

    async def park(self, taken: Taken, error: str) -> None:
        """Put it aside: it is tried no more, and stands in nobody's way."""
        await self._settle(_held(taken).values(parked_at=func.now(), error=error))

    async def _settle(self, change: Update) -> None:
        async with self._database.begin() as connection:
            await connection.execute(change)


def _held(taken: Taken) -> Update:
    """Changes the event as long as it is ours: the end of a lease belongs to one taking alone."""
    return update(outbox).where(outbox.c.id == taken.event.id, outbox.c.due_at == taken.until)
