"""What our own books tell of a notice is settled at once; who asks the provider keeps nobody waiting meanwhile."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest

from domain.payments.gateway import Notice
from domain.payments.notices import ProviderEvent, ProviderEventStatus
from domain.payments.payment import PaymentId, PaymentProvider, PaymentStatus
from domain.payments.provider_events import (
    MOST_ATTEMPTS,
    TOPIC,
    BeginProviderEventsWork,
    ProviderEvents,
    ProviderEventsWork,
)
from domain.shared.errors import Unavailable
from domain.shared.events import Event
from domain.shared.ids import uuid7
from domain.shared.work import Once
from tests import sql
from tests.scenarios.provider_desk import Desk, desk, notice

__all__ = ["desk"]

TAKERS = 8


@dataclass
class Watched:
    """Begins units of work, and knows how many there were, and are. `failures` are raised in the next ones."""

    begin: BeginProviderEventsWork
    begun: int = 0
    under_way: int = 0
    failures: list[Exception] = field(default_factory=list[Exception])

    @asynccontextmanager
    async def __call__(self, once: Once | None = None, about: UUID | None = None) -> AsyncGenerator[ProviderEventsWork]:
        self.begun += 1
        self.under_way += 1
        try:
            async with self.begin(once, about) as work:
                if self.failures:
                    raise self.failures.pop(0)
                yield work
        finally:
            self.under_way -= 1


@dataclass
class Asked:
    """Tells nothing new, after everybody has come who is expected. Keeps how many units of work were under way."""

    watched: Watched
    expected: int = 1
    under_way: list[int] = field(default_factory=list[int])
    everybody: asyncio.Event = field(default_factory=asyncio.Event)
    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def learn(self, provider: PaymentProvider, reference: str) -> None:
        del provider, reference
        self.under_way.append(self.watched.under_way)
        if len(self.under_way) == self.expected:
            self.everybody.set()
        await self.everybody.wait()
        if self.meanwhile is not None:
            await self.meanwhile()


@dataclass
class Handling:
    """Of one event, which nobody has looked into yet."""

    desk: Desk
    told: Notice
    watched: Watched
    asked: Asked
    service: ProviderEvents
    delivery: Event

    @classmethod
    async def of(cls, desk: Desk, told: Notice) -> "Handling":
        await desk.tell(told)
        delivery = Event(TOPIC, uuid7(), {"id": str((await desk.told(told.external_id)).id)})
        watched = Watched(desk.shop.services.provider_events.begin)
        asked = Asked(watched)
        service = replace(desk.handling(asked), begin=watched)
        return cls(desk, told, watched, asked, service, delivery)

    async def handle(self) -> ProviderEvent:
        await self.service.handle(self.delivery)
        return await self.desk.told(self.told.external_id)


async def captured(desk: Desk, **other: Any) -> Notice:
    """A notice of a payment that the shop knows to be captured."""
    payment, intent = await desk.payment()
    await desk.confirm(intent.reference)
    await desk.till.payments.learn(desk.till.gateway.provider, intent.reference)
    assert (await desk.till.payment(payment.id)).status is PaymentStatus.CAPTURED
    return notice(intent, **other)


@pytest.mark.parametrize(
    ("other", "status"),
    [
        ({}, ProviderEventStatus.PROCESSED),
        ({"is_live": True}, ProviderEventStatus.FAILED),
        ({"payment_id": None, "reference": "pi_of_another_shop"}, ProviderEventStatus.IGNORED),
        ({"payment_id": PaymentId(UUID(int=1)), "reference": "pi_unknown"}, ProviderEventStatus.FAILED),
    ],
)
async def test_what_our_books_tell_is_settled_in_one_transaction(
    desk: Desk, other: dict[str, Any], status: ProviderEventStatus
) -> None:
    handling = await Handling.of(desk, await captured(desk, **other))
    event = await handling.handle()
    assert (event.status, event.attempts) == (status, 1)
    assert event.processed_at is not None
    assert (handling.watched.begun, handling.asked.under_way) == (1, [])


async def test_no_transaction_is_open_while_the_provider_is_asked(desk: Desk) -> None:
    _, intent = await desk.payment()
    handling = await Handling.of(desk, notice(intent))
    event = await handling.handle()
    assert (event.status, event.attempts) == (ProviderEventStatus.PROCESSED, 1)
    assert (handling.watched.begun, handling.asked.under_way) == (2, [0])


async def test_of_several_who_take_an_event_at_once_one_settles_it(desk: Desk) -> None:
    handling = await Handling.of(desk, await captured(desk))
    await asyncio.gather(*(handling.service.handle(handling.delivery) for _ in range(TAKERS)))
    event = await desk.told(handling.told.external_id)
    assert (event.status, event.attempts) == (ProviderEventStatus.PROCESSED, 1)
    assert handling.asked.under_way == []


async def test_of_several_who_ask_about_an_event_at_once_one_settles_it(desk: Desk) -> None:
    _, intent = await desk.payment()
    handling = await Handling.of(desk, notice(intent))
    handling.asked.expected = TAKERS
    await asyncio.gather(*(handling.service.handle(handling.delivery) for _ in range(TAKERS)))
    event = await desk.told(handling.told.external_id)
    assert (event.status, event.attempts) == (ProviderEventStatus.PROCESSED, 1)
    assert len(handling.asked.under_way) == TAKERS


async def test_what_was_settled_while_the_provider_was_asked_stays_as_it_is(desk: Desk) -> None:
    _, intent = await desk.payment()
    handling = await Handling.of(desk, notice(intent))
    by_somebody_else = "UPDATE provider_events SET status = 'ignored', error = 'By somebody else.'"
    handling.asked.meanwhile = lambda: sql.run(desk.shop.database, by_somebody_else)
    event = await handling.handle()
    assert (event.status, event.error, event.attempts) == (ProviderEventStatus.IGNORED, "By somebody else.", 0)


async def test_what_fails_before_the_provider_is_asked_is_counted_as_well(desk: Desk) -> None:
    handling = await Handling.of(desk, await captured(desk))
    for attempt in range(1, MOST_ATTEMPTS):
        handling.watched.failures.append(KeyError("canary"))
        with pytest.raises(Unavailable):
            await handling.handle()
        event = await desk.told(handling.told.external_id)
        assert (event.status, event.attempts) == (ProviderEventStatus.RECEIVED, attempt)
    handling.watched.failures.append(KeyError("canary"))
    event = await handling.handle()
    assert (event.status, event.attempts) == (ProviderEventStatus.FAILED, MOST_ATTEMPTS)
    assert event.error == "It could not be handled: KeyError."
    assert len(desk.reported) == MOST_ATTEMPTS
