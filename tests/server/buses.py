"""Both ways to take events to their consumers, for tests that must hold for either."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from uuid import uuid4

from adapters.rabbitmq.consumers import RabbitConsumers
from adapters.rabbitmq.publisher import RabbitPublisher
from domain.shared.clock import now
from domain.shared.consuming import Consumer, Handling, inside, outside
from domain.shared.events import Event, Handler
from persistence import outbox
from persistence.connections import ConnectionSettings
from persistence.database import Database
from persistence.inbox import SqlInbox
from persistence.outbox import SqlOutbox
from persistence.signals import SqlSignals
from persistence.unit_of_work import SqlUnitOfWork, SqlUnitsOfWork
from server.relay import InProcess, Relay
from tests import sql

PATIENCE = 120.0


@dataclass
class Bus:
    """A database, and a broker when `broker` is its address. Consumers have names of this test's own."""

    database: Database
    signals: SqlSignals
    broker: str | None
    unanswered: Sequence[str] = ()
    suffix: str = field(default_factory=lambda: uuid4().hex[:8])

    def consumer(self, name: str, **handlers: Handler) -> Consumer:
        """With effects outside of the database; topics are written with `_` for the dot."""
        inbox = SqlInbox(self.database)
        return self.handling(name, **{topic: outside(inbox, handler) for topic, handler in handlers.items()})

    def inside(self, name: str, **effects: Callable[[SqlUnitOfWork, Event], Awaitable[None]]) -> Consumer:
        begin = SqlUnitsOfWork(self.database, self.signals, now)
        return self.handling(name, **{topic: inside(begin, effect) for topic, effect in effects.items()})

    def handling(self, name: str, **handlings: Handling) -> Consumer:
        return Consumer(self.name(name), {self.topic(topic): handle for topic, handle in handlings.items()})

    def name(self, name: str) -> str:
        return f"{name}_{self.suffix}"

    def topic(self, name: str) -> str:
        """A broker is shared by tests, and keeps what it was told."""
        return f"{self.suffix}.{name}"

    def event(self, topic: str, number: int = 0, event: Event | None = None) -> Event:
        return Event(self.topic(topic), event.key if event else uuid4(), {"number": number})

    async def write(self, *events: Event) -> None:
        async with self.database.transaction() as transaction:
            await outbox.write(transaction, events)
            await transaction.commit()

    @asynccontextmanager
    async def running(self, *consumers: Consumer) -> AsyncGenerator[None]:
        """Waits in the outbox are over at once; those in the broker take their time."""
        async with AsyncExitStack() as stack:
            works = [self._hurry()]
            if self.broker is None:
                carrier = InProcess(consumers, self.unanswered)
            else:
                carrier = RabbitPublisher(self.broker, consumers, self.unanswered)
                stack.push_async_callback(carrier.close)
                works.append(RabbitConsumers(self.broker, consumers, carrier, SqlOutbox(self.database)).run())
            works.append(Relay(SqlOutbox(self.database), carrier, self.signals).run())
            tasks = [asyncio.create_task(work) for work in works]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _hurry(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            # what is being handled just now is due in a minute, and must not be taken from who does it
            soon = "due_at BETWEEN now() AND now() + interval '20 seconds'"
            await sql.make_due(self.database, f"error IS NOT NULL AND parked_at IS NULL AND {soon}")

    async def parked(self) -> list[tuple[str, str, int, str]]:
        """Whose, of which topic, after how many attempts, and why."""
        asked = "SELECT consumer, topic, attempts, error FROM outbox WHERE parked_at IS NOT NULL ORDER BY 1, 2"
        return [
            (consumer.removesuffix(f"_{self.suffix}"), topic.removeprefix(f"{self.suffix}."), attempts, error)
            for consumer, topic, attempts, error in await sql.rows(self.database, asked)
        ]

    async def waiting(self) -> int:
        return await sql.value(self.database, "SELECT count(*) FROM outbox WHERE parked_at IS NULL")


@asynccontextmanager
async def bus(settings: ConnectionSettings, broker: str | None) -> AsyncGenerator[Bus]:
    database = Database(settings)
    await database.open()
    try:
        async with SqlSignals(database) as signals:
            yield Bus(database, signals, broker)
    finally:
        await database.close()


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while True:
                found = condition()
                if found if isinstance(found, bool) else await found:
                    return
                await asyncio.sleep(0.02)
    raise AssertionError("it never came true")
