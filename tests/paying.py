"""Orders that are paid in the sandbox, through the services, with mishaps on the line to the provider."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from adapters.sandbox.gateway import SandboxGateway
from adapters.sandbox.scenarios import scenario, within
from domain.orders.order import Order, OrderId
from domain.orders.placing import Placement
from domain.payments.payment import CaptureMethod, Payment, PaymentId
from domain.payments.payments import Payments
from domain.payments.placing import Placed
from domain.payments.reconciling import AT_ONCE, Reconciler
from domain.payments.refunds import Refunds
from domain.payments.wish import Wish
from domain.products.inventory import VariantId
from domain.shared.clock import now
from domain.shared.errors import InTheWay
from domain.users.user import ANONYMOUS, Actor, UserRole
from persistence.sandbox.books import SqlSandboxBooks
from server.wiring import Shop
from tests import sql
from tests.selling import Market, market

STAFF = Actor(None, UserRole.ADMIN)
MOST_TURNS = 1_000
PATIENCE = 0.005
"""Seconds that a provider which hangs is waited for here."""


def later() -> datetime:
    """After the reconciler's minute, and after whatever was on its way."""
    return now() + timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Till:
    """A shop, what it sells, and the provider, all over one database."""

    shop: Shop
    stall: Market
    gateway: SandboxGateway
    payments: Payments
    refunds: Refunds
    turns: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One at a time carries out what is in the outbox."""

    @classmethod
    async def of(cls, shop: Shop) -> "Till":
        gateway = SandboxGateway(SqlSandboxBooks(shop.database), "http://shop.example", now, patience=PATIENCE)
        payments = replace(shop.services.payments, gateway=gateway)
        refunds = replace(shop.services.refunds, gateway=gateway)
        return cls(shop, await market(shop.database), gateway, payments, refunds)

    async def place(self, mug: VariantId, units: int = 1, capture: CaptureMethod = CaptureMethod.AUTOMATIC) -> Placed:
        placement = Placement(await self.stall.cart({mug: units}))
        while True:
            try:
                return await self.shop.services.checkout_placing.place(ANONYMOUS, placement, Wish(capture))
            except InTheWay:
                await asyncio.sleep(0.01)

    async def order(self, order_id: OrderId) -> Order:
        return (await self.shop.readers.orders.by_ids([order_id]))[order_id]

    async def payment(self, payment_id: PaymentId) -> Payment:
        return (await self.shop.readers.payments.by_ids([payment_id]))[payment_id]

    async def carry_out(self, mishaps: str = "normal") -> None:
        """What waits in the outbox now, however often it was put off."""
        async with self.turns:
            with within(scenario(mishaps)):
                while await self._due():
                    await sql.make_due(self.shop.database, "parked_at IS NULL")
                    await self.shop.relay.turn()
                    if mishaps != "normal":
                        return

    async def _due(self) -> int:
        return await sql.value(self.shop.database, "SELECT count(*) FROM outbox WHERE parked_at IS NULL")

    async def quiet(self) -> None:
        """All is well again, for as long as it takes: no webhook ever comes."""
        await self.carry_out()
        payments = replace(self.payments, clock=later)
        reconciler = Reconciler(payments.begin, payments, self.refunds, later, _unreconciled)
        open_ones = "SELECT count(*) FROM payments WHERE NOT is_closed"
        least = await sql.value(self.shop.database, open_ones) // AT_ONCE + 1
        for turn in range(MOST_TURNS):
            await reconciler.turn()
            await self.carry_out()
            if turn >= least and not await self._unsettled():
                return
        raise AssertionError("some payments are never settled")

    async def _unsettled(self) -> int:
        """Of payments of which the buyer or the shop has to do nothing next, those whose end is not known."""
        theirs = "('requires_payment_method', 'requires_confirmation', 'requires_action', 'authorized')"
        return await sql.value(
            self.shop.database, f"SELECT count(*) FROM payments WHERE NOT is_closed AND status NOT IN {theirs}"
        )

    async def differences(self) -> Sequence[str]:
        """Between our books and the provider's."""
        found: list[str] = []
        rows = await sql.rows(self.shop.database, "SELECT id, reference FROM payments WHERE reference IS NOT NULL")
        for identity, reference in rows:
            mine, theirs = await self.payment(PaymentId(identity)), await self.gateway.retrieve(reference)
            refunded = sum(one.amount.units for one in theirs.refunds if one.status.value == "succeeded")
            ours = (mine.amount_captured.units, mine.amount_refunded.units)
            if ours != (theirs.amount_captured.units, refunded):
                found.append(f"{identity}: {ours}, the provider says {theirs.amount_captured.units}, {refunded}")
        return found


def _unreconciled(what: str, failure: Exception) -> None:
    raise AssertionError(what) from failure
