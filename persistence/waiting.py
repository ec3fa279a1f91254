"""The outbox as people look at it: what waits, what was put aside, and taking that up again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, Integer, String, Uuid, any_, func, not_, or_, select, update

from persistence.database import Database
from persistence.effects import outbox
from persistence.statements import Statement, parameter, parameters


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that is not with its consumer yet; `consumer` is empty before it was given to each of its consumers."""

    id: UUID
    consumer: str
    topic: str
    key: UUID
    attempts: int
    error: str | None
    age: timedelta
    parked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events to look at: those of one topic, or of all; those that were put aside, or all."""

    topic: str | None = None
    parked: bool = False


def _wanted() -> Sequence[ColumnElement[bool]]:
    topic = parameter("topic", String())
    return [
        or_(topic.is_(None), outbox.c.topic == topic),
        or_(not_(parameter("parked", Boolean())), outbox.c.parked_at.is_not(None)),
    ]


class SqlWaiting:
    LIST = Statement(
        select(
            *(outbox.c.id, outbox.c.consumer, outbox.c.topic, outbox.c.key, outbox.c.attempts, outbox.c.error),
            (func.now() - outbox.c.occurred_at).label("age"),
            outbox.c.parked_at,
        )
        .where(*_wanted())
        .order_by(outbox.c.occurred_at, outbox.c.id, outbox.c.consumer)
        .limit(parameter("most", Integer()))
    )
    COUNT = Statement(select(func.count()).select_from(outbox).where(*_wanted()))
    PARKED = Statement(
        select(outbox.c.id)
        .where(outbox.c.parked_at.is_not(None), outbox.c.id == any_(parameters("ids", Uuid())))
        .with_for_update()
    )
    REPLAY = Statement(
        update(outbox)
        .where(outbox.c.parked_at.is_not(None))
        .where(or_(parameter("all", Boolean()), outbox.c.id == any_(parameters("ids", Uuid()))))
        .values(parked_at=None, attempts=0, error=None, due_at=func.now())
    )

    def __init__(self, database: Database) -> None:
        self._database = database

    async def first(self, wanted: Wanted, most: int) -> Sequence[Waiting]:
        """The oldest, up to `most`. Raises: Unavailable."""
        values = {"topic": wanted.topic, "parked": wanted.parked, "most": most}
        return [Waiting(*row) for row in await self._database.fetch(self.LIST, values)]

    async def count(self, wanted: Wanted) -> int:
        """Raises: Unavailable."""
        values = {"topic": wanted.topic, "parked": wanted.parked}
        ((found,),) = await self._database.fetch(self.COUNT, values)
        return found

    async def replay(self, ids: Sequence[UUID]) -> int:
        """Have these tried again, with as many attempts as if they were new. How many there were.

        Raises:
            NotParked: some of them were not put aside; nothing was changed.
            Unavailable: the database does not answer.
        """
        async with self._database.transaction() as transaction:
            found = {row[0] for row in await transaction.fetch(self.PARKED, {"ids": ids})}
            if missing := [one for one in ids if one not in found]:
                raise NotParked(missing)
            done = await transaction.run(self.REPLAY, {"ids": ids, "all": False})
            await transaction.commit()
        return done

    async def replay_all(self) -> int:
        """Raises: Unavailable."""
        async with self._database.transaction() as transaction:
            done = await transaction.run(self.REPLAY, {"ids": [], "all": True})
            await transaction.commit()
        return done


class NotParked(Exception):
    def __init__(self, ids: Sequence[UUID]) -> None:
        super().__init__(", ".join(str(one) for one in ids))
        self.ids = ids
