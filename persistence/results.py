"""What requests with an idempotency key were answered with, kept for a day."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
from sqlalchemy import ColumnElement, DateTime, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.shared.clock import Clock
from domain.shared.errors import IdempotencyInProgress, IdempotencyKeyReused
from domain.shared.work import AlreadyDone, Once
from persistence.database import Database, Transaction
from persistence.effects import idempotency_keys as keys
from persistence.statements import Statement, given, parameter

KEPT = timedelta(days=1)


def _place() -> Sequence[ColumnElement[bool]]:
    return [keys.c[name] == bound for name, bound in given(keys, "actor", "operation", "key_hash").items()]


def _claim() -> Statement:
    """The row, unless there is one that is younger than a day."""
    new = insert(keys).values(given(keys, "actor", "operation", "key_hash", "fingerprint", "created_at"))
    return Statement(
        new.on_conflict_do_update(
            index_elements=[keys.c.actor, keys.c.operation, keys.c.key_hash],
            set_={
                "fingerprint": new.excluded.fingerprint,
                "sealed_result": None,
                "created_at": new.excluded.created_at,
            },
            where=keys.c.created_at <= parameter("oldest", DateTime(timezone=True)),
        )
    )


FIND = Statement(select(keys.c.fingerprint, keys.c.sealed_result, keys.c.created_at).where(*_place()))
CLAIM = _claim()
KEEP = Statement(update(keys).where(*_place()).values(given(keys, "sealed_result")))


class SqlResults:
    """Implements `domain.shared.work.Results`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, once: Once) -> bytes | None:
        for fingerprint, result, created_at in await self._database.fetch(FIND, _values(once)):
            if created_at > self._clock() - KEPT:
                if not once.is_same(fingerprint):
                    raise IdempotencyKeyReused
                return result
        return None


async def claim(transaction: Transaction, once: Once, clock: Clock) -> None:
    """Take the key for this transaction; another one that has it is waited for.

    Raises:
        AlreadyDone: the other one was committed.
        IdempotencyKeyReused: it was about something else.
        IdempotencyInProgress: it takes longer than `lock_timeout`.
    """
    at = clock()
    values = {**_values(once), "fingerprint": once.fingerprint, "created_at": at, "oldest": at - KEPT}
    try:
        taken = await transaction.run(CLAIM, values)
    except asyncpg.LockNotAvailableError as busy:
        raise IdempotencyInProgress from busy
    if not taken:
        found = await transaction.fetch(FIND, _values(once))
        if not found:  # its day is over, and it was removed this moment
            raise IdempotencyInProgress
        if not once.is_same(found[0][0]):
            raise IdempotencyKeyReused
        raise AlreadyDone


async def keep(transaction: Transaction, once: Once, result: object) -> None:
    await transaction.write(KEEP, {**_values(once), "sealed_result": once.seal(result)})


def _values(once: Once) -> Mapping[str, Any]:
    return {"actor": once.actor, "operation": once.operation, "key_hash": once.key_hash}
