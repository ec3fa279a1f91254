"""Where tests stand to see what the shop makes of a provider's notices: its till, and the provider's own desk."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest

from adapters.sandbox.desk import SandboxDesk
from adapters.sandbox.scenarios import scenario
from domain.payments.gateway import Confirmation, Intent, Notice, RefundOrder
from domain.payments.notices import ProviderEvent, ProviderEventId
from domain.payments.payment import Payment, PaymentProvider
from domain.payments.provider_events import Merchant, ProviderEvents
from domain.payments.refund import RefundId, RefundReason
from domain.products.inventory import VariantId
from domain.shared.clock import now
from domain.shared.ids import uuid7
from persistence.metadata import METADATA
from persistence.sandbox.books import SqlSandboxBooks
from server.wiring import Shop
from tests import sql
from tests.paying import Till

SANDBOX = PaymentProvider.SANDBOX
BACK = "http://shop.example/back"
WITHOUT = "CASE WHEN '{0}' = 'payments' THEN 'updated_at' ELSE '' END"
ROWS = f'SELECT CAST(to_jsonb(row) - {WITHOUT} AS text) FROM "{{0}}" row'
FLEETING = {"inbox", "outbox"}
"""Tables of who has heard of what, which is no effect."""


@dataclass
class Desk:
    """A till, the provider's side of the counter, and what the provider tells."""

    till: Till
    mug: VariantId
    reported: list[tuple[str, Exception]] = field(default_factory=list[tuple[str, Exception]])

    @property
    def shop(self) -> Shop:
        return self.till.shop

    @property
    def provider(self) -> SandboxDesk:
        return SandboxDesk(SqlSandboxBooks(self.shop.database), BACK, now, scenario("normal"))

    async def payment(self) -> tuple[Payment, Intent]:
        """One that the buyer is about to make at the provider, out of our sight."""
        placed = await self.till.place(self.mug)
        assert placed.payment is not None
        await self.till.payments.client_secret(placed.payment)
        known = await self.till.payment(placed.payment.id)
        assert known.reference is not None
        return known, await self.till.gateway.retrieve(known.reference)

    async def confirm(self, reference: str, token: str = "pm_card_visa") -> Intent:
        return await self.till.gateway.confirm(Confirmation(reference, token, BACK, uuid7().hex))

    async def step(self, name: str, intent: Intent) -> None:
        """What happens at the provider, which the shop does not see."""
        match name:
            case "requires_action":
                await self.confirm(intent.reference, "pm_card_authenticationRequired")
            case "failed":
                await self.provider.decide(intent.reference, approved=False)
            case "succeeded":
                await self.confirm(intent.reference)
            case _:
                order = RefundOrder(RefundId(uuid7()), intent.reference, intent.amount, RefundReason.OTHER)
                await self.till.gateway.refund(order)

    async def tell(self, notice: Notice) -> None:
        await self.shop.services.provider_events.receive(SANDBOX, notice)

    async def told(self, external_id: str) -> ProviderEvent:
        [(identity,)] = await sql.rows(
            self.shop.database, "SELECT id FROM provider_events WHERE external_id = :name", name=external_id
        )
        found = await self.shop.readers.provider_events.by_ids([ProviderEventId(UUID(str(identity)))])
        return next(iter(found.values()))

    def handling(self, payments: Any = None) -> ProviderEvents:
        """As the worker does it; `payments` may be broken."""
        return ProviderEvents(
            self.shop.services.provider_events.begin,
            Merchant(SANDBOX, "acct_own", is_live=False),
            payments or self.till.payments,
            self.shop.services.saved_methods,
            now,
            lambda what, failure: self.reported.append((what, failure)),
        )

    async def final(self, payment: Payment) -> tuple[object, ...]:
        known, order = await self.till.payment(payment.id), await self.till.order(payment.order_id)
        events = await sql.rows(
            self.shop.database,
            "SELECT type FROM order_events WHERE order_id = :id ORDER BY sequence",
            id=payment.order_id,
        )
        return (
            *(known.status, known.amount_captured, known.amount_refunded),
            *(order.status, order.payment_status, order.amount_captured, order.amount_refunded),
            *(row[0] for row in events),
        )

    async def everything(self) -> Mapping[str, list[str]]:
        """Every row of every table, but for when a payment was last looked into."""
        return {
            name: sorted(row[0] for row in await sql.rows(self.shop.database, ROWS.format(name)))
            for name in METADATA.tables
            if name not in FLEETING
        }


def notice(intent: Intent, kind: str = "payment_intent.succeeded", **other: Any) -> Notice:
    told = Notice(
        external_id=f"evt_{uuid7().hex}",
        type=kind,
        subject="payment",
        reference=intent.reference,
        account=None,
        is_live=False,
        payment_id=intent.payment_id,
        amount=intent.amount,
        payload="{}",
    )
    return replace(told, **other)


@pytest.fixture
async def desk(own_shop: Shop) -> Desk:
    till = await Till.of(own_shop)
    return Desk(till, await till.stall.variant(1_000))
