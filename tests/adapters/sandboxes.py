"""Sandboxes for tests: over a real database, with a clock that is set."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import pytest

from adapters.sandbox.desk import SandboxDesk
from adapters.sandbox.gateway import SandboxGateway
from adapters.sandbox.scenarios import scenario
from domain.payments.gateway import Confirmation, Intent, NewIntent, ProviderRefund, ProviderRefused, RefundOrder, Setup
from domain.payments.payment import CaptureMethod, PaymentId
from domain.payments.refund import RefundId, RefundReason
from domain.shared.clock import now
from domain.shared.ids import uuid7
from domain.shared.money import Money
from persistence.database import Database
from persistence.sandbox.books import SqlSandboxBooks
from tests.conftest import Templates

ADDRESS = "http://shop.example"
RETURN_URL = "https://frontend.example/orders/1?step=paid"
Answer = TypeVar("Answer")


def usd(units: int) -> Money:
    return Money.of_units(units, "USD")


@dataclass
class Hands:
    """A clock that somebody turns. It ticks a little each time that it is looked at."""

    at: datetime = field(default_factory=now)

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at

    def turn(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Sandbox:
    """A gateway, and short ways to what tests do with it again and again."""

    books: SqlSandboxBooks
    database: Database
    clock: Hands
    gateway: SandboxGateway
    desk: SandboxDesk

    @classmethod
    def over(cls, database: Database, mishaps: str = "normal") -> "Sandbox":
        books, clock = SqlSandboxBooks(database), Hands()
        gateway = SandboxGateway(books, ADDRESS, clock, scenario(mishaps), patience=0.01)
        return cls(books, database, clock, gateway, SandboxDesk(books, ADDRESS, clock))

    async def approve(self, intent: Intent) -> None:
        await self.desk.decide(intent.reference, approved=True)

    async def refuse(self, intent: Intent) -> None:
        await self.desk.decide(intent.reference, approved=False)

    async def keep(self, setup: Setup, method: str) -> None:
        assert setup.client_secret is not None
        assert await self.desk.keep(setup.client_secret, method) is None

    def suffering(self, mishaps: str) -> SandboxGateway:
        """Another gateway to the same books."""
        return SandboxGateway(self.books, ADDRESS, self.clock, scenario(mishaps), patience=0.01)

    async def intent(
        self, amount: int = 5_000, *, manual: bool = False, customer: str | None = None, currency: str = "USD"
    ) -> Intent:
        method = CaptureMethod.MANUAL if manual else CaptureMethod.AUTOMATIC
        money = Money.of_units(amount, currency)
        return await self.gateway.create(NewIntent(PaymentId(uuid7()), "order", "SK-1", money, method, customer))

    async def paid(
        self, token: str = "pm_card_visa", amount: int = 5_000, *, manual: bool = False, customer: str | None = None
    ) -> Intent:
        """Confirmed, however that went."""
        new = await self.intent(amount, manual=manual, customer=customer)
        return await self.confirm(new.reference, token)

    async def confirm(self, reference: str, method: str | None, key: str | None = None) -> Intent:
        return await self.gateway.confirm(Confirmation(reference, method, RETURN_URL, key or fresh()))

    async def refund(self, reference: str, amount: int, refund_id: UUID | None = None) -> ProviderRefund:
        identity = RefundId(refund_id or uuid7())
        return await self.gateway.refund(RefundOrder(identity, reference, usd(amount), RefundReason.OTHER))


@pytest.fixture(scope="module")
async def sandbox_database(templates: Templates) -> AsyncGenerator[Database]:
    """One for all tests of a module: they leave their payments to themselves."""
    with ExitStack() as stack:
        database = Database(await asyncio.to_thread(stack.enter_context, templates.clone("empty")))
        await database.open()
        yield database
        await database.close()
        await asyncio.to_thread(stack.close)


def fresh() -> str:
    return str(uuid7())


async def refusal(call: Awaitable[object]) -> str:
    """The provider's code for why it refused."""
    with pytest.raises(ProviderRefused) as refused:
        await call
    return refused.value.code
