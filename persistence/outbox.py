"""Events on their way from the transaction that they happened in to those who act on them."""

from collections.abc import Sequence

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.shared.events import Event
from persistence.effects import outbox


async def write(connection: AsyncConnection, events: Sequence[Event]) -> None:
    """As part of the transaction that `connection` is in."""
    rows = [{"id": event.id, "topic": event.topic, "key": event.key, "facts": dict(event.facts)} for event in events]
    await connection.execute(insert(outbox), rows)
