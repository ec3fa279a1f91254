"""What consumers of events can rely on, whoever brings them: this process itself, or RabbitMQ."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from domain.shared.consuming import Hopeless
from domain.shared.errors import Unavailable
from domain.shared.events import Event
from persistence.connections import ConnectionSettings
from persistence.unit_of_work import SqlUnitOfWork
from tests import sql
from tests.server.buses import Bus, bus, until


@dataclass
class Log:
    """Writes down what it is given; the first `failures` times it raises instead."""

    failures: Sequence[Exception] = ()
    seen: list[Event] = field(default_factory=list[Event])
    tries: int = 0

    async def __call__(self, event: Event) -> None:
        self.tries += 1
        if self.tries <= len(self.failures):
            raise self.failures[self.tries - 1]
        self.seen.append(event)


@pytest.fixture(params=["in process", "rabbitmq"])
async def events(request: pytest.FixtureRequest, empty_database: ConnectionSettings) -> AsyncGenerator[Bus]:
    url = request.getfixturevalue("rabbitmq_url") if request.param == "rabbitmq" else None
    async with bus(empty_database, url) as opened:
        yield opened


async def test_each_consumer_gets_every_event_of_its_topics_once_as_it_was_written(events: Bus) -> None:
    one, other = Log(), Log()
    a, b = events.event("a", 2**53), Event(events.topic("b"), UUID(int=1), {"text": 'Zoë \U0001f600 \\ "', "no": None})
    async with events.running(events.consumer("one", a=one, b=one), events.consumer("other", b=other)):
        await events.write(a, b)
        await until(lambda: len(one.seen) == 2 and len(other.seen) == 1)
        await until(lambda: _nothing_waits(events))
    assert sorted(one.seen, key=lambda event: event.topic) == [a, b]
    assert other.seen == [b]


async def _nothing_waits(events: Bus) -> bool:
    return await events.waiting() == 0


async def test_events_of_a_key_come_in_order_and_never_two_at_a_time(events: Bus) -> None:
    seen, at_it = list[int](), Counter[UUID]()

    async def handle(event: Event) -> None:
        at_it[event.key] += 1
        assert at_it[event.key] == 1
        await asyncio.sleep(0.002)
        seen.append(int(str(event.facts["number"])))
        at_it[event.key] -= 1

    first = events.event("a", 0)
    async with events.running(events.consumer("one", a=handle)):
        await events.write(first, *(events.event("a", number, first) for number in range(1, 40)))
        await until(lambda: len(seen) == 40)
    assert seen == list(range(40))


async def test_what_fails_is_tried_again_for_who_failed_alone(events: Bus) -> None:
    one, other = Log([ValueError("canary"), TimeoutError("canary")]), Log()
    event = events.event("a")
    with capture_logs() as logged:
        async with events.running(events.consumer("one", a=one), events.consumer("other", a=other)):
            await events.write(event)
            await until(lambda: bool(one.seen))
    assert (one.seen, one.tries) == ([event], 3)
    assert (other.seen, other.tries) == ([event], 1)
    assert await events.parked() == []
    assert [line["event"] for line in logged if line["log_level"] == "error"] == ["event not handled"] * 2


async def test_poison_is_put_aside_after_five_tries_and_holds_up_nobody(events: Bus) -> None:
    poison, log = Log([ValueError("canary")] * 100), Log()
    with capture_logs():
        async with events.running(events.consumer("one", poison=poison, a=log), events.consumer("other", poison=log)):
            await events.write(*(events.event("poison") for _ in range(3)), *(events.event("a") for _ in range(50)))
            await until(lambda: len(log.seen) == 53)
            assert await events.parked() == []

            async def all_are_parked() -> bool:
                return len(await events.parked()) == 3

            await until(all_are_parked)
    assert await events.parked() == [("one", "poison", 5, "ValueError")] * 3
    assert poison.tries == 15


async def test_what_is_hopeless_is_put_aside_at_once(events: Bus) -> None:
    handler, log = Log([Hopeless("canary")]), Log()
    first = events.event("hopeless")
    with capture_logs():
        async with events.running(events.consumer("one", hopeless=handler, a=log)):
            await events.write(first, events.event("a", 0, first))

            async def is_parked() -> bool:
                return bool(log.seen) and bool(await events.parked())

            await until(is_parked)
    assert await events.parked() == [("one", "hopeless", 1, "Hopeless")]


async def test_what_is_away_is_waited_for_and_counts_as_no_try(events: Bus) -> None:
    failures = [Unavailable("away"), Unavailable("away"), ValueError("canary"), Unavailable("away")]
    handler = Log(failures)
    with capture_logs():
        async with events.running(events.consumer("one", a=handler)):
            await events.write(events.event("a"))
            await until(lambda: bool(handler.seen))
    assert handler.tries == 5
    assert await events.parked() == []


async def test_what_was_put_aside_goes_to_who_failed_alone_when_it_is_taken_up_again(events: Bus) -> None:
    one, other = Log([Hopeless("canary")]), Log()
    event = events.event("a")
    with capture_logs():
        async with events.running(events.consumer("one", a=one), events.consumer("other", a=other)):
            await events.write(event)

            async def is_parked() -> bool:
                return bool(other.seen) and bool(await events.parked())

            await until(is_parked)
            await sql.run(events.database, "UPDATE outbox SET parked_at = NULL, attempts = 0, due_at = now()")
            await until(lambda: bool(one.seen))
            await until(lambda: _nothing_waits(events))
    assert (one.seen, one.tries, other.seen, other.tries) == ([event], 2, [event], 1)


async def test_what_comes_twice_has_its_effect_once(events: Bus) -> None:
    log, last = Log(), Log()
    event = events.event("a")
    async with events.running(events.consumer("one", a=log, last=last)):
        await events.write(event)
        await until(lambda: bool(log.seen))
        await until(lambda: _nothing_waits(events))
        await events.write(event, events.event("last", 0, event))
        await until(lambda: bool(last.seen))
    assert log.seen == [event]


async def test_an_effect_in_the_database_is_one_transaction_with_the_note_of_it(events: Bus) -> None:
    tries = Counter[str]()

    async def effect(work: SqlUnitOfWork, event: Event) -> None:
        work.happened(Event(events.topic("done"), event.key, event.facts))
        tries["a"] += 1
        if tries["a"] == 1:
            raise ValueError("canary")

    done = Log()
    event = events.event("a", 7)
    with capture_logs():
        async with events.running(events.inside("one", a=effect), events.consumer("other", done=done)):
            await events.write(event)
            await until(lambda: bool(done.seen))
            await until(lambda: _nothing_waits(events))
            await events.write(event)
            await until(lambda: _nothing_waits(events))
            last = events.event("done", 8, event)
            await events.write(last)
            await until(lambda: last in done.seen)
    assert [seen.facts["number"] for seen in done.seen] == [7, 8]
    assert tries["a"] == 2


async def test_what_nobody_wants_leaves_the_outbox(events: Bus) -> None:
    events.unanswered = [events.topic("nobody")]
    log = Log()
    async with events.running(events.consumer("one", a=log)):
        await events.write(events.event("nobody"), events.event("a"))
        await until(lambda: _nothing_waits(events))
        await until(lambda: bool(log.seen))
    assert await events.parked() == []


async def test_what_nobody_here_knows_waits_for_a_newer_version(events: Bus) -> None:
    log = Log()
    event = events.event("new")
    async with events.running(events.consumer("one", a=log)):
        await events.write(event, events.event("a"))
        await until(lambda: bool(log.seen))
    assert await events.waiting() == 1
    async with events.running(events.consumer("one", a=log, new=log)):
        await until(lambda: event in log.seen)
        await until(lambda: _nothing_waits(events))
