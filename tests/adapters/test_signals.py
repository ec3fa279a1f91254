"""One suite for both ways to tell other processes."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack

import pytest
from structlog.testing import capture_logs

from domain.shared.broadcasting import BroadcastSignals
from domain.shared.fanout import MOST_WAITING
from persistence.connections import ConnectionSettings
from tests import valkey
from tests.adapters.media import Medium, RedisMedium, SqlMedium

PATIENCE = 30


@pytest.fixture(params=["redis", "sql"])
def medium(request: pytest.FixtureRequest) -> Generator[Medium]:
    if request.param == "redis":
        with valkey.running() as server:
            yield RedisMedium(server)
    else:
        settings: ConnectionSettings = request.getfixturevalue("empty_database")
        yield SqlMedium(settings)


async def heard(messages: AsyncIterator[str], count: int) -> list[str]:
    async with asyncio.timeout(PATIENCE):
        return [await anext(messages) for _ in range(count)]


async def look_again(messages: AsyncIterator[str]) -> None:
    """Wait for the advice."""
    await all_heard(messages, "")


async def all_heard(messages: AsyncIterator[str], last: str = "last") -> list[str]:
    """What comes up to `last`, which must be published after it."""
    async with asyncio.timeout(PATIENCE):
        return [message async for message in _until(messages, last)]


async def _until(messages: AsyncIterator[str], last: str) -> AsyncIterator[str]:
    async for message in messages:
        if message == last:
            return
        yield message


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(50 * PATIENCE):
        if await condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came true")


async def listeners_become(medium: Medium, count: int) -> None:
    """A server may notice a little later that a connection has ended."""

    async def are() -> bool:
        return await medium.listeners() == count

    await eventually(are)


async def publish(signals: BroadcastSignals, topic: str, *messages: str) -> None:
    for message in messages:
        await signals.publish(topic, message)


async def test_messages_come_in_their_order_to_every_subscriber_of_the_topic(medium: Medium) -> None:
    numbers = [str(number) for number in range(200)]
    async with (
        medium.process() as signals,
        signals.subscribe("orders") as one,
        signals.subscribe("orders") as two,
        signals.subscribe("stock") as other,
    ):
        await publish(signals, "orders", *numbers)
        await publish(signals, "stock", "last")
        assert await heard(one, 200) == numbers
        assert await heard(two, 200) == numbers
        assert await heard(other, 1) == ["last"]


async def test_what_was_published_before_is_not_heard(medium: Medium) -> None:
    async with medium.process() as signals:
        async with signals.subscribe("orders") as first:
            await publish(signals, "orders", "early")
            assert await heard(first, 1) == ["early"]
        async with signals.subscribe("orders") as messages:
            await publish(signals, "orders", "later", "last")
            assert await all_heard(messages) == ["later"]


async def test_processes_hear_each_other_and_themselves(medium: Medium) -> None:
    async with (
        medium.process() as here,
        medium.process() as there,
        here.subscribe("orders") as heard_here,
        there.subscribe("orders") as heard_there,
    ):
        await publish(here, "orders", "from here")
        assert await heard(heard_here, 1) == await heard(heard_there, 1) == ["from here"]
        await publish(there, "orders", "from there")
        assert await heard(heard_here, 1) == await heard(heard_there, 1) == ["from there"]


async def test_any_text_comes_through_as_it_is(medium: Medium) -> None:
    texts = ["ü€😀" * 300, "\0\n\"'\\", "[1]", "x" * 1_000, ""]
    async with medium.process() as signals, signals.subscribe("a 'topic' ü") as messages:
        for text in texts:
            await publish(signals, "a 'topic' ü", text)
            assert await heard(messages, 1) == [text]


async def test_a_message_that_is_too_long_becomes_the_advice_to_look_again(medium: Medium) -> None:
    async with medium.process() as signals, signals.subscribe("orders") as messages:
        await publish(signals, "orders", "€" * 3_000)
        assert await heard(messages, 1) == [""]


async def test_what_others_say_on_our_channel_is_ignored(medium: Medium) -> None:
    async with medium.process() as signals, signals.subscribe("orders") as messages:
        for payload in ("", "nonsense", "[", "1", '["orders"]', '["orders", 1]', '{"orders": "x"}', "[" * 7_000):
            await medium.shout(payload or " ")
        await publish(signals, "orders", "last")
        assert await all_heard(messages) == []


async def test_a_thousand_subscribers_share_one_connection(medium: Medium) -> None:
    tasks = asyncio.all_tasks()
    async with medium.process() as signals, AsyncExitStack() as stack:
        subscribed = [await stack.enter_async_context(signals.subscribe(f"order {n % 10}")) for n in range(1_000)]
        assert await medium.listeners() == 1
        assert len(asyncio.all_tasks() - tasks) == 1
        for number in range(10):
            await publish(signals, f"order {number}", f"news of {number}")
        for number, messages in enumerate(subscribed):
            assert await heard(messages, 1) == [f"news of {number % 10}"]
    assert asyncio.all_tasks() == tasks


async def test_after_a_cut_every_subscriber_is_told_to_look_again(medium: Medium) -> None:
    async with (
        medium.process() as signals,
        signals.subscribe("orders") as one,
        signals.subscribe("stock") as two,
    ):
        for round_ in range(3):
            await medium.cut()
            assert await heard(one, 1) == await heard(two, 1) == [""]
            await listeners_become(medium, 1)
            await publish(signals, "orders", f"after cut {round_}")
            await publish(signals, "stock", f"after cut {round_}")
            assert await heard(one, 1) == await heard(two, 1) == [f"after cut {round_}"]


async def test_while_nothing_answers_publishing_neither_raises_nor_floods_the_log(medium: Medium) -> None:
    async with medium.process() as signals, signals.subscribe("orders") as messages:
        with capture_logs() as logs:
            await medium.stop()
            await publish(signals, "orders", *(str(number) for number in range(20)))
            # whoever is in the same process need not wait for the server
            assert await heard(messages, 20) == [str(number) for number in range(20)]
            await medium.start()
            assert await heard(messages, 1) == [""]
            await publish(signals, "orders", "back")
            assert await heard(messages, 1) == ["back"]
        assert sorted(line["event"] for line in logs) == [
            "listening to signals fails",
            "listening to signals works again",
            "publishing signals fails",
            "publishing signals works again",
        ]


async def test_a_server_that_comes_later_is_found(medium: Medium) -> None:
    await medium.stop()
    async with medium.process() as signals, signals.subscribe("orders") as messages:
        await medium.start()
        assert await heard(messages, 1) == [""]
        await publish(signals, "orders", "hello")
        assert await heard(messages, 1) == ["hello"]


async def test_a_line_that_went_dead_is_noticed(medium: Medium) -> None:
    async with medium.process(quiet_seconds=0.1) as signals, signals.subscribe("orders") as messages:
        await asyncio.sleep(0.5)
        await publish(signals, "orders", "quiet times do no harm")
        assert await heard(messages, 1) == ["quiet times do no harm"]
        with capture_logs() as logs:

            async def noticed() -> bool:
                return "listening to signals fails" in {line["event"] for line in logs}

            await medium.freeze()
            try:
                await publish(signals, "orders", "frozen")
                assert await heard(messages, 1) == ["frozen"]
                await eventually(noticed)
            finally:
                await medium.thaw()
            await look_again(messages)
        await publish(signals, "orders", "last")
        # what got stuck may come through after all
        assert set(await all_heard(messages)) <= {"frozen"}


async def test_closing_while_a_message_is_stuck_leaves_nothing_behind(medium: Medium) -> None:
    tasks = asyncio.all_tasks()
    signals = medium.process()
    await signals.open()
    await publish(signals, "orders", "connects")
    await medium.freeze()
    try:
        stuck = asyncio.create_task(publish(signals, "orders", "stuck"))
        await asyncio.sleep(0.05)
        stuck.cancel()
        await publish(signals, "orders", "late")
        unlucky = asyncio.create_task(publish(signals, "orders", "closed meanwhile"))
        await asyncio.sleep(0.05)
        closing = asyncio.create_task(signals.close())
        await asyncio.wait({closing, stuck, unlucky}, timeout=PATIENCE)
    finally:
        await medium.thaw()
    await closing
    await unlucky
    assert stuck.cancelled()
    assert asyncio.all_tasks() == tasks


async def test_who_is_too_slow_is_told_to_look_again_and_nobody_waits(medium: Medium) -> None:
    async with (
        medium.process() as signals,
        signals.subscribe("orders") as slow,
        signals.subscribe("orders") as quick,
    ):
        for first in range(0, MOST_WAITING + 200, 100):
            numbers = [str(number) for number in range(first, first + 100)]
            await publish(signals, "orders", *numbers)
            assert await heard(quick, 100) == numbers
        await publish(signals, "orders", "last")
        unread = await all_heard(slow)
        assert unread == ["", *(str(number) for number in range(MOST_WAITING + 1, MOST_WAITING + 200))]


async def test_closing_ends_every_subscription(medium: Medium) -> None:
    tasks = asyncio.all_tasks()
    signals = medium.process()
    await signals.open()
    ready = asyncio.Event()

    async def follow() -> list[str]:
        async with signals.subscribe("orders") as messages:
            ready.set()
            return [message async for message in messages]

    following = asyncio.create_task(follow())
    await ready.wait()
    await signals.close()
    assert await following == []
    async with signals.subscribe("orders") as messages:
        await publish(signals, "orders", "to nobody")
        assert [message async for message in messages] == []
    assert asyncio.all_tasks() == tasks
    await listeners_become(medium, 0)


async def test_closing_while_nothing_answers_leaves_nothing_behind(medium: Medium) -> None:
    tasks = asyncio.all_tasks()
    await medium.stop()
    async with medium.process(), medium.process():
        pass
    await medium.start()
    assert asyncio.all_tasks() == tasks
    await listeners_become(medium, 0)


async def test_signals_that_were_never_opened_can_be_closed(medium: Medium) -> None:
    await medium.process().close()


async def test_a_subscriber_that_is_given_up_is_forgotten(medium: Medium) -> None:
    inboxes: weakref.WeakSet[AsyncIterator[str]] = weakref.WeakSet()

    async def follow(signals: BroadcastSignals) -> None:
        async with signals.subscribe("orders") as messages:
            inboxes.add(messages)
            await anext(messages)

    async def give_up(signals: BroadcastSignals) -> None:
        following = [asyncio.create_task(follow(signals)) for _ in range(10)]
        await asyncio.sleep(0)
        assert len(inboxes) == 10
        for task in following:
            task.cancel()
        await asyncio.wait(following)

    async with medium.process() as signals:
        await give_up(signals)
        gc.collect()
        assert not inboxes
        async with signals.subscribe("orders") as messages:
            await publish(signals, "orders", "last")
            assert await all_heard(messages) == []
