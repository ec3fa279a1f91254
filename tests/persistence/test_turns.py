"""Who waits in the process waits in order, and no longer than an operation may take."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
from sqlalchemy import Numeric, func, select, text

from domain.shared.errors import Unavailable
from persistence.connections import ConnectionSettings
from persistence.database import Database, Transaction
from persistence.statements import Statement, parameter
from persistence.turns import SHOWING_SECONDS, Seats, Turns, changed, left, left_to_begin, left_to_read, timed
from tests import sql
from tests.gate import gate

COUNT = Statement(text("UPDATE shop SET name = CAST(CAST(name AS int) + 1 AS text)"))
COUNTED = "SELECT name FROM shop"
SLEEP = Statement(select(func.pg_sleep(parameter("seconds", Numeric()))))
CROWD = 100


@pytest.fixture
async def database(empty_database: ConnectionSettings) -> AsyncGenerator[Database]:
    opened = Database(replace(empty_database, pool_size=4, lock_timeout_ms=20))
    await opened.open()
    await sql.run(opened, "UPDATE shop SET name = '0'")
    yield opened
    await opened.close()


async def test_turns_come_in_order_of_arrival_and_one_at_a_time() -> None:
    turns, order, inside = Turns(), list[int](), 0

    async def one(number: int) -> bool:
        nonlocal inside
        async with turns.of("row", left()) as waited:
            inside += 1
            order.append(number)
            await asyncio.sleep(0)
            assert inside == 1
            inside -= 1
        return waited

    waited = await asyncio.gather(*(one(number) for number in range(CROWD)))
    assert order == list(range(CROWD))
    assert waited == [False] + [True] * (CROWD - 1)
    assert not turns


async def test_what_has_another_key_waits_for_nobody() -> None:
    turns = Turns()
    async with turns.of("one", left()), asyncio.timeout(5), turns.of("other", left()) as waited:
        assert not waited


async def test_who_waits_longer_than_an_operation_may_take_is_told_and_the_others_go_on() -> None:
    turns, seats = Turns(), Seats(1)
    await seats.take(1)
    async with turns.of("row", left()):
        with timed(0.01):
            with pytest.raises(TimeoutError):
                await seats.take(left())
            with pytest.raises(TimeoutError):
                async with turns.of("row", left()):
                    raise AssertionError("it is not its turn")
            assert left() == 0
            assert left_to_read() == SHOWING_SECONDS
            changed()  # what comes next has its own time
            assert left() > 0
    seats.leave()
    assert not await seats.take(1)
    async with turns.of("row", left()) as waited:
        assert not waited


async def test_who_gives_up_waiting_takes_no_turn_from_others() -> None:
    turns, seats = Turns(), Seats(1)
    await seats.take(1)
    for _ in range(10):
        waiting = [asyncio.ensure_future(seats.take(5)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        seats.leave()
        waiting[1].cancel()
        assert await waiting[2]
    async with turns.of("row", left()):
        leaving = asyncio.ensure_future(turns.of("row", left()).__aenter__())
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait([leaving])
    assert not turns


async def test_nobody_begins_with_too_little_time_to_finish(database: Database) -> None:
    async with database.turn("shop"):
        with timed(10.0):
            assert 5.0 < left_to_begin() <= 6.0
        with timed(0.02), pytest.raises(Unavailable):
            async with database.turn("shop"):
                raise AssertionError("it is not its turn")


async def _count(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.turn("shop")
        await transaction.run(COUNT, {})
        await transaction.fetch(SLEEP, {"seconds": 0.01})
        await transaction.commit()


async def test_a_crowd_that_wants_one_row_gets_it_in_turn_however_short_the_time_for_a_lock(database: Database) -> None:
    await asyncio.gather(*(_count(database) for _ in range(CROWD)))
    assert await sql.value(database, COUNTED) == str(CROWD)


async def test_a_turn_ends_with_its_transaction_and_is_taken_once(database: Database) -> None:
    async def fail(transaction: Transaction) -> None:
        await transaction.turn("shop")
        await transaction.turn("shop")
        raise LookupError

    for _ in range(3):
        with pytest.raises(LookupError):
            async with database.transaction() as transaction:
                await fail(transaction)
    await _count(database)
    assert await sql.value(database, COUNTED) == "1"


async def test_a_database_that_falls_silent_is_unavailable_when_the_time_is_over(
    empty_database: ConnectionSettings,
) -> None:
    async with gate(empty_database.url) as way:
        database = Database(replace(empty_database, url=way.url, pool_size=2))
        await database.open()
        await sql.run(database, "UPDATE shop SET name = '0'")
        way.hold()
        with timed(0.1):
            crowd = await asyncio.gather(*(_count(database) for _ in range(10)), return_exceptions=True)
        assert {type(one) for one in crowd} == {Unavailable}
        way.release()
        await _count(database)
        assert await sql.value(database, COUNTED) == "1"
        await database.close()
