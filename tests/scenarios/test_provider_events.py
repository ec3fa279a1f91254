"""Notices are looked into in any order, any number of times, and end in what is true; what does not fit is parked."""

import asyncio
import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import pytest

from domain.payments.errors import ProviderMismatch
from domain.payments.gateway import Intent, Notice
from domain.payments.notices import ProviderEventId, ProviderEventStatus
from domain.payments.payment import PaymentId, PaymentProvider, PaymentStatus
from domain.payments.provider_events import MOST_ATTEMPTS, TOPIC
from domain.shared.errors import NotFound, Unavailable
from domain.shared.events import Event
from domain.shared.ids import uuid7
from domain.shared.money import Money
from tests import sql
from tests.people import person
from tests.scenarios.provider_desk import Desk, desk, notice
from tests.selling import books_agree
from tests.sizes import WEBHOOK_COPIES

__all__ = ["desk"]

STEPS = ("requires_action", "failed", "succeeded", "refunded")
KINDS = {
    "requires_action": "payment_intent.requires_action",
    "failed": "payment_intent.payment_failed",
    "succeeded": "payment_intent.succeeded",
    "refunded": "charge.refunded",
}


async def test_whatever_order_notices_come_in_the_end_is_the_same(desk: Desk) -> None:
    ends = set[tuple[object, ...]]()
    orders = list(itertools.permutations(STEPS))
    for order in orders:
        payment, intent = await desk.payment()
        for step in STEPS:
            await desk.step(step, intent)
        for step in (*order, *order[:2]):
            await desk.tell(notice(intent, KINDS[step]))
            await desk.till.carry_out()
        ends.add(await desk.final(payment))
    assert len(orders) == 24
    [end] = ends
    assert end[0] is PaymentStatus.CAPTURED
    assert end[1] == end[2] == end[5] == end[6]
    assert await desk.till.differences() == []
    await books_agree(desk.shop.database.settings)


@pytest.mark.parametrize("seed", range(6))
async def test_while_things_still_happen_notices_keep_the_books_equal(desk: Desk, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(4):
        _, intent = await desk.payment()
        to_happen, to_tell = list(STEPS), list[str]()
        while to_happen or to_tell:
            if to_happen and (not to_tell or chance.random() < 0.5):
                step = to_happen.pop(0)
                try:
                    await desk.step(step, intent)
                except Exception:  # noqa: BLE001  (the shop has called it off at the provider, or was paid already)
                    to_happen.clear()
                to_tell.append(step)
                chance.shuffle(to_tell)
            else:
                await desk.tell(notice(intent, KINDS[to_tell.pop()]))
                await desk.till.carry_out()
    await desk.till.quiet()
    assert await desk.till.differences() == []
    await books_agree(desk.shop.database.settings)


async def test_many_notices_of_one_thing_have_one_effect(desk: Desk) -> None:
    payment, intent = await desk.payment()
    await desk.confirm(intent.reference)
    copy = notice(intent)
    await asyncio.gather(
        *(desk.tell(copy) for _ in range(WEBHOOK_COPIES)), *(desk.tell(notice(intent)) for _ in range(20))
    )
    await desk.till.carry_out()
    assert (await desk.final(payment))[7:] == ("order_placed", "payment_captured", "order_confirmed")
    done = await sql.rows(desk.shop.database, "SELECT status, attempts, count(*) FROM provider_events GROUP BY 1, 2")
    assert [tuple(row) for row in done] == [("processed", 1, 21)]


async def test_looking_again_changes_nothing_at_all(desk: Desk) -> None:
    _, intent = await desk.payment()
    for step in STEPS:
        await desk.step(step, intent)
        await desk.tell(notice(intent, KINDS[step]))
    await desk.till.carry_out()
    before = await desk.everything()
    assert before["provider_events"] != []
    for _ in range(2):
        for row in await sql.rows(desk.shop.database, "SELECT id FROM provider_events"):
            again = await desk.shop.services.provider_events.replay(ProviderEventId(UUID(str(row[0]))))
            assert again.status is ProviderEventStatus.RECEIVED
        await desk.till.carry_out()
        assert await desk.everything() == before


def wrong(intent: Intent, other: Intent) -> Mapping[str, Notice]:
    units = intent.amount.units
    return {
        "about another amount": notice(intent, amount=Money.of_units(units - 1, "USD")),
        "about another currency": notice(intent, amount=Money.of_units(units, "EUR")),
        "names another payment of ours": notice(intent, payment_id=other.payment_id),
        "names a payment that this shop does not have": notice(
            intent, payment_id=PaymentId(uuid7()), reference="pi_unknown"
        ),
        "about another account": notice(intent, account="acct_foreign"),
        "about live money": notice(intent, is_live=True),
        "does not name": notice(intent, reference=None),
    }


async def test_what_does_not_fit_is_parked_with_a_reason_and_not_applied(desk: Desk) -> None:
    (payment, intent), (_, other) = await desk.payment(), await desk.payment()
    await desk.confirm(intent.reference)
    state = {name: rows for name, rows in (await desk.everything()).items() if name != "provider_events"}
    for why, told in wrong(intent, other).items():
        await desk.tell(told)
        await desk.till.carry_out()
        event = await desk.told(told.external_id)
        assert (event.status, event.attempts) == (ProviderEventStatus.FAILED, 1)
        assert why in (event.error or "")
    assert {name: rows for name, rows in (await desk.everything()).items() if name != "provider_events"} == state
    await desk.tell(notice(intent))
    await desk.till.carry_out()
    assert (await desk.final(payment))[0] is PaymentStatus.CAPTURED


async def test_what_is_nobody_s_here_is_ignored(desk: Desk) -> None:
    _, intent = await desk.payment()
    told = notice(intent, payment_id=None, reference="pi_of_another_shop", amount=Money.of(Decimal(1), "EUR"))
    await desk.tell(told)
    await desk.till.carry_out()
    event = await desk.told(told.external_id)
    assert (event.status, event.error) == (
        ProviderEventStatus.IGNORED,
        "It is about a payment that was not made by this shop.",
    )


async def test_a_notice_may_be_faster_than_our_own_books(desk: Desk) -> None:
    payment, intent = await desk.payment()
    await desk.confirm(intent.reference)
    await sql.run(desk.shop.database, "UPDATE payments SET reference = NULL")
    await desk.tell(notice(intent))
    await desk.till.carry_out()
    assert (await desk.final(payment))[0] is PaymentStatus.CAPTURED


@dataclass
class Broken:
    """Fails to learn, whatever it is asked."""

    failure: Exception

    async def learn(self, provider: PaymentProvider, reference: str) -> None:
        del provider, reference
        raise self.failure


async def test_what_fails_for_no_known_reason_is_parked_after_five_tries(desk: Desk) -> None:
    _, intent = await desk.payment()
    told = notice(intent)
    await desk.tell(told)
    event = await desk.told(told.external_id)
    handling, delivery = desk.handling(Broken(KeyError("canary"))), Event(TOPIC, uuid7(), {"id": str(event.id)})
    for attempt in range(1, MOST_ATTEMPTS):
        with pytest.raises(Unavailable):
            await handling.handle(delivery)
        event = await desk.told(told.external_id)
        assert (event.status, event.attempts) == (ProviderEventStatus.RECEIVED, attempt)
    await handling.handle(delivery)
    event = await desk.told(told.external_id)
    assert (event.status, event.attempts) == (ProviderEventStatus.FAILED, MOST_ATTEMPTS)
    assert event.error == "It could not be handled: KeyError."
    assert len(desk.reported) == MOST_ATTEMPTS
    await handling.handle(delivery)
    assert await desk.told(told.external_id) == event


@pytest.mark.parametrize("failure", [Unavailable("away"), ProviderMismatch("It differs."), NotFound("a", "payment")])
async def test_why_it_failed_decides_what_becomes_of_it(desk: Desk, failure: Exception) -> None:
    _, intent = await desk.payment()
    told = notice(intent)
    await desk.tell(told)
    event = await desk.told(told.external_id)
    handling, delivery = desk.handling(Broken(failure)), Event(TOPIC, uuid7(), {"id": str(event.id)})
    try:
        await handling.handle(delivery)
    except Unavailable:
        assert not isinstance(failure, ProviderMismatch)
    event = await desk.told(told.external_id)
    expected: Mapping[type[Exception], object] = {
        Unavailable: (ProviderEventStatus.RECEIVED, 0, None),
        ProviderMismatch: (ProviderEventStatus.FAILED, 1, "It differs."),
        NotFound: (ProviderEventStatus.RECEIVED, 1, "It could not be handled: NotFound."),
    }
    assert (event.status, event.attempts, event.error) == expected[type(failure)]


async def test_while_the_provider_is_away_nothing_is_counted_and_nothing_lost(desk: Desk) -> None:
    payment, intent = await desk.payment()
    await desk.confirm(intent.reference)
    told = notice(intent)
    await desk.tell(told)
    for _ in range(MOST_ATTEMPTS + 1):
        await desk.till.carry_out("down")
    event = await desk.told(told.external_id)
    assert (event.status, event.attempts) == (ProviderEventStatus.RECEIVED, 0)
    await desk.till.carry_out()
    assert (await desk.told(told.external_id)).status is ProviderEventStatus.PROCESSED
    assert (await desk.final(payment))[0] is PaymentStatus.CAPTURED


async def test_a_means_of_payment_is_kept_once_the_provider_says_so(desk: Desk) -> None:
    ann = await person(desk.shop)
    begun = await desk.shop.services.saved_methods.set_up(ann.user.id)
    await desk.provider.keep(begun.client_secret, "pm_card_visa")
    reference = begun.client_secret.partition("_secret")[0]
    for _ in range(2):
        told = Notice(
            external_id=f"evt_{uuid7().hex}",
            type="setup_intent.succeeded",
            subject="setup",
            reference=reference,
            account=None,
            is_live=False,
            payment_id=None,
            amount=None,
            payload="{}",
        )
        await desk.tell(told)
        await desk.till.carry_out()
        assert (await desk.told(told.external_id)).status is ProviderEventStatus.PROCESSED
    kept = await sql.rows(desk.shop.database, "SELECT user_id FROM saved_payment_methods")
    assert [UUID(str(row[0])) for row in kept] == [ann.user.id]


async def test_a_replay_asks_the_provider_like_everything_else(desk: Desk) -> None:
    payment, intent = await desk.payment()
    told = notice(intent)
    await desk.tell(told)
    await desk.till.carry_out()
    assert (await desk.final(payment))[0] is not PaymentStatus.CAPTURED
    await desk.confirm(intent.reference)
    await desk.shop.services.provider_events.replay((await desk.told(told.external_id)).id)
    await desk.till.carry_out()
    assert (await desk.final(payment))[0] is PaymentStatus.CAPTURED
