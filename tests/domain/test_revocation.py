"""What a process knows of revoked sessions, over a database and signals that tests hold in their hands."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.shared.errors import Unavailable
from domain.users.revocation import OVERLAP, REMEMBERED, TOPIC, RevokedSessions
from domain.users.tokens import ACCESS_LIFETIME
from domain.users.user import SessionId

ONE, TWO = SessionId(UUID(int=1)), SessionId(UUID(int=2))
SECOND = timedelta(seconds=1)
PATIENCE = 30.0
"""Seconds until a test that hangs fails."""


class Table:
    """The revocations in the database. Implements `RevocationReader`."""

    def __init__(self) -> None:
        self.rows: dict[SessionId, datetime] = {}
        self.away = False
        self.asked: asyncio.Queue[datetime] = asyncio.Queue()

    async def since(self, instant: datetime) -> Iterable[SessionId]:
        self.asked.put_nowait(instant)
        if self.away:
            raise Unavailable("The database does not answer.")
        return [session for session, at in self.rows.items() if at > instant]


class Wire:
    """Signals that can be cut. Implements `domain.shared.signals.Signals`."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()

    async def publish(self, topic: str, message: str) -> None:
        self.said.append((topic, message))

    def hear(self, message: str | None) -> None:
        """None cuts it."""
        self._queue.put_nowait(message)

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncGenerator[AsyncIterator[str]]:
        assert topic == TOPIC
        yield self._messages()

    async def _messages(self) -> AsyncIterator[str]:
        while (message := await self._queue.get()) is not None:
            yield message


class Known:
    """What is known, with what it is known from."""

    def __init__(self) -> None:
        self.table, self.wire = Table(), Wire()
        self.at = datetime(2026, 11, 25, 12, tzinfo=UTC)
        self.revoked = RevokedSessions(self.table, self.wire, lambda: self.at)

    def revoke(self, session: SessionId, at: datetime | None = None) -> None:
        self.table.rows[session] = at or self.at

    @asynccontextmanager
    async def following(self) -> AsyncGenerator[None]:
        task = asyncio.create_task(self.revoked.follow())
        try:
            await self.looked()
            yield
            assert not task.done()
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def looked(self) -> None:
        """Wait until the database is asked again."""
        async with asyncio.timeout(PATIENCE):
            await self.table.asked.get()


@pytest.fixture
def known() -> Known:
    return Known()


async def until(known: Known, session: SessionId) -> None:
    async with asyncio.timeout(PATIENCE):
        await known.revoked.until(session)


async def test_before_the_first_look_nothing_is_known(known: Known) -> None:
    assert not known.revoked.loaded
    await known.revoked.look()
    assert known.revoked.loaded


async def test_a_look_that_fails_is_none(known: Known) -> None:
    known.table.away = True
    with pytest.raises(Unavailable):
        await known.revoked.look()
    assert not known.revoked.loaded


async def test_the_first_look_goes_back_as_far_as_any_token_is_valid(known: Known) -> None:
    known.revoke(ONE, known.at - ACCESS_LIFETIME)
    known.revoke(TWO, known.at - REMEMBERED - SECOND)
    await known.revoked.look()
    assert ONE in known.revoked
    assert TWO not in known.revoked


async def test_a_look_sees_what_was_committed_late(known: Known) -> None:
    await known.revoked.look()
    known.revoke(ONE, known.at - OVERLAP + SECOND)
    await known.revoked.look()
    assert ONE in known.revoked


@pytest.mark.parametrize("gap", [timedelta(seconds=90), timedelta(minutes=9), timedelta(hours=9)])
async def test_a_look_after_a_long_silence_misses_nothing_that_a_token_could_outlive(
    known: Known, gap: timedelta
) -> None:
    """A process that was stopped, or cut off from the database: others went on meanwhile."""
    await known.revoked.look()
    known.revoke(ONE, known.at + min(gap, SECOND) if gap < ACCESS_LIFETIME else known.at + gap - ACCESS_LIFETIME)
    known.at += gap
    known.table.away = True
    with pytest.raises(Unavailable):
        await known.revoked.look()
    known.table.away = False
    await known.revoked.look()
    assert ONE in known.revoked


async def test_the_usual_look_is_a_short_one(known: Known) -> None:
    await known.revoked.look()
    await known.looked()
    known.at += SECOND
    await known.revoked.look()
    assert await known.table.asked.get() == known.at - SECOND - OVERLAP


async def test_what_was_revoked_is_remembered_until_its_tokens_are_over(known: Known) -> None:
    known.revoke(ONE)
    await known.revoked.look()
    known.table.rows.clear()
    known.at += ACCESS_LIFETIME
    await known.revoked.look()
    assert ONE in known.revoked
    known.at += REMEMBERED
    await known.revoked.look()
    assert ONE not in known.revoked


async def test_forgetting_goes_by_when_each_was_noticed(known: Known) -> None:
    await known.revoked.announce([ONE])
    known.at += REMEMBERED
    await known.revoked.announce([TWO])
    known.at += OVERLAP + SECOND
    await known.revoked.look()
    assert [session in known.revoked for session in (ONE, TWO)] == [False, True]


async def test_announcing_is_noticed_at_once_and_tells_the_others_to_look(known: Known) -> None:
    await known.revoked.announce([ONE, TWO])
    assert ONE in known.revoked
    assert TWO in known.revoked
    assert known.wire.said == [(TOPIC, "")]  # what is true stands in the database


async def test_nothing_is_announced_when_nothing_ended(known: Known) -> None:
    await known.revoked.announce([])
    assert known.wire.said == []


async def test_everybody_who_waits_for_a_session_is_told_and_nobody_else(known: Known) -> None:
    waiting = [asyncio.create_task(known.revoked.until(ONE)) for _ in range(3)]
    other = asyncio.create_task(known.revoked.until(TWO))
    await asyncio.sleep(0)
    await known.revoked.announce([ONE])
    await asyncio.wait(waiting, timeout=PATIENCE)
    assert all(task.done() for task in waiting)
    assert not other.done()
    other.cancel()
    await asyncio.wait({other})
    await until(known, ONE)  # known before: returns at once


async def test_who_gave_up_waiting_leaves_nothing_behind(known: Known) -> None:
    waiting = [asyncio.create_task(known.revoked.until(ONE)) for _ in range(2)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    assert known.revoked._waiting == {}  # pyright: ignore[reportPrivateUsage]


async def test_a_signal_makes_it_look(known: Known) -> None:
    async with known.following():
        known.revoke(ONE)
        known.wire.hear("")
        await until(known, ONE)


async def test_without_a_signal_it_looks_by_itself(known: Known) -> None:
    async with known.following():
        known.revoke(ONE)
        await until(known, ONE)


async def test_it_goes_on_looking_when_signals_are_over_for_good(known: Known) -> None:
    async with known.following():
        known.wire.hear(None)
        await known.looked()
        for _ in range(100):
            await asyncio.sleep(0)
        assert known.table.asked.qsize() <= 1  # and it does so at leisure
        known.revoke(ONE)
        await until(known, ONE)


async def test_it_survives_a_database_that_is_away(known: Known) -> None:
    known.table.away = True
    async with known.following():
        await known.looked()
        assert not known.revoked.loaded
        known.revoke(ONE)
        known.table.away = False
        await until(known, ONE)
        known.table.away = True
        await known.looked()
        known.table.away = False
        known.revoke(TWO)
        await until(known, TWO)
