"""Slow consumers hold up nobody but themselves, and the end of a process nothing that it has just begun."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta
from uuid import uuid4

import pytest

from domain.shared.consuming import Consumer, outside
from domain.shared.errors import Unavailable
from domain.shared.events import Event
from persistence.connections import ConnectionSettings
from persistence.inbox import SqlInbox
from persistence.outbox import SqlOutbox, Taken
from server.relay import TOGETHER_SECONDS, InProcess, Relay
from tests.server.relays import Log, Process, empty, process, running, until


class Shaken(SqlOutbox):
    """On a database that is away when something was done, `times` times; once it had heard, but did not answer."""

    times = 3

    async def done(self, taken: Taken, noted: Sequence[str] = ()) -> bool:
        self.times -= 1
        if self.times == 0:
            await super().done(taken, noted)
        if self.times >= 0:
            raise Unavailable("away")
        return await super().done(taken, noted)


@pytest.fixture
async def one(empty_database: ConnectionSettings) -> AsyncGenerator[Process]:
    async with process(empty_database) as opened:
        yield opened


async def test_who_alone_wants_an_event_and_is_slow_holds_up_no_others(one: Process) -> None:
    key, log, over = uuid4(), Log(), asyncio.Event()

    async def hang(event: Event) -> None:
        del event
        await over.wait()

    await one.write(Event("slow", key), Event("a", key, {"number": 2}))
    async with running(one.relay({"slow": hang}, other={"a": log})):

        async def the_other_is_done() -> bool:
            return bool(log.seen)

        async with asyncio.timeout(10):
            await until(the_other_is_done)
        over.set()
        await empty(one)
    assert log.seen == [(key, 2)]


async def test_of_two_who_are_slow_the_faster_goes_on_without_the_other(one: Process) -> None:
    key, log, over = uuid4(), Log(), asyncio.Event()

    async def hang(event: Event) -> None:
        del event
        await over.wait()

    async def take_a_while(event: Event) -> None:
        await asyncio.sleep(1.5 * TOGETHER_SECONDS)
        await log(event)

    await one.write(Event("a", key, {"number": 1}), Event("a", key, {"number": 2}))
    async with running(one.relay({"a": hang}, other={"a": take_a_while})):

        async def the_second_is_done() -> bool:
            return len(log.seen) == 2

        async with asyncio.timeout(20):
            await until(the_second_is_done)
        over.set()
        await empty(one)
    assert log.seen == [(key, 1), (key, 2)]


async def test_what_is_just_being_taken_at_the_end_is_carried_too(one: Process) -> None:
    taken, log = asyncio.Event(), Log()

    class Far(SqlOutbox):
        """Its answers take a while to come."""

        async def take(self, most: int, lease: timedelta, consumers: Sequence[str] = ()) -> Sequence[Taken]:
            found = await super().take(most, lease, consumers)
            if found:
                taken.set()
                await asyncio.sleep(0.1)
            return found

    await one.write(Event("a", uuid4()))
    consumers = [Consumer("one", {"a": outside(SqlInbox(one.database), log)})]
    async with running(Relay(Far(one.database), InProcess(consumers), one.signals)):
        await taken.wait()
    assert (len(log.seen), await one.rows()) == (1, [])


async def test_what_was_done_while_the_database_went_away_is_done_once(one: Process) -> None:
    log, other = Log(), Log()
    inbox = SqlInbox(one.database)
    carrier = InProcess([Consumer(name, {"a": outside(inbox, to)}) for name, to in {"one": log, "two": other}.items()])
    shaken = Shaken(one.database)
    await one.write(Event("a", uuid4(), {"number": 1}))
    assert await Relay(shaken, carrier, one.signals).turn() == 1
    assert (len(log.seen), len(other.seen), shaken.times) == (1, 1, -1)
    assert await one.rows() == []
