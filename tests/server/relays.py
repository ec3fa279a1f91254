"""Relays for tests, of processes of their own, and what they are seen to do."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from domain.shared.consuming import Consumer, outside
from domain.shared.events import Event, Handler
from persistence import outbox
from persistence.connections import ConnectionSettings
from persistence.database import Database
from persistence.inbox import SqlInbox
from persistence.outbox import SqlOutbox
from persistence.signals import SqlSignals
from server.relay import InProcess, Relay
from tests import sql

PATIENCE = 1_800


@dataclass
class Log:
    """A handler that writes down what it was given."""

    seen: list[tuple[UUID, int]] = field(default_factory=list[tuple[UUID, int]])

    async def __call__(self, event: Event) -> None:
        await asyncio.sleep(random.uniform(0, 0.002))
        self.seen.append((event.key, int(str(event.facts.get("number", 0)))))


@dataclass
class Process:
    """What one process has of its own."""

    database: Database
    signals: SqlSignals

    def relay(self, handlers: Mapping[str, Handler], **others: Mapping[str, Handler]) -> Relay:
        """One that calls the handlers of a consumer, and of others by their names."""
        inbox = SqlInbox(self.database)
        consumers = [
            Consumer(name, {topic: outside(inbox, handler) for topic, handler in its.items()})
            for name, its in {"one": handlers, **others}.items()
        ]
        return Relay(SqlOutbox(self.database), InProcess(consumers), self.signals)

    async def given_out(self) -> None:
        """As if each consumer had been given its copy of what is there."""
        await sql.run(self.database, "UPDATE outbox SET consumer = 'one' WHERE consumer = ''")

    async def write(self, *events: Event) -> None:
        async with self.database.transaction() as transaction:
            await outbox.write(transaction, events)
            await transaction.commit()

    async def make_due(self) -> None:
        """As if time had passed."""
        await sql.run(self.database, "UPDATE outbox SET due_at = now()")

    async def rows(self) -> list[tuple[str, int, str | None, bool]]:
        """What is left: topics, attempts, errors, and whether it is parked."""
        asked = "SELECT topic, attempts, error, parked_at IS NOT NULL FROM outbox ORDER BY occurred_at, id"
        found = await sql.rows(self.database, asked)
        return [(topic, attempts, error, parked) for topic, attempts, error, parked in found]


@asynccontextmanager
async def process(settings: ConnectionSettings) -> AsyncGenerator[Process]:
    database = Database(settings)
    await database.open()
    try:
        async with SqlSignals(database) as signals:
            yield Process(database, signals)
    finally:
        await database.close()


@asynccontextmanager
async def running(*relays: Relay) -> AsyncGenerator[None]:
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(end) for end in ended] == [asyncio.CancelledError] * len(relays)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(50 * PATIENCE):
        if await condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came true")


async def empty(process: Process) -> None:
    async def is_empty() -> bool:
        return not await process.rows()

    await until(is_empty)
