"""Events are carried out by one relay each, in order, whatever fails, and whoever comes and goes."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from domain.shared.consuming import AT_ONCE
from domain.shared.errors import Unavailable
from domain.shared.events import Event, Handler
from domain.shared.mail import MailRefused
from persistence.connections import ConnectionSettings
from persistence.outbox import SqlOutbox
from server.relay import FINISHING_SECONDS, InProcess, Relay
from tests import sql
from tests.gate import gate
from tests.server.relays import Log, Process, empty, process, running, until
from tests.sizes import EVENTS

SECRET = "ann@shop.example canary"


@dataclass
class Failing:
    """Raises `failure` the first `times`."""

    failure: Exception
    times: int = 1_000_000
    tries: int = 0

    async def __call__(self, event: Event) -> None:
        del event
        self.tries += 1
        if self.tries <= self.times:
            raise self.failure


@pytest.fixture
async def one(empty_database: ConnectionSettings) -> AsyncGenerator[Process]:
    async with process(empty_database) as opened:
        yield opened


@pytest.fixture
async def other(empty_database: ConnectionSettings) -> AsyncGenerator[Process]:
    async with process(empty_database) as opened:
        yield opened


async def test_two_relays_carry_each_event_once_and_those_of_a_key_in_order(one: Process, other: Process) -> None:
    keys, per_key = [uuid4() for _ in range(EVENTS // 10)], 10
    events = [Event("a", key, {"number": n}) for n in range(per_key) for key in keys]
    log, shares, shared = Log(), Counter[str](), asyncio.Event()

    def counting(name: str) -> Handler:
        async def handle(event: Event) -> None:
            shares[name] += 1
            if len(shares) > 1:
                shared.set()
            # on a busy machine, one could be done with all before the other begins
            await shared.wait()
            await log(event)

        return handle

    async with running(one.relay({"a": counting("one")}), other.relay({"a": counting("other")})):
        for start in range(0, EVENTS, 100):
            await one.write(*events[start : start + 100])
        await empty(one)
    seen = dict[UUID, list[int]]()
    for key, number in log.seen:
        seen.setdefault(key, []).append(number)
    assert seen == {key: list(range(per_key)) for key in keys}
    assert shares.keys() == {"one", "other"}
    assert shares.total() == EVENTS


async def test_a_key_is_carried_in_order_across_relays(one: Process, other: Process) -> None:
    log, key = Log(), uuid4()
    await one.write(*(Event("a", key, {"number": n}) for n in range(60)))
    async with running(one.relay({"a": log}), other.relay({"a": log})):
        await empty(one)
    assert log.seen == [(key, n) for n in range(60)]


async def test_what_is_unavailable_is_tried_for_ever_and_counts_as_no_try(one: Process) -> None:
    handler = Failing(Unavailable(SECRET), times=12)
    relay = one.relay({"a": handler})
    await one.write(Event("a", uuid4()))
    await one.given_out()
    for _ in range(12):
        assert await relay.turn() == 1
        assert await relay.turn() == 0  # it waits
        assert await one.rows() == [("a", 0, "Unavailable", False)]
        await one.make_due()
    assert await relay.turn() == 1
    assert (handler.tries, await one.rows()) == (13, [])


async def test_an_outage_does_not_use_up_the_tries_of_other_failures(one: Process) -> None:
    relay, broken = one.relay({"a": Failing(Unavailable("away"))}), one.relay({"a": Failing(ValueError(SECRET))})
    await one.write(Event("a", uuid4()))
    await one.given_out()
    for _ in range(10):
        await relay.turn()
        await one.make_due()
    await broken.turn()
    assert await one.rows() == [("a", 1, "ValueError", False)]


async def test_what_fails_otherwise_is_parked_after_five_tries_without_a_word_of_it(one: Process) -> None:
    handler = Failing(ValueError(SECRET))
    relay = one.relay({"a": handler})
    await one.write(Event("a", uuid4()))
    await one.given_out()
    with capture_logs() as logged:
        for attempt in range(1, 6):
            assert await relay.turn() == 1
            assert await one.rows() == [("a", attempt, "ValueError", attempt == 5)]
            await one.make_due()
        assert await relay.turn() == 0
    assert handler.tries == 5
    assert [line["event"] for line in logged] == ["event not handled"] * 5 + ["event parked"]


async def test_a_letter_that_is_refused_is_parked_at_once_and_the_next_of_its_key_goes_on(one: Process) -> None:
    key, log = uuid4(), Log()
    await one.write(Event("a", key), Event("b", key, {"number": 7}))
    await one.given_out()
    relay = one.relay({"a": Failing(MailRefused(SECRET)), "b": log})
    assert await relay.turn() == 1
    assert await relay.turn() == 1
    assert log.seen == [(key, 7)]
    assert await one.rows() == [("a", 1, "MailRefused", True)]


async def test_poison_holds_up_nothing_else(one: Process) -> None:
    log, poison = Log(), Failing(ValueError("poison"))
    await one.write(*(Event("poison", uuid4()) for _ in range(AT_ONCE + 5)), *(Event("a", uuid4()) for _ in range(50)))

    async def only_poison_is_left() -> bool:
        return {row[0] for row in await one.rows()} == {"poison"}

    with capture_logs():
        async with running(one.relay({"a": log, "poison": poison})):
            await until(only_poison_is_left)
    assert len(log.seen) == 50
    assert poison.tries >= AT_ONCE + 5


async def test_a_slow_handler_holds_up_nobody(one: Process) -> None:
    log, begun = Log(), asyncio.Event()

    async def hang(event: Event) -> None:
        del event
        begun.set()
        await asyncio.sleep(FINISHING_SECONDS / 2)

    await one.write(Event("slow", uuid4()))
    async with running(one.relay({"a": log, "slow": hang})):
        await begun.wait()
        await one.write(*(Event("a", uuid4()) for _ in range(3 * AT_ONCE)))

        async def all_others_are_done() -> bool:
            return len(log.seen) == 3 * AT_ONCE

        await until(all_others_are_done)
    assert await one.rows() == []


async def test_what_nobody_here_knows_waits_for_a_newer_version(one: Process) -> None:
    log = Log()
    await one.write(Event("new", uuid4(), {"number": 1}))
    await one.relay({}).turn()
    assert await one.rows() == [("new", 0, "Unavailable", False)]
    await one.make_due()
    newer = one.relay({"new": log})
    while await newer.turn():
        pass
    assert (len(log.seen), await one.rows()) == (1, [])


async def test_each_consumer_fails_for_itself(one: Process) -> None:
    log, key, away = Log(), uuid4(), Failing(Unavailable("away"))
    relay = one.relay({"a": log}, away={"a": away}, broken={"a": Failing(MailRefused(SECRET))}, idle={"b": log})
    await one.write(Event("a", key, {"number": 1}), Event("a", key, {"number": 2}))
    with capture_logs():
        while await relay.turn():
            pass
    assert log.seen == [(key, 1), (key, 2)]
    asked = "SELECT consumer, facts->>'number', error, parked_at IS NOT NULL FROM outbox ORDER BY 1, 2"
    left = [tuple(row) for row in await sql.rows(one.database, asked)]
    # what is parked stands in nobody's way; what waits does, of its own consumer
    refused = [("broken", number, "MailRefused", True) for number in "12"]
    assert left == [("away", "1", "Unavailable", False), ("away", "2", None, False), *refused]


async def test_what_nobody_wants_leaves(one: Process) -> None:
    await one.write(Event("a", uuid4()), Event("b", uuid4()))
    relay = Relay(SqlOutbox(one.database), InProcess([], ["a", "b"]), one.signals)
    assert await relay.turn() == 2
    assert await one.rows() == []


async def test_what_is_under_way_at_the_end_is_finished(one: Process) -> None:
    begun, log = asyncio.Event(), Log()

    async def take_a_while(event: Event) -> None:
        begun.set()
        await asyncio.sleep(0.1)
        await log(event)

    await one.write(Event("a", uuid4()))
    async with running(one.relay({"a": take_a_while})):
        await begun.wait()
    assert (len(log.seen), await one.rows()) == (1, [])


async def test_what_takes_too_long_at_the_end_is_given_up_and_comes_again(one: Process) -> None:
    begun, log = asyncio.Event(), Log()

    async def hang(event: Event) -> None:
        del event
        begun.set()
        await asyncio.Event().wait()

    await one.write(Event("a", uuid4()))
    async with running(one.relay({"a": hang})):
        await begun.wait()
    assert await one.rows() == [("a", 1, None, False)]
    relay = one.relay({"a": log})
    assert await relay.turn() == 0  # its lease is not over
    await one.make_due()
    assert await relay.turn() == 1
    assert (len(log.seen), await one.rows()) == (1, [])


async def test_a_relay_outlives_the_database_s_absence(one: Process, empty_database: ConnectionSettings) -> None:
    log = Log()
    async with gate(empty_database.url) as way, process(ConnectionSettings(way.url)) as far:
        with capture_logs() as logged:
            async with running(far.relay({"a": log})):
                await one.write(Event("a", uuid4(), {"number": 1}))
                await empty(one)
                await way.cut()

                async def noticed() -> bool:
                    return "taking events fails" in [line["event"] for line in logged]

                await until(noticed)
                await one.write(Event("a", uuid4(), {"number": 2}))
                await way.open()
                await empty(one)
    assert [number for _, number in log.seen] == [1, 2]
    assert "taking events works again" in [line["event"] for line in logged]
