"""Events on their way from the transaction that they happened in to those who act on them.

An event is written once, for everybody; whoever carries it knows who its consumers are, and gives those a copy who
fail, are slow, or are not done with an earlier one. Whoever takes events has them for a while, the lease; when that is
over and they are not done, somebody else may take them. To each consumer, events of one key are given out one after the
other, in the order in which they were written. Every time here is the database's own: it does not matter how far the
clocks of the processes are apart.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    DateTime,
    Integer,
    Interval,
    String,
    Uuid,
    any_,
    case,
    column,
    delete,
    exists,
    func,
    literal,
    not_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from domain.shared.consuming import EVERYBODY, Delivery
from domain.shared.events import Event
from domain.shared.following import Together
from persistence.database import Database, Transaction
from persistence.effects import inbox, outbox
from persistence.statements import Statement, few, given, parameter, parameters

SHORTEST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=5)
DONE_AT_ONCE = 100
"""Events that are removed by one statement."""


class Fate(Enum):
    """What becomes of an event for a consumer who is not done with it."""

    HELD = "held"
    """It is still being handled, by who took it."""
    DUE = "due"
    """It was not handed over yet, as an earlier one of its key is not done."""
    AGAIN = "again"
    """It failed, and is to be tried once more after a pause."""
    WAIT = "wait"
    """Something is away. The next try comes after as long again as the event is old."""
    PARKED = "parked"
    """It is tried no more, and stands in nobody's way."""


@dataclass(frozen=True, slots=True)
class Left:
    """A consumer who is not done with an event."""

    consumer: str
    fate: Fate
    attempts: int
    error: str | None = None
    pause: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Taken:
    """An event that this process is to act on until `until`, for the `attempts`-th time.

    `behind` are consumers who are not done with an earlier event of its key; `noted` those who have done this one.
    """

    delivery: Delivery
    attempts: int
    until: datetime
    behind: frozenset[str] = frozenset()
    noted: frozenset[str] = frozenset()

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
    waiting = outbox.alias("waiting")
    place, its_place = (tuple_(table.c.occurred_at, table.c.id) for table in (waiting, outbox))
    behind = (
        select(func.array_agg(waiting.c.consumer.distinct(), type_=ARRAY(String())))
        .where(outbox.c.consumer == EVERYBODY, waiting.c.key == outbox.c.key, place < its_place)
        .where(waiting.c.parked_at.is_(None))
        .scalar_subquery()
    )
    notes = (inbox.c.consumer == any_(parameters("consumers", String())), inbox.c.message_id == outbox.c.id)
    noted = select(func.array_agg(inbox.c.consumer, type_=ARRAY(String()))).where(*notes).scalar_subquery()
    next_ones = (
        select(outbox.c.id, outbox.c.consumer)
        .where(outbox.c.parked_at.is_(None), outbox.c.due_at <= func.now(), first_of_its_key)
        .order_by(outbox.c.due_at, outbox.c.id)
        .with_for_update(skip_locked=True)
    )
    due = few(next_ones).cte("due")  # runs once; inside IN (…) it might run, and lock, once for each row
    return Statement(
        update(outbox)
        .where(outbox.c.id == due.c.id, outbox.c.consumer == due.c.consumer)
        .values(attempts=outbox.c.attempts + 1, due_at=func.now() + parameter("lease", Interval()))
        .returning(
            *(outbox.c.id, outbox.c.topic, outbox.c.key, outbox.c.facts),
            *(outbox.c.consumer, outbox.c.occurred_at, outbox.c.attempts, outbox.c.due_at, behind, noted),
        )
    )


def _note(gone: CTE) -> CTE:
    """What is gone was done by these."""
    noted = (
        func.unnest(parameters("noted", Uuid()), parameters("noted_by", String()))
        .table_valued(column("id", Uuid()), column("consumer", String()), name="noted")
        .render_derived()
    )
    rows = select(noted.c.consumer, noted.c.id).join(gone, gone.c.id == noted.c.id)
    return insert(inbox).from_select(["consumer", "message_id"], rows).on_conflict_do_nothing().cte("note")


def _done() -> Statement:
    """Which of those that are gone stood before others of their keys."""
    asked = (
        func.unnest(
            parameters("ids", Uuid()), parameters("consumers", String()), parameters("until", DateTime(timezone=True))
        )
        .table_valued(column("id", Uuid()), column("consumer", String()), column("until"), name="asked")
        .render_derived()
    )
    gone = (
        delete(outbox)
        # as long as the event is ours: the end of a lease belongs to one taking alone
        .where(outbox.c.id == asked.c.id, outbox.c.consumer == asked.c.consumer, outbox.c.due_at == asked.c.until)
        .returning(outbox.c.id, outbox.c.consumer, outbox.c.due_at, outbox.c.key)
        .cte("gone")
    )
    after = outbox.alias("after")
    is_before = exists().where(after.c.key == gone.c.key, after.c.id != gone.c.id, after.c.parked_at.is_(None))
    return Statement(select(gone.c.id, gone.c.consumer, gone.c.due_at).where(is_before).add_cte(_note(gone)))


def _leave() -> Statement:
    """Each consumer who is not done with it gets a copy; nothing is left of what was for all."""
    until = parameter("until", DateTime(timezone=True))
    gone = (
        delete(outbox)
        .where(
            outbox.c.id == parameter("event", Uuid()),
            outbox.c.consumer == parameter("consumer", String()),
            outbox.c.due_at == until,
        )
        .returning(outbox)
        .cte("gone")
    )
    columns = {
        "consumer": String(),
        "fate": String(),
        "attempts": Integer(),
        "error": String(),
        "pause": Interval(),
    }
    left = (
        func.unnest(*(parameters(f"each_{name}", type_) for name, type_ in columns.items()))
        .table_valued(*(column(name, type_) for name, type_ in columns.items()), name="left_over")
        .render_derived()
    )
    age = func.now() - gone.c.occurred_at
    fate = left.c.fate
    pause = case(
        (fate == Fate.WAIT.value, func.least(func.greatest(age, literal(SHORTEST_WAIT)), literal(LONGEST_WAIT))),
        else_=left.c.pause,
    )
    kept = ("id", "topic", "key", "facts", "occurred_at")
    copies = select(
        *(gone.c[name] for name in kept),
        *(left.c.consumer, left.c.attempts, left.c.error),
        case((fate == Fate.HELD.value, until), else_=func.now() + pause),
        case((fate == Fate.PARKED.value, func.now())),
    ).select_from(gone.join(left, true()))
    columns_of_copies = [*kept, "consumer", "attempts", "error", "due_at", "parked_at"]
    new = insert(outbox).from_select(columns_of_copies, copies).on_conflict_do_nothing()
    return Statement(new.add_cte(_note(gone)))


def _bury() -> Statement:
    new = insert(outbox).values(
        **given(outbox, "id", "consumer", "topic", "key", "facts", "occurred_at", "attempts", "error"),
        parked_at=func.now(),
    )
    taken_from_all = {name: new.excluded[name] for name in ("attempts", "error", "parked_at", "due_at")}
    return Statement(new.on_conflict_do_update(index_elements=["id", "consumer"], set_=taken_from_all))


Held = tuple[UUID, str, datetime, tuple[str, ...]]
"""An event for a consumer, the end of the lease that it was taken for, and by whom it is to be noted."""


class SqlOutbox:
    """Implements `domain.shared.consuming.Parking`, too."""

    TAKE = _take()
    DONE = _done()
    LEAVE = _leave()
    BURY = _bury()

    def __init__(self, database: Database) -> None:
        self._database = database
        self._done = Together(self._delete, DONE_AT_ONCE)

    async def take(self, most: int, lease: timedelta, consumers: Sequence[str] = ()) -> Sequence[Taken]:
        """Up to `most` events that are due, with what is noted of these consumers. Raises: Unavailable."""
        found = await self._database.run(self.TAKE, {"most": most, "lease": lease, "consumers": consumers})
        return [_taken(*row) for row in found]

    async def done(self, taken: Taken, noted: Sequence[str] = ()) -> bool:
        """It needs no more care, and is `noted` for these consumers. Whether others of its key wait behind it.

        This and `leave` do nothing when somebody else has taken the event meanwhile.
        """
        return bool(await self._done.ask((taken.event.id, taken.delivery.consumer, taken.until, (*noted,))))

    async def leave(self, taken: Taken, *left: Left, noted: Sequence[str] = ()) -> None:
        """These consumers are not done with it; all others are, of whom some are to be `noted`."""
        values = {
            "each_consumer": [one.consumer for one in left],
            "each_fate": [one.fate.value for one in left],
            "each_attempts": [one.attempts for one in left],
            "each_error": [one.error for one in left],
            "each_pause": [one.pause for one in left],
            "noted": [taken.event.id] * len(noted),
            "noted_by": noted,
        }
        held = {"event": taken.event.id, "consumer": taken.delivery.consumer, "until": taken.until}
        await self._database.run(self.LEAVE, {**held, **values})

    async def park(self, delivery: Delivery, attempts: int, error: str) -> None:
        """Put aside what had left the outbox already."""
        event = delivery.event
        values = {"id": event.id, "topic": event.topic, "key": event.key, "facts": json.dumps(dict(event.facts))}
        where = {"consumer": delivery.consumer, "occurred_at": delivery.occurred_at}
        await self._database.run(self.BURY, {**values, **where, "attempts": attempts, "error": error})

    async def _delete(self, held: Collection[Held]) -> Mapping[Held, bool]:
        values = {
            "ids": [identity for identity, *_ in held],
            "consumers": [consumer for _, consumer, *_ in held],
            "until": [until for *_, until, _ in held],
            "noted": [identity for identity, *_, noted in held for _ in noted],
            "noted_by": [consumer for *_, noted in held for consumer in noted],
        }
        before = {(row[0], row[1], row[2]) for row in await self._database.run(self.DONE, values)}
        return {one: one[:3] in before for one in held}


def _taken(identity: UUID, topic: str, key: UUID, facts: str, *rest: Any) -> Taken:
    consumer, occurred_at, attempts, until, behind, noted = rest
    delivery = Delivery(Event(topic, key, json.loads(facts), identity), consumer, occurred_at)
    return Taken(delivery, attempts, until, frozenset(behind or ()), frozenset(noted or ()))
