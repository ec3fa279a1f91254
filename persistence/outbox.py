"""Events on their way from the transaction that they happened in to those who act on them.

An event is written once, for everybody; whoever carries it knows who its consumers are, and may give each of them a
copy. Whoever takes events has them for a while, the lease; when that is over and they are not done, somebody else may
take them. To each consumer, events of one key are given out one after the other, in the order in which they were
written. Every time here is the database's own: it does not matter how far the clocks of the processes are apart.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    DateTime,
    Integer,
    Interval,
    String,
    Uuid,
    column,
    delete,
    exists,
    func,
    literal,
    not_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from domain.shared.consuming import EVERYBODY, Delivery
from domain.shared.events import Event
from persistence.database import Database, Transaction
from persistence.effects import outbox
from persistence.statements import Statement, given, parameter, parameters

SHORTEST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Taken:
    """An event that this process is to act on until `until`, for the `attempts`-th time."""

    delivery: Delivery
    attempts: int
    until: datetime

    @property
    def event(self) -> Event:
        return self.delivery.event


def _write() -> Statement:
    """Dated by the moment of writing, one after the other.

    Of two transactions about one thing, the second waits for the first one's lock; ids of different processes, or of
    one millisecond, come in no order.
    """
    columns = {"id": Uuid(), "topic": String(), "key": Uuid(), "facts": JSONB()}
    asked = (
        func.unnest(*(parameters(name, type_) for name, type_ in columns.items()))
        .table_valued(*(column(name, type_) for name, type_ in columns.items()), name="asked")
        .render_derived()
    )
    rows = select(*(asked.c[name] for name in columns), func.clock_timestamp())
    return Statement(insert(outbox).from_select([*columns, "occurred_at"], rows, include_defaults=False))


WRITE = _write()


async def write(transaction: Transaction, events: Sequence[Event]) -> None:
    """As part of that transaction."""
    values = {
        "id": [one.id for one in events],
        "topic": [one.topic for one in events],
        "key": [one.key for one in events],
        "facts": [json.dumps(dict(one.facts)) for one in events],
    }
    await transaction.write(WRITE, values)


def _take() -> Statement:
    earlier = outbox.alias("earlier")
    first_of_its_key = not_(
        exists().where(
            earlier.c.key == outbox.c.key,
            earlier.c.consumer.in_([EVERYBODY, outbox.c.consumer]),
            tuple_(earlier.c.occurred_at, earlier.c.id) < tuple_(outbox.c.occurred_at, outbox.c.id),
            earlier.c.parked_at.is_(None),
        )
    )
    due = (
        select(outbox.c.id, outbox.c.consumer)
        .where(outbox.c.parked_at.is_(None), outbox.c.due_at <= func.now(), first_of_its_key)
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(parameter("most", Integer()))
        .with_for_update(skip_locked=True)
        .cte("due")  # runs once; inside IN (…) it might run, and lock, once for each row
    )
    return Statement(
        update(outbox)
        .where(outbox.c.id == due.c.id, outbox.c.consumer == due.c.consumer)
        .values(attempts=outbox.c.attempts + 1, due_at=func.now() + parameter("lease", Interval()))
        .returning(
            *(outbox.c.id, outbox.c.topic, outbox.c.key, outbox.c.facts),
            *(outbox.c.consumer, outbox.c.occurred_at, outbox.c.attempts, outbox.c.due_at),
        )
    )


# as long as the event is ours: the end of a lease belongs to one taking alone
HELD = (
    outbox.c.id == parameter("event", Uuid()),
    outbox.c.consumer == parameter("consumer", String()),
    outbox.c.due_at == parameter("until", DateTime(timezone=True)),
)
ERROR = parameter("error", String())


def _wait() -> Statement:
    age = func.now() - outbox.c.occurred_at
    pause = func.least(func.greatest(age, literal(SHORTEST_WAIT)), literal(LONGEST_WAIT))
    values = {"due_at": func.now() + pause, "attempts": outbox.c.attempts - 1, "error": ERROR}
    return Statement(update(outbox).where(*HELD).values(values))


def _split() -> Statement:
    gone = delete(outbox).where(*HELD).returning(outbox).cte("gone")
    kept = ("id", "topic", "key", "facts", "occurred_at")
    copies = select(*(gone.c[name] for name in kept), func.unnest(parameters("consumers", String())))
    return Statement(insert(outbox).from_select([*kept, "consumer"], copies).on_conflict_do_nothing())


def _bury() -> Statement:
    new = insert(outbox).values(
        **given(outbox, "id", "consumer", "topic", "key", "facts", "occurred_at", "attempts", "error"),
        parked_at=func.now(),
    )
    taken_from_all = {name: new.excluded[name] for name in ("attempts", "error", "parked_at", "due_at")}
    return Statement(new.on_conflict_do_update(index_elements=["id", "consumer"], set_=taken_from_all))


class SqlOutbox:
    """Implements `domain.shared.consuming.Parking`, too."""

    TAKE = _take()
    DONE = Statement(delete(outbox).where(*HELD))
    AGAIN = Statement(
        update(outbox).where(*HELD).values(due_at=func.now() + parameter("pause", Interval()), error=ERROR)
    )
    WAIT = _wait()
    SPLIT = _split()
    BURY = _bury()
    PARK = Statement(update(outbox).where(*HELD).values(parked_at=func.now(), error=ERROR))

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, most: int, lease: timedelta) -> Sequence[Taken]:
        """Up to `most` events that are due. Raises: Unavailable."""
        found = await self._database.run(self.TAKE, {"most": most, "lease": lease})
        return [
            Taken(Delivery(Event(topic, key, json.loads(facts), identity), consumer, occurred_at), attempts, until)
            for identity, topic, key, facts, consumer, occurred_at, attempts, until in found
        ]

    async def split(self, taken: Taken, consumers: Sequence[str]) -> None:
        """Give each of them a copy of what was for everybody; of nobody, nothing is left."""
        await self._settle(self.SPLIT, taken, consumers=list(consumers))

    async def done(self, taken: Taken) -> None:
        """It needs no more care. This and the others do nothing when somebody else has taken the event meanwhile."""
        await self._settle(self.DONE, taken)

    async def again(self, taken: Taken, after: timedelta, error: str) -> None:
        """It failed, and is to be tried once more."""
        await self._settle(self.AGAIN, taken, pause=after, error=error)

    async def wait(self, taken: Taken, error: str) -> None:
        """Something is away: this try does not count. The next one comes after as long again as the event is old."""
        await self._settle(self.WAIT, taken, error=error)

    async def give_up(self, taken: Taken, error: str) -> None:
        """Put it aside: it is tried no more, and stands in nobody's way."""
        await self._settle(self.PARK, taken, error=error)

    async def park(self, delivery: Delivery, attempts: int, error: str) -> None:
        """Put aside what had left the outbox already."""
        event = delivery.event
        values = {"id": event.id, "topic": event.topic, "key": event.key, "facts": json.dumps(dict(event.facts))}
        where = {"consumer": delivery.consumer, "occurred_at": delivery.occurred_at}
        await self._database.run(self.BURY, {**values, **where, "attempts": attempts, "error": error})

    async def _settle(self, statement: Statement, taken: Taken, **values: object) -> None:
        held = {"event": taken.event.id, "consumer": taken.delivery.consumer, "until": taken.until}
        await self._database.run(statement, {**held, **values})
