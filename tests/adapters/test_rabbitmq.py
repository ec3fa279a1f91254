"""What is special about RabbitMQ: what is in it, what it is told, and what happens when it is away or says nothing."""

import asyncio
import gc
import logging
import time
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from uuid import uuid4

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, FieldValue
from structlog.testing import capture_logs

from adapters.rabbitmq import connections
from adapters.rabbitmq.consumers import RabbitConsumers
from adapters.rabbitmq.publisher import RabbitPublisher, Unroutable
from adapters.rabbitmq.topology import DEAD, EVENTS, KEPT_MS, MOST_DELIVERIES, queue_of
from domain.shared.consuming import EVERYBODY, Consumer, Delivery
from domain.shared.errors import Unavailable
from domain.shared.events import Event
from tests import rabbitmq
from tests.server.buses import until

AT = datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC)
LITTLE = 15.0
"""Seconds: more than what one publish may take, and much less than for ever."""


@dataclass
class Parked:
    """Keeps what is put aside in memory."""

    seen: list[tuple[Delivery, int, str]] = field(default_factory=list[tuple[Delivery, int, str]])

    async def park(self, delivery: Delivery, attempts: int, error: str) -> None:
        self.seen.append((delivery, attempts, error))


@dataclass
class One:
    """One consumer of one topic, both of this test alone."""

    url: str
    name: str = field(default_factory=lambda: f"c{uuid4().hex}")
    seen: list[tuple[float, Delivery]] = field(default_factory=list[tuple[float, Delivery]])
    failure: Exception | None = None
    parked: Parked = field(default_factory=Parked)

    @property
    def consumer(self) -> Consumer:
        return Consumer(self.name, {self.name: self._handle})

    @property
    def queue(self) -> str:
        return queue_of(self.name)

    def delivery(self, to: str = EVERYBODY) -> Delivery:
        return Delivery(Event(self.name, uuid4(), {"number": 1}), to, AT)

    async def _handle(self, delivery: Delivery) -> None:
        self.seen.append((time.monotonic(), delivery))
        if self.failure is not None:
            raise self.failure

    @asynccontextmanager
    async def publisher(self) -> AsyncGenerator[RabbitPublisher]:
        publisher = RabbitPublisher(self.url, [self.consumer])
        try:
            yield publisher
        finally:
            await publisher.close()

    @asynccontextmanager
    async def consuming(self) -> AsyncGenerator[RabbitPublisher]:
        async with self.publisher() as publisher:
            consumers = RabbitConsumers(self.url, [self.consumer], publisher, self.parked)
            task = asyncio.create_task(consumers.run())
            try:
                yield publisher
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def one(rabbitmq_url: str) -> One:
    return One(rabbitmq_url)


@asynccontextmanager
async def looking(url: str) -> AsyncGenerator[AbstractChannel]:
    """As somebody from outside."""
    connection = await aio_pika.connect(url)
    try:
        yield await connection.channel()
    finally:
        await connection.close()


async def found(url: str, queue: str, mine: Callable[[AbstractIncomingMessage], bool]) -> AbstractIncomingMessage:
    """The message of ours that is in there; it stays there."""
    async with looking(url) as channel, (await channel.get_queue(queue)).iterator(timeout=LITTLE) as messages:
        async for message in messages:
            if mine(message):
                return message
    raise AssertionError("it is not there")


async def fails(asked: Awaitable[object]) -> None:
    with pytest.raises(Unavailable):
        await asyncio.wait_for(asked, LITTLE)


async def accepted(publisher: RabbitPublisher, delivery: Delivery) -> bool:
    """A broker that has just come back is slow."""
    try:
        await publisher.carry(delivery)
    except Unavailable:
        return False
    return True


async def test_a_message_says_what_it_is_and_outlives_the_broker(one: One) -> None:
    sent = one.delivery()
    async with one.publisher() as publisher:
        await publisher.carry(sent)
    message = await found(one.url, one.queue, lambda _: True)
    assert (message.exchange, message.routing_key) == (EVENTS, one.name)
    assert (message.body, message.content_type) == (b'{"number": 1}', "application/json")
    assert (message.message_id, message.correlation_id) == (str(sent.event.id), str(sent.event.key))
    assert message.timestamp == AT.replace(microsecond=0)
    assert (message.type, message.app_id) == (one.name, "souk")
    assert message.delivery_mode is aio_pika.DeliveryMode.PERSISTENT


async def test_what_arrives_is_what_was_sent(one: One) -> None:
    sent = one.delivery()
    async with one.consuming() as publisher:
        await publisher.carry(sent)
        await until(lambda: len(one.seen) == 1)
    (_, got), *_ = one.seen
    assert got == Delivery(sent.event, one.name, AT)


async def test_poison_waits_longer_each_time_and_lies_among_the_dead_for_a_day(one: One) -> None:
    one.failure = ValueError("canary")
    sent = one.delivery()
    with capture_logs():
        async with one.consuming() as publisher:
            await publisher.carry(sent)
            await until(lambda: bool(one.parked.seen))
    times = [at for at, _ in one.seen]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert len(times) == 5
    assert all(pause > seconds for pause, seconds in zip(pauses, (0.99, 1.99, 3.99, 7.99), strict=True))
    assert one.parked.seen == [(Delivery(sent.event, one.name, AT), 5, "ValueError")]
    dead = await found(one.url, DEAD, lambda message: message.message_id == str(sent.event.id))
    assert (dead.routing_key, dead.headers["error"]) == (one.queue, "ValueError")
    async with looking(one.url) as channel:
        kept: dict[str, FieldValue] = {
            "x-queue-type": "quorum",
            "x-message-ttl": KEPT_MS,
            "x-delivery-limit": 1_000_000,
        }
        await channel.declare_queue(DEAD, durable=True, arguments=kept)  # which fails if it were any different


async def test_a_message_that_nobody_ever_answers_is_put_aside(one: One) -> None:
    """Whoever takes it may die of it: that is no failure that could be counted."""
    sent = one.delivery()
    async with one.publisher() as publisher, looking(one.url) as channel:
        await publisher.carry(sent)
        tries = 0

        async def refuse(message: AbstractIncomingMessage) -> None:
            nonlocal tries
            tries += 1
            await message.nack(requeue=True)

        await (await channel.get_queue(one.queue)).consume(refuse)
        await until(lambda: tries == MOST_DELIVERIES + 1)
    with capture_logs():
        async with one.consuming():
            await until(lambda: bool(one.parked.seen))
    assert one.parked.seen == [(Delivery(sent.event, one.name, AT), 1, "NeverAnswered")]
    assert one.seen == []


async def test_what_is_no_message_of_ours_lies_among_the_dead_and_holds_up_nobody(one: One) -> None:
    marks = [uuid4().hex for _ in range(3)]
    with capture_logs():
        async with one.consuming() as publisher, looking(one.url) as channel:
            await publisher.ready()
            for body, mark in zip((b"", b"[1]", b'{"a": 1}'), marks, strict=True):
                await channel.default_exchange.publish(aio_pika.Message(body, message_id=mark), one.queue)
            await publisher.carry(one.delivery())
            await until(lambda: len(one.seen) == 1)
    for mark in marks:
        assert (
            await found(one.url, DEAD, lambda message, mark=mark: message.message_id == mark)
        ).routing_key == one.queue
    assert one.parked.seen == []


async def test_what_no_queue_takes_is_an_error(one: One) -> None:
    async with one.publisher() as publisher:
        with pytest.raises(Unroutable):
            await publisher.carry(one.delivery(to="nobody"))


async def test_a_queue_that_was_deleted_is_made_again(one: One) -> None:
    async with one.publisher() as publisher, looking(one.url) as channel:
        await publisher.ready()
        await channel.queue_delete(one.queue)
        await publisher.carry(one.delivery())
    assert (await found(one.url, one.queue, lambda _: True)).type == one.name


async def test_a_consumer_whose_queue_was_deleted_comes_back(one: One) -> None:
    async with one.consuming() as publisher, looking(one.url) as channel:
        await publisher.carry(one.delivery())
        await until(lambda: len(one.seen) == 1)
        await channel.queue_delete(one.queue)
        # RabbitMQ 3.10 may give no leader to a quorum queue that is declared again in the moment of its deletion
        await asyncio.sleep(3)

        async def comes_again() -> bool:
            """What was published while the queue was being deleted is deleted with it."""
            await publisher.carry(one.delivery())
            await asyncio.sleep(0.2)
            return len(one.seen) > 1

        await until(comes_again)


async def test_of_two_processes_one_consumes_and_the_other_takes_over(one: One) -> None:
    other = One(one.url, one.name)
    async with one.consuming() as publisher:
        await publisher.carry(one.delivery())
        await until(lambda: len(one.seen) == 1)
        async with other.consuming():
            for _ in range(20):
                await publisher.carry(one.delivery())
            await until(lambda: len(one.seen) == 21)
            assert other.seen == []
            async with one.publisher() as apart:
                await apart.ready()
    async with other.consuming() as publisher:
        await publisher.carry(one.delivery())
        await until(lambda: len(other.seen) == 1)


def test_who_found_no_broker_leaves_nothing_behind(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "aiormq.connection")  # or the log would hold what failed

    async def failure() -> Unavailable | None:
        """Holds what was there when it was raised."""
        try:
            await connections.connected("amqp://shop:secret@127.0.0.1:1/")
        except Unavailable as refused:
            return refused
        return None

    gc.collect()
    with asyncio.Runner() as runner, warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        held = [runner.run(failure())]
        assert held[0] is not None
        asyncio.set_event_loop(None)
        held.clear()
        gc.collect()  # while there is no loop that a task could be left in
    assert [str(one.message) for one in complaints] == []


async def test_a_broker_that_is_away_or_says_nothing_ends_a_publish_in_time_and_comes_back() -> None:
    with rabbitmq.running() as broker, capture_logs() as logged:
        mine = One(broker.url)
        async with mine.consuming() as publisher:
            await publisher.carry(mine.delivery())
            await until(lambda: len(mine.seen) == 1)
            await asyncio.sleep(rabbitmq.SETTLING)
            broker.pause()
            await fails(publisher.carry(mine.delivery()))
            assert not await publisher.ready()
            broker.resume()
            await until(lambda: accepted(publisher, mine.delivery()))
            broker.kill()
            await fails(publisher.carry(mine.delivery()))
            assert not await publisher.ready()
            await asyncio.to_thread(broker.start)
            last = mine.delivery()
            await until(lambda: accepted(publisher, last))
            await until(lambda: last.event in [delivery.event for _, delivery in mine.seen])
            for what in ("publishing to", "consuming from"):
                for how in ("fails", "works again"):
                    await until(lambda told=f"{what} RabbitMQ {how}": told in [line["event"] for line in logged])


async def test_who_is_not_let_in_is_told_so(rabbitmq_url: str) -> None:
    await fails(connections.version(rabbitmq_url.replace("guest@", "wrong@")))


async def test_nobody_there_is_unavailable() -> None:
    await fails(connections.version("amqp://guest:guest@127.0.0.1:1/"))


async def test_a_server_that_speaks_something_else_is_unavailable() -> None:
    async def chatter(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(chatter, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        await fails(connections.version(f"amqp://guest:guest@127.0.0.1:{port}/"))


@pytest.mark.parametrize("url", ["amqp://", "http://a.example", "amqp://a:b@[x", "amqp://a:b@c:port/", "nonsense"])
def test_what_is_no_address_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="must look like amqp://") as refused:
        connections.require_usable(url)
    assert url not in str(refused.value) or url == "amqp://"
