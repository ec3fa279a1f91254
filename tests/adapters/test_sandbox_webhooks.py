"""The sandbox tells the shop of everything that happens to its payments, or does not, as a scenario has it."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import permutations
from operator import itemgetter
from typing import Any

import pytest

from adapters.sandbox.background import MOST_ATTEMPTS, SandboxBackground
from adapters.sandbox.scenarios import Mishap, scenario, within
from adapters.sandbox.webhooks import SandboxNoticeReader, signature
from domain.payments.gateway import BadSignature, Notice
from domain.payments.payment import PaymentProvider, PaymentStatus
from domain.shared.clock import now
from persistence.database import Database
from tests.adapters.sandboxes import Sandbox, fresh, refusal, sandbox_database, usd

__all__ = ["sandbox_database"]

KEY, OTHER = b"k" * 32, b"o" * 32
ALL_SENT = timedelta(days=1)
BODY = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "livemode": False,
        "type": "payment_intent.succeeded",
        "data": {
            "object": {
                "id": "pi_1",
                "object": "payment_intent",
                "amount": 2450,
                "currency": "usd",
                "metadata": {"payment_id": "01890a5d-ac96-774b-bcce-b302099a8057"},
            }
        },
    }
).encode()


@dataclass
class Endpoint:
    """Takes webhooks, with these answers and then 200."""

    sandbox: Sandbox
    answers: list[int] = field(default_factory=list[int])
    seen: list[Notice] = field(default_factory=list[Notice])

    async def __call__(self, body: bytes, signed: str) -> int:
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.seen.append(SandboxNoticeReader([KEY], self.sandbox.clock).read(body, signed))
        return status

    @property
    def background(self) -> SandboxBackground:
        return SandboxBackground(self.sandbox.books, self.sandbox.desk, "http://shop.example", KEY, self.sandbox.clock)

    async def all(self) -> Sequence[str]:
        """The types of all that come within a day."""
        self.seen.clear()
        for _ in range(5):
            while await self.background.turn(self):
                pass
            self.sandbox.clock.turn(10)
        return [notice.type for notice in self.seen]


@pytest.fixture
async def sandbox(sandbox_database: Database) -> Sandbox:
    """With nothing left to be sent of former tests."""
    sandbox = Sandbox.over(sandbox_database)
    sandbox.clock.at -= ALL_SENT
    while await Endpoint(sandbox).background.turn(Endpoint(sandbox)):
        pass
    await Endpoint(sandbox).all()
    return sandbox


@pytest.fixture
def endpoint(sandbox: Sandbox) -> Endpoint:
    return Endpoint(sandbox)


@pytest.mark.parametrize(
    ("token", "told"),
    [
        ("pm_card_visa", ["payment_intent.succeeded"]),
        ("pm_card_chargeDeclined", ["payment_intent.payment_failed"]),
        ("pm_card_authenticationRequired", ["payment_intent.requires_action"]),
        ("pm_card_createDispute", ["payment_intent.succeeded", "charge.dispute.created"]),
        ("pm_usBankAccount", ["payment_intent.processing", "payment_intent.succeeded"]),
        (
            "pm_usBankAccount_accountClosed",
            ["payment_intent.processing", "payment_intent.payment_failed"],
        ),
    ],
)
async def test_everything_is_told_in_its_order(
    sandbox: Sandbox, endpoint: Endpoint, token: str, told: Sequence[str]
) -> None:
    intent = await sandbox.paid(token)
    assert await endpoint.all() == told
    assert {(notice.subject, notice.reference) for notice in endpoint.seen} == {("payment", intent.reference)}
    assert {notice.payment_id for notice in endpoint.seen if notice.amount} == {intent.payment_id}
    assert {notice.amount for notice in endpoint.seen} <= {intent.amount, None}
    assert {(notice.is_live, notice.account) for notice in endpoint.seen} == {(False, None)}
    assert intent.client_secret is not None
    assert not [notice for notice in endpoint.seen if intent.client_secret in notice.payload]
    assert await endpoint.all() == []


async def test_captures_cancellations_and_refunds_are_told(sandbox: Sandbox, endpoint: Endpoint) -> None:
    captured, canceled = await sandbox.paid("pm_card_refundFail", manual=True), await sandbox.paid(manual=True)
    await endpoint.all()
    await sandbox.gateway.capture(captured.reference, usd(4_000), fresh())
    await sandbox.gateway.cancel(canceled.reference, fresh())
    assert sorted(await endpoint.all()) == ["payment_intent.canceled", "payment_intent.succeeded"]
    await sandbox.refund(captured.reference, 1_000)
    refunded = ["refund.created", "charge.refunded", "refund.updated", "refund.failed"]
    assert await endpoint.all() == refunded
    assert {notice.reference for notice in endpoint.seen} == {captured.reference}


async def test_a_buyer_s_decision_and_a_kept_card_are_told(sandbox: Sandbox, endpoint: Endpoint) -> None:
    customer = await sandbox.gateway.new_customer("user", fresh())
    setup = await sandbox.gateway.set_up(customer, fresh())
    intent = await sandbox.paid("pm_card_authenticationRequired")
    await endpoint.all()
    await sandbox.approve(intent)
    await sandbox.approve(intent)
    assert await endpoint.all() == ["payment_intent.succeeded"]
    await sandbox.keep(setup, "pm_card_amex")
    assert await endpoint.all() == ["setup_intent.succeeded"]
    assert [(notice.subject, notice.reference) for notice in endpoint.seen] == [("setup", setup.reference)]


async def test_nothing_is_told_of_what_is_refused_or_comes_again(sandbox: Sandbox, endpoint: Endpoint) -> None:
    intent = await sandbox.paid()
    await endpoint.all()
    await refusal(sandbox.refund(intent.reference, 5_001))
    await sandbox.gateway.cancel(intent.reference, fresh())
    identity = fresh()
    await sandbox.confirm(intent.reference, "pm_card_visa", identity)
    assert await endpoint.all() == []


async def test_what_is_not_taken_comes_again_after_longer_and_longer(sandbox: Sandbox, endpoint: Endpoint) -> None:
    await sandbox.paid()
    endpoint.answers = [500, 0, 404]
    pauses: list[int] = []
    while not endpoint.seen:
        seconds = 0
        while not await endpoint.background.turn(endpoint):
            sandbox.clock.turn(1)
            seconds += 1
        pauses.append(seconds)
    assert pauses == [0, 2, 4, 8]


async def test_what_is_never_taken_is_given_up(sandbox: Sandbox, endpoint: Endpoint) -> None:
    await sandbox.paid()
    endpoint.answers = [500] * 100
    tries = 0
    for _ in range(100):
        tries += await endpoint.background.turn(endpoint)
        sandbox.clock.turn(400)
    assert tries == MOST_ATTEMPTS


async def test_several_processes_send_each_webhook_once(sandbox: Sandbox, endpoint: Endpoint) -> None:
    for _ in range(30):
        await sandbox.paid()
    while sum(await asyncio.gather(*(endpoint.background.turn(endpoint) for _ in range(4)))):
        pass
    ids = [notice.external_id for notice in endpoint.seen]
    assert (len(ids), len(set(ids))) == (30, 30)


async def test_whoever_takes_webhooks_and_dies_leaves_them_to_others(sandbox: Sandbox, endpoint: Endpoint) -> None:
    await sandbox.paid()

    async def dies(body: bytes, signed: str) -> int:
        del body, signed
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await endpoint.background.turn(dies)
    assert await endpoint.background.turn(endpoint) == 0
    sandbox.clock.turn(61)
    assert await endpoint.background.turn(endpoint) == 1


async def told(sandbox: Sandbox, mishaps: str, payments: int = 12) -> Sequence[str]:
    """What is told of payments whose calls suffer these mishaps: `<payment>.<event>`, each payment's in their order."""
    endpoint, numbers = Endpoint(sandbox), dict[str, int]()
    with within(scenario(mishaps)):
        for number in range(payments):
            numbers[(await sandbox.paid("pm_card_createDispute")).reference] = number
    await endpoint.all()
    seen = [(numbers[str(notice.reference)], notice.type) for notice in endpoint.seen]
    return [f"{number}.{type_}" for number, type_ in sorted(seen, key=itemgetter(0))]


@pytest.mark.parametrize("mishaps", ["drop=0.4,seed=3", "duplicate=0.4,seed=3", "reorder,seed=3"])
async def test_the_same_seed_makes_the_same_mishaps(sandbox: Sandbox, mishaps: str) -> None:
    first = await told(sandbox, mishaps)
    assert await told(sandbox, mishaps) == first
    assert first != await told(sandbox, "normal")
    assert first != await told(sandbox, mishaps.replace("3", "4"))


async def test_webhooks_are_dropped_doubled_delayed_and_overtake_each_other(sandbox: Sandbox) -> None:
    usual = await told(sandbox, "normal")
    assert len(usual) == 24
    assert await told(sandbox, "drop") == []
    assert Counter(await told(sandbox, "duplicate")) == dict.fromkeys(usual, 2)
    disordered = await told(sandbox, "reorder")
    assert disordered != usual
    assert sorted(disordered) == sorted(usual)


async def test_a_delayed_webhook_comes_five_seconds_later(sandbox: Sandbox, endpoint: Endpoint) -> None:
    with within(scenario("delay")):
        await sandbox.paid()
    sandbox.clock.turn(4.9)
    assert await endpoint.background.turn(endpoint) == 0
    sandbox.clock.turn(0.1)
    assert await endpoint.background.turn(endpoint) == 1


async def test_the_copy_of_a_webhook_is_the_same_event(sandbox: Sandbox, endpoint: Endpoint) -> None:
    with within(scenario("duplicate")):
        await sandbox.paid()
    await endpoint.all()
    assert len(endpoint.seen) == 2
    assert len({(notice.external_id, notice.payload) for notice in endpoint.seen}) == 1


@pytest.mark.parametrize(
    "text", ["rain", "drop=2", "drop=-1", "drop=x", "drop=nan", "seed=x", "seed=-1", "normal=1", "drop" * 100]
)
def test_a_scenario_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        scenario(text)


@pytest.mark.parametrize("text", ["", "normal", " normal , seed=1"])
def test_normally_nothing_goes_wrong(text: str) -> None:
    assert not any(scenario(text).strikes(mishap) for mishap in Mishap)


@pytest.mark.parametrize("names", list(permutations(["drop", "delay=0.5", "seed=7"])))
def test_the_parts_of_a_scenario_come_in_any_order(names: Sequence[str]) -> None:
    assert scenario(", ".join(names)).chances == {Mishap.DROP: 1.0, Mishap.DELAY: 0.5}


def test_a_signed_notice_is_read() -> None:
    at = now()
    notice = SandboxNoticeReader([OTHER, KEY], lambda: at).read(BODY, signature(KEY, BODY, at))
    assert (notice.external_id, notice.type, notice.reference) == ("evt_1", "payment_intent.succeeded", "pi_1")
    assert (notice.amount, str(notice.payment_id)) == (usd(2_450), "01890a5d-ac96-774b-bcce-b302099a8057")
    assert notice.payload == BODY.decode()
    assert SandboxNoticeReader([KEY], lambda: at).provider is PaymentProvider.SANDBOX


@pytest.mark.parametrize(("seconds", "believed"), [(-301, False), (-299, True), (299, True), (301, False)])
def test_a_signature_holds_for_five_minutes_both_ways(seconds: int, believed: bool) -> None:  # noqa: FBT001
    at = now().replace(microsecond=0)
    signed = signature(KEY, BODY, at + timedelta(seconds=seconds))
    reader = SandboxNoticeReader([KEY], lambda: at)
    if believed:
        assert reader.read(BODY, signed).external_id == "evt_1"
    else:
        with pytest.raises(BadSignature):
            reader.read(BODY, signed)


def forgeries() -> Sequence[Any]:
    at = now()
    good, seconds = signature(KEY, BODY, at), int(at.timestamp())
    mac = good.partition("v1=")[2]
    texts = {
        "nothing": "",
        "another's key": signature(OTHER, BODY, at),
        "of another body": signature(KEY, BODY + b" ", at),
        "no time": f"v1={mac}",
        "no signature": f"t={seconds}",
        "two times": f"t={seconds},{good}",
        "another time": f"t={seconds + 1},v1={mac}",
        "odd digits": f"t=٣,v1={mac}",
        "odd signature": f"t={seconds},v1={mac}é",
        "another scheme": f"t={seconds},v0={mac}",
        "cut": good[:-1],
        "very long": "," * 5_000 + good,
        "huge time": f"t={'9' * 400},v1={mac}",
        "longer than digits may be": f"t={'9' * 900},v1={mac}",
    }
    return [pytest.param(text, id=name) for name, text in texts.items()]


@pytest.mark.parametrize("signed", forgeries())
def test_what_is_not_signed_is_not_believed(signed: str) -> None:
    with pytest.raises(BadSignature):
        SandboxNoticeReader([KEY], now).read(BODY, signed)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 50_000,
        b'{"id":"e","type":"t","livemode":false,"data":{"object":3}}',
        BODY.replace(b"01890a5d", b"nothing!"),
        BODY.replace(b"usd", b"???"),
    ],
)
def test_what_is_signed_and_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(BadSignature):
        SandboxNoticeReader([KEY], now).read(body, signature(KEY, body, now()))


async def test_a_webhook_tells_no_more_than_asking_would(sandbox: Sandbox, endpoint: Endpoint) -> None:
    intent = await sandbox.paid()
    await endpoint.all()
    object_ = json.loads(endpoint.seen[-1].payload)["data"]["object"]
    assert (object_["status"], object_["amount_received"]) == ("succeeded", 5_000)
    assert (await sandbox.gateway.retrieve(intent.reference)).status is PaymentStatus.CAPTURED
