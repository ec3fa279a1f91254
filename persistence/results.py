"""What requests with an idempotency key were answered with, kept for a day."""

from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import sqlalchemy.exc
from sqlalchemy import ColumnElement, LargeBinary, String, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.shared.clock import Clock
from domain.shared.errors import IdempotencyInProgress, IdempotencyKeyReused
from domain.shared.work import AlreadyDone, Once
from persistence.database import Database, cause
from persistence.effects import idempotency_keys as keys
from persistence.statements import Statement, parameter

KEPT = timedelta(days=1)


class SqlResults:
    """Implements `domain.shared.work.Results`."""

    FIND = Statement(
        select(keys.c.fingerprint, keys.c.sealed_result, keys.c.created_at).where(
            keys.c.actor == parameter("actor", String()),
            keys.c.operation == parameter("operation", String()),
            keys.c.key_hash == parameter("key_hash", LargeBinary()),
        )
    )

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, once: Once) -> bytes | None:
        place = {"actor": once.actor, "operation": once.operation, "key_hash": once.key_hash}
        for fingerprint, result, created_at in await self._database.fetch(self.FIND, place):
            if created_at > self._clock() - KEPT:
                if not once.is_same(fingerprint):
                    raise IdempotencyKeyReused
                return result
        return None


async def claim(connection: AsyncConnection, once: Once, clock: Clock) -> None:
    """Take the key for this transaction; another one that has it is waited for.

    Raises:
        AlreadyDone: the other one was committed.
        IdempotencyKeyReused: it was about something else.
        IdempotencyInProgress: it takes longer than `lock_timeout`.
    """
    new = insert(keys).values(
        actor=once.actor,
        operation=once.operation,
        key_hash=once.key_hash,
        fingerprint=once.fingerprint,
        created_at=clock(),
    )
    renewed = new.on_conflict_do_update(
        index_elements=[keys.c.actor, keys.c.operation, keys.c.key_hash],
        set_={"fingerprint": new.excluded.fingerprint, "sealed_result": None, "created_at": new.excluded.created_at},
        where=keys.c.created_at <= clock() - KEPT,
    ).returning(keys.c.created_at)
    try:
        taken = (await connection.execute(renewed)).first()
    except sqlalchemy.exc.DBAPIError as failure:
        if isinstance(cause(failure), asyncpg.LockNotAvailableError):
            raise IdempotencyInProgress from failure
        raise
    if taken is None:
        found = await connection.execute(select(keys.c.fingerprint).where(*_place(once)))
        fingerprint = found.scalar_one_or_none()
        if fingerprint is None:  # its day is over, and it was removed this moment
            raise IdempotencyInProgress
        if not once.is_same(fingerprint):
            raise IdempotencyKeyReused
        raise AlreadyDone


async def keep(connection: AsyncConnection, once: Once, result: object) -> None:
    await connection.execute(update(keys).where(*_place(once)).values(sealed_result=once.seal(result)))


def _place(once: Once) -> Sequence[ColumnElement[bool]]:
    return (keys.c.actor == once.actor, keys.c.operation == once.operation, keys.c.key_hash == once.key_hash)
