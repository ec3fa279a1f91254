"""A process that handles events until it is killed: `handling_process DATABASE BROKER SUFFIX`; BROKER may be empty.

Two consumers have their effect in the database, with the note of it; a third has it elsewhere, as far as it can tell.
"""

import asyncio
import sys

from sqlalchemy import text

from domain.shared.events import Event
from persistence.connections import ConnectionSettings
from persistence.statements import Statement
from persistence.unit_of_work import SqlUnitOfWork
from tests import sql
from tests.server.buses import bus

EFFECT = "INSERT INTO effects (consumer, event_id) VALUES (:consumer, :event_id)"


async def main(database: str, broker: str, suffix: str) -> None:
    async with bus(ConnectionSettings(database, application_name="handling"), broker or None) as events:
        events.suffix = suffix

        async def outside(event: Event) -> None:
            await sql.run(events.database, EFFECT, consumer="outside", event_id=event.id)

        async with events.running(
            events.inside("one", a=lambda work, event: inside(work, "one", event)),
            events.inside("two", a=lambda work, event: inside(work, "two", event)),
            events.consumer("outside", a=outside),
        ):
            await asyncio.Event().wait()


async def inside(work: SqlUnitOfWork, consumer: str, event: Event) -> None:
    values = {"consumer": consumer, "event_id": event.id}
    await work._transaction.run(Statement(text(EFFECT)), values)  # pyright: ignore[reportPrivateUsage]


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
