"""Units of work in PostgreSQL."""

from collections.abc import AsyncGenerator, Collection, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from uuid import UUID

import asyncpg

from domain.shared.clock import Clock
from domain.shared.consuming import Delivery
from domain.shared.errors import InTheWay
from domain.shared.events import Event
from domain.shared.signals import Signals
from domain.shared.work import AlreadyDone, Once
from persistence import inbox, outbox, results
from persistence.announcements import Announcements
from persistence.carts.repository import SqlCarts
from persistence.database import NO_ANSWER, Database, Transaction
from persistence.orders.fulfillments import SqlFulfillments
from persistence.orders.repository import SqlOrders
from persistence.payments.provider_events import SqlProviderEventRepository
from persistence.payments.repository import SqlPayments
from persistence.payments.saved_methods import SqlSavedMethods
from persistence.pricing.store import SqlStore
from persistence.products.ledger import SqlStock
from persistence.products.ranking import SqlRanking
from persistence.users.repositories import SqlAddresses, SqlOneTimeTokens, SqlSessions, SqlUsers

TOPIC = "outbox"
"""The signal that there is something in the outbox."""
_IN_THE_WAY = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""Somebody else was first. Nothing was done, and it can be tried again."""


class SqlUnitOfWork:
    """One transaction. Implements the ports `…Work` of the domain."""

    def __init__(self, transaction: Transaction, once: Once | None) -> None:
        self._transaction = transaction
        self._once = once
        self._events: list[Event] = []
        self._settled = False
        self.news: Mapping[str, Collection[UUID]] = {}
        """What is to be signalled, once it is committed."""
        self.users = SqlUsers(transaction)
        self.sessions = SqlSessions(transaction)
        self.one_time_tokens = SqlOneTimeTokens(transaction)
        self.addresses = SqlAddresses(transaction)
        self.stock = SqlStock(transaction)
        self.ranking = SqlRanking(transaction)
        self.store = SqlStore(transaction)
        self.carts = SqlCarts(transaction)
        self.orders = SqlOrders(transaction)
        self.payments = SqlPayments(transaction)
        self.saved_methods = SqlSavedMethods(transaction)
        self.fulfillments = SqlFulfillments(transaction)
        self.provider_events = SqlProviderEventRepository(transaction)

    def happened(self, event: Event) -> None:
        if self._settled:
            raise RuntimeError("the events are written already: settle last")
        self._events.append(event)

    async def receive(self, delivery: Delivery) -> None:
        await inbox.receive(self._transaction, delivery)

    async def settle(self, result: object = None) -> None:
        if self._once is not None:
            await results.keep(self._transaction, self._once, result)
        if self._events:
            await outbox.write(self._transaction, self._events)
        self._settled = True

    async def commit(self, result: object = None) -> None:
        if not self._settled:
            await self.settle(result)
        await self._transaction.commit()
        self.news = self._transaction.news
        if self._events:
            self.news[TOPIC] = set()


class SqlUnitsOfWork:
    """Begins them. Implements `domain.shared.work.Begin`."""

    def __init__(self, database: Database, signals: Signals, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._results = results.SqlResults(database, clock)
        self._announce = Announcements(signals)

    @asynccontextmanager
    async def __call__(self, once: Once | None = None, about: UUID | None = None) -> AsyncGenerator[SqlUnitOfWork]:
        with _explained():
            async with AsyncExitStack() as stack:
                if once is not None:
                    await self._first(stack, once)
                if about is not None:
                    await stack.enter_async_context(self._database.turn(("about", about)))
                transaction = await stack.enter_async_context(self._database.transaction())
                if once is not None:
                    await results.claim(transaction, once, self._clock)
                work = SqlUnitOfWork(transaction, once)
                yield work
        self._announce(work.news)

    async def _first(self, stack: AsyncExitStack, once: Once) -> None:
        """Let copies of a request wait for the first of them, and be quick when that has done it."""
        waited = await stack.enter_async_context(self._database.turn((once.actor, once.operation, once.key_hash)))
        if waited and await self._results.find(once) is not None:
            raise AlreadyDone


@contextmanager
def _explained() -> Generator[None]:
    try:
        yield
    except _IN_THE_WAY as failure:
        raise InTheWay(NO_ANSWER) from failure
