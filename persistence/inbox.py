"""What consumers of events have done already."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from domain.shared.consuming import AlreadyHandled, Delivery
from persistence.database import Database, Transaction
from persistence.effects import inbox
from persistence.statements import Statement, given

ADD = Statement(insert(inbox).values(given(inbox, "consumer", "message_id")).on_conflict_do_nothing())
HAS = Statement(
    select(inbox.c.message_id).where(
        *(inbox.c[name] == bound for name, bound in given(inbox, "consumer", "message_id").items())
    )
)


class SqlInbox:
    """Implements `domain.shared.consuming.Inbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def has(self, delivery: Delivery) -> bool:
        return bool(await self._database.fetch(HAS, _values(delivery)))

    async def add(self, delivery: Delivery) -> None:
        await self._database.run(ADD, _values(delivery))


async def receive(transaction: Transaction, delivery: Delivery) -> None:
    """Raises: AlreadyHandled. Who comes while another transaction is doing the same waits for its end."""
    if not await transaction.run(ADD, _values(delivery)):
        raise AlreadyHandled


def _values(delivery: Delivery) -> dict[str, object]:
    return {"consumer": delivery.consumer, "message_id": delivery.event.id}
