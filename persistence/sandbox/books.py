"""The books of the sandbox in PostgreSQL."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import TypeVar

import asyncpg
from sqlalchemy import DateTime, Integer, Interval, Table, Uuid, select, union, update
from sqlalchemy.dialects.postgresql import insert

from domain.payments.sandbox import (
    KeptAnswer,
    KeyUsed,
    SandboxCustomer,
    SandboxDelivery,
    SandboxIntent,
    SandboxMethod,
    SandboxRecord,
    SandboxRefund,
    SandboxSetup,
)
from domain.shared.errors import InTheWay
from persistence.database import Database, Transaction
from persistence.sandbox.tables import customers, deliveries, intents, keys, methods, refunds, setups
from persistence.statements import Statement, few, given, inserting, parameter

AT_ONCE = 5
"""Transactions: half of a usual pool. The shop needs the others, and is to wait for the sandbox, not for them."""
BUSY = "Somebody else changes the same payment at this moment."
TABLES: Mapping[type[SandboxRecord], Table] = {
    SandboxCustomer: customers,
    SandboxMethod: methods,
    SandboxIntent: intents,
    SandboxRefund: refunds,
    SandboxSetup: setups,
    SandboxDelivery: deliveries,
}
AT = parameter("at", DateTime(timezone=True))
Record = TypeVar("Record", SandboxCustomer, SandboxMethod, SandboxIntent, SandboxRefund, SandboxSetup)


def _writing(table: Table) -> Statement:
    names = table.columns.keys()
    new = insert(table).values(given(table, *names))
    changed = {name: new.excluded[name] for name in names if name != "id"}
    return Statement(new.on_conflict_do_update(index_elements=[table.c.id], set_=changed))


def _of_id(table: Table, *, locked: bool) -> Statement:
    found = select(*table.c).where(table.c.id == parameter("id", table.c.id.type))
    return Statement(found.with_for_update() if locked else found)


def _taking() -> Statement:
    next_ones = (
        select(deliveries.c.id, deliveries.c.due_at.label("was_due_at"))
        .where(deliveries.c.due_at <= AT)
        .order_by(deliveries.c.due_at, deliveries.c.id)
        .with_for_update(skip_locked=True)
    )
    due = few(next_ones).cte("due")
    return Statement(
        update(deliveries)
        .where(deliveries.c.id == due.c.id)
        .values(attempts=deliveries.c.attempts + 1, due_at=AT + parameter("lease", Interval()))
        .returning(due.c.was_due_at, *deliveries.c)
    )


def _unsettled() -> Statement:
    payments = select(intents.c.id).where(intents.c.settles_at <= AT)
    either = union(payments, select(refunds.c.intent_id).where(refunds.c.settles_at <= AT))
    return Statement(either.limit(parameter("most", Integer())))


class SqlSandboxBook:
    """Implements `domain.payments.sandbox.SandboxBook`."""

    WRITE: Mapping[type[SandboxRecord], Statement] = {kind: _writing(table) for kind, table in TABLES.items()}
    GET: Mapping[type[SandboxRecord], Statement] = {
        kind: _of_id(table, locked=kind in {SandboxIntent, SandboxSetup}) for kind, table in TABLES.items()
    }
    KEPT = Statement(select(keys.c.fingerprint, keys.c.answer).where(keys.c.key == parameter("key", keys.c.key.type)))
    KEEP = inserting(keys, "key", "fingerprint", "answer", "created_at")
    REFUNDS = Statement(
        select(*refunds.c)
        .where(refunds.c.intent_id == parameter("intent_id", refunds.c.intent_id.type))
        .order_by(refunds.c.created_at, refunds.c.id)
    )

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def kept(self, key: str) -> KeptAnswer | None:
        rows = await self._transaction.fetch(self.KEPT, {"key": key})
        return KeptAnswer(*rows[0]) if rows else None

    async def keep(self, key: str, answer: KeptAnswer, at: datetime) -> None:
        await self._transaction.write(self.KEEP, {"key": key, "created_at": at, **asdict(answer)})

    async def intent(self, identity: str) -> SandboxIntent | None:
        return await self._found(SandboxIntent, identity)

    async def refunds(self, intent_id: str) -> Sequence[SandboxRefund]:
        rows = await self._transaction.fetch(self.REFUNDS, {"intent_id": intent_id})
        return [SandboxRefund(*row) for row in rows]

    async def customer(self, identity: str) -> SandboxCustomer | None:
        return await self._found(SandboxCustomer, identity)

    async def method(self, identity: str) -> SandboxMethod | None:
        return await self._found(SandboxMethod, identity)

    async def setup(self, identity: str) -> SandboxSetup | None:
        return await self._found(SandboxSetup, identity)

    async def write(self, *records: SandboxRecord) -> None:
        for record in records:
            values = {one.name: getattr(record, one.name) for one in fields(record)}
            await self._transaction.write(self.WRITE[type(record)], values)

    async def commit(self) -> None:
        try:
            await self._transaction.commit()
        except asyncpg.UniqueViolationError as violation:
            if violation.constraint_name != keys.primary_key.name:
                raise
            raise KeyUsed from violation

    async def _found(self, kind: type[Record], identity: str) -> Record | None:
        rows = await self._transaction.fetch(self.GET[kind], {"id": identity})
        return kind(*rows[0]) if rows else None


class SqlSandboxBooks:
    """Implements `domain.payments.sandbox.SandboxBooks`."""

    TAKE = _taking()
    UNSETTLED = _unsettled()
    # a lease that ran out may have given the delivery to somebody else
    HELD = (
        deliveries.c.id == parameter("of_id", Uuid()),
        deliveries.c.due_at == parameter("held_until", DateTime(timezone=True)),
    )
    DELIVERED = Statement(update(deliveries).where(*HELD).values(due_at=None))
    AGAIN = Statement(update(deliveries).where(*HELD).values(given(deliveries, "due_at")))

    def __init__(self, database: Database) -> None:
        self._database = database
        self._places = asyncio.Semaphore(AT_ONCE)

    def open(self) -> AbstractAsyncContextManager[SqlSandboxBook]:
        return self._opened()

    @asynccontextmanager
    async def _opened(self) -> AsyncGenerator[SqlSandboxBook]:
        try:
            async with self._places, self._database.transaction() as transaction:
                yield SqlSandboxBook(transaction)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as busy:
            raise InTheWay(BUSY) from busy

    async def unsettled(self, at: datetime, most: int) -> Sequence[str]:
        return [row[0] for row in await self._database.fetch(self.UNSETTLED, {"at": at, "most": most})]

    async def take(self, at: datetime, most: int, lease: timedelta) -> Sequence[SandboxDelivery]:
        rows = await self._database.run(self.TAKE, {"at": at, "most": most, "lease": lease})
        return [SandboxDelivery(*row[1:]) for row in sorted(rows, key=lambda row: (row[0], row[1]))]

    async def delivered(self, delivery: SandboxDelivery) -> None:
        await self._settle(self.DELIVERED, delivery)

    async def again(self, delivery: SandboxDelivery, due_at: datetime) -> None:
        await self._settle(self.AGAIN, delivery, due_at=due_at)

    async def _settle(self, statement: Statement, delivery: SandboxDelivery, **values: object) -> None:
        held = {"of_id": delivery.id, "held_until": delivery.due_at}
        await self._database.run(statement, {**held, **values})
