"""Events on their way: with their transaction or not at all, to one at a time, in order."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from datetime import timedelta
from uuid import UUID

import pytest

from domain.shared.clock import now
from domain.shared.errors import Unavailable
from domain.shared.events import Event
from domain.shared.ids import uuid7
from domain.users.user import User, UserId, UserRole
from persistence import outbox
from persistence.connections import ConnectionSettings
from persistence.database import Database
from persistence.outbox import Fate, Left, SqlOutbox, Taken
from persistence.signals import SqlSignals
from persistence.unit_of_work import TOPIC, SqlUnitOfWork, SqlUnitsOfWork
from tests import sql

LEASE = timedelta(minutes=1)
EVERYTHING = "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM outbox)"


@pytest.fixture
async def database(empty_database: ConnectionSettings) -> AsyncGenerator[Database]:
    opened = Database(empty_database)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def signals(database: Database) -> AsyncGenerator[SqlSignals]:
    async with SqlSignals(database) as opened:
        yield opened


@pytest.fixture
def events(database: Database) -> SqlOutbox:
    return SqlOutbox(database)


async def write(database: Database, *events: Event) -> None:
    async with database.transaction() as transaction:
        await outbox.write(transaction, events)
        await transaction.commit()


async def the_only(events: SqlOutbox) -> Taken:
    (taken,) = await events.take(10, LEASE)
    return taken


def somebody() -> User:
    at = now()
    return User(UserId(uuid7()), "ann@shop.example", "Ann", "Lee", UserRole.CUSTOMER, False, at, at)  # noqa: FBT003


async def register(work: SqlUnitOfWork) -> User:
    user = await work.users.add(somebody(), "a hash")
    work.happened(Event("user.created", user.id))
    return user


# With the transaction


async def test_an_event_leaves_with_its_transaction(database: Database, signals: SqlSignals, events: SqlOutbox) -> None:
    async with signals.subscribe(TOPIC) as heard:
        async with SqlUnitsOfWork(database, signals, now)() as work:
            user = await register(work)
            assert await events.take(10, LEASE) == []
            await work.commit()
        async with asyncio.timeout(30):
            await anext(heard)
    taken = await the_only(events)
    assert (taken.event.topic, taken.event.key, taken.event.facts, taken.attempts) == ("user.created", user.id, {}, 1)


async def test_without_a_commit_neither_the_change_nor_the_event_is_there(
    database: Database, signals: SqlSignals
) -> None:
    async def fail() -> None:
        async with SqlUnitsOfWork(database, signals, now)() as work:
            await register(work)
            raise ZeroDivisionError

    async with SqlUnitsOfWork(database, signals, now)() as work:
        await register(work)
    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await sql.value(database, EVERYTHING) == 0


async def test_who_loses_the_database_before_the_commit_leaves_nothing(database: Database, signals: SqlSignals) -> None:
    async def lose_it() -> None:
        async with SqlUnitsOfWork(database, signals, now)() as work:
            await register(work)
            await sql.run(
                database,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE state = 'idle in transaction' AND datname = current_database()",
            )
            await work.commit()

    with pytest.raises(Unavailable):
        await lose_it()
    assert await sql.value(database, EVERYTHING) == 0


# In order


async def in_turns(events: SqlOutbox) -> list[int]:
    """What is given out, one by one, each only after the one before it is done."""
    seen: list[int] = []
    while taken := await events.take(100, LEASE):
        assert len(taken) == 1
        seen.append(int(str(taken[0].event.facts["number"])))
        await events.done(taken[0])
    return seen


async def test_events_of_one_transaction_keep_their_order(database: Database, events: SqlOutbox) -> None:
    key = uuid7()
    await write(database, *(Event("a", key, {"number": n}) for n in range(50)))  # of one millisecond, many of them
    assert await in_turns(events) == list(range(50))


async def test_a_process_whose_clock_is_behind_does_not_overtake(database: Database, events: SqlOutbox) -> None:
    key, minutes = uuid7(), 60_000
    for n in range(5):
        fast_or_slow = uuid7(1_700_000_000_000 - n * minutes)
        await write(database, Event("a", key, {"number": n}, fast_or_slow))
    assert await in_turns(events) == list(range(5))


async def test_of_one_key_only_the_first_event_is_given_out(database: Database, events: SqlOutbox) -> None:
    one, other = uuid7(), uuid7()
    await write(database, Event("a", one), Event("b", one), Event("a", other))
    first = await events.take(10, LEASE)
    assert Counter(taken.event.key for taken in first) == {one: 1, other: 1}
    assert await events.take(10, LEASE) == []
    for taken in first:
        await events.leave(taken, Left("", Fate.AGAIN, 1, "ValueError"))
    again = await events.take(10, LEASE)
    assert {taken.event.id for taken in again} == {taken.event.id for taken in first}


async def test_what_is_parked_stands_in_nobody_s_way(database: Database, events: SqlOutbox) -> None:
    key = uuid7()
    await write(database, Event("a", key), Event("b", key))
    await events.leave(await the_only(events), Left("one", Fate.PARKED, 1, "MailRefused"))
    assert (await the_only(events)).event.topic == "b"
    assert await sql.value(database, "SELECT error FROM outbox WHERE parked_at IS NOT NULL") == "MailRefused"


# To one at a time


async def test_takers_at_once_share_without_overlap(database: Database, events: SqlOutbox) -> None:
    await write(database, *(Event("a", uuid7()) for _ in range(200)))
    shares = await asyncio.gather(*(events.take(30, LEASE) for _ in range(10)))
    counted = Counter(taken.event.id for share in shares for taken in share)
    assert set(counted.values()) == {1}
    assert max(len(share) for share in shares) == 30
    left = await events.take(300, LEASE)
    assert len(counted) + len(left) == 200
    assert not {taken.event.id for taken in left} & set(counted)


async def test_a_lease_that_is_over_lets_somebody_else_take_it(database: Database, events: SqlOutbox) -> None:
    await write(database, Event("a", uuid7()))
    assert (await the_only(events)).attempts == 1
    assert await events.take(10, LEASE) == []
    await sql.run(database, "UPDATE outbox SET due_at = due_at - interval '1 minute'")
    assert (await the_only(events)).attempts == 2


async def test_who_comes_late_changes_nothing_that_is_another_s(database: Database, events: SqlOutbox) -> None:
    await write(database, Event("a", uuid7()))
    late = await the_only(events)
    await sql.run(database, "UPDATE outbox SET due_at = now()")
    current = await the_only(events)
    assert not await events.done(late)
    for fate in Fate:
        await events.leave(late, Left("one", fate, 1, "x"))
    assert await events.take(10, LEASE) == []
    unchanged = "SELECT count(*) FROM outbox WHERE attempts = 2 AND error IS NULL AND parked_at IS NULL"
    assert await sql.value(database, unchanged) == 1
    await events.done(current)
    assert await sql.value(database, "SELECT count(*) FROM outbox") == 0


async def test_the_database_s_clock_decides_what_is_due(database: Database, events: SqlOutbox) -> None:
    await write(database, Event("a", uuid7()))
    await sql.run(database, "UPDATE outbox SET due_at = now() + interval '1 second'")
    assert await events.take(10, LEASE) == []
    await sql.run(database, "UPDATE outbox SET due_at = now()")
    taken = await the_only(events)
    left = await sql.value(database, "SELECT extract(epoch FROM due_at - now()) FROM outbox")
    assert 50 <= left <= 60
    assert taken.until.tzinfo is not None


# Again


@pytest.mark.parametrize(("age", "pause"), [("0 seconds", 2), ("1 minute", 60), ("1 day", 300)])
async def test_waiting_takes_as_long_again_as_the_event_is_old_and_is_no_try(
    database: Database, events: SqlOutbox, age: str, pause: int
) -> None:
    await write(database, Event("a", uuid7()))
    await sql.run(database, f"UPDATE outbox SET occurred_at = now() - interval '{age}'")
    await events.leave(await the_only(events), Left("", Fate.WAIT, 0, "Unavailable"))
    seconds = await sql.value(database, "SELECT extract(epoch FROM due_at - now()) FROM outbox")
    assert pause - 2 <= seconds <= pause + 1
    assert await sql.value(database, "SELECT count(*) FROM outbox WHERE attempts = 0 AND error = 'Unavailable'") == 1


async def test_facts_come_back_as_they_were(database: Database, events: SqlOutbox) -> None:
    facts = {"text": 'Zoë \U0001f600 \\ "', "number": 2**53, "yes": True, "nothing": None}
    event = Event("a", UUID(int=0), facts)
    await write(database, event)
    assert (await the_only(events)).event == event
