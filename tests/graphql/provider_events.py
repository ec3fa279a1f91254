"""Provider events for tests that look at them, written past the services so that each stands where it should."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.payments.notices import Claims, ProviderEvent, ProviderEventId, ProviderEventStatus
from domain.payments.payment import PaymentProvider
from server.wiring import Shop

MANY = 60
START = datetime(2026, 2, 1, tzinfo=UTC)
STATUSES = list(ProviderEventStatus)


def event_id(number: int) -> ProviderEventId:
    return ProviderEventId(UUID(int=0xE7E4_0000_0000 + number))


def told(number: int) -> ProviderEvent:
    """One with everything that there can be. Their statuses come in turn, and the newest one failed."""
    at = START + timedelta(minutes=number)
    return ProviderEvent(
        id=event_id(number),
        provider=PaymentProvider.SANDBOX,
        external_id=f"evt_{number}",
        type="payment_intent.succeeded",
        subject="payment",
        reference=f"pi_{number}",
        status=STATUSES[(number - MANY - 1) % len(STATUSES)],
        attempts=number % 5,
        error="It is about another amount than was agreed.",
        claims=Claims(None, is_live=False, payment_id=None, amount=None),
        payload=f'{{"id": "evt_{number}", "data": [1, null, true, "x"]}}',
        received_at=at,
        processed_at=at + timedelta(seconds=1),
    )


async def add(shop: Shop, *events: ProviderEvent) -> None:
    async with shop.services.provider_events.begin() as work:
        for event in events:
            await work.provider_events.add(event)
            await work.provider_events.save(event)
        await work.commit()


async def gather(shop: Shop) -> None:
    await add(shop, *map(told, range(1, MANY + 1)))


def canary() -> ProviderEvent:
    """The newest that there is in its world."""
    return replace(told(MANY + 40), external_id="evt_canary", attempts=5)
