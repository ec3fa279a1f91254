"""Consuming: each consumer's queue, and what was given up on its way to those who look at it.

Events of one key come in the order in which they were written, and are never handled two at a time: of several
processes one has the queue, and takes turns within it. What failed comes later, after what was behind it. So whoever
handles events looks at how things are now, not at what it was told before.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from uuid import UUID

import structlog
from aio_pika import Message
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage

from adapters.rabbitmq.connections import FAILURES, STARTING_SECONDS, answered, connected, let_go
from adapters.rabbitmq.messages import Letter, Unreadable, letter
from adapters.rabbitmq.publisher import RabbitPublisher, Unroutable
from adapters.rabbitmq.topology import PARKED, queue_of
from domain.shared.consuming import (
    AT_ONCE,
    HANDLING_SECONDS,
    MOST_ATTEMPTS,
    Consumer,
    Handling,
    Hopeless,
    Parking,
)
from domain.shared.errors import Unavailable
from domain.shared.outages import Outage

FINISHING_SECONDS = 2.0
"""For what is under way when the process is told to stop."""
LOOK_SECONDS = 10.0
_PAUSE_SECONDS = 1.0
_OF_A_QUEUE = len(queue_of(""))
_LOG = structlog.stdlib.get_logger("souk.bus")

Take = Callable[[AbstractIncomingMessage], Awaitable[None]]
Further = Callable[[], Awaitable[None]]


class RabbitConsumers:
    """Several may run side by side, in one process or many: when one dies, another has its queues at once."""

    def __init__(self, url: str, consumers: Sequence[Consumer], publisher: RabbitPublisher, parking: Parking) -> None:
        self._url = url
        self._consumers = consumers
        self._publisher = publisher
        self._parking = parking
        self._under_way = set[asyncio.Task[None]]()
        self._outage = Outage(_LOG, "consuming from RabbitMQ")

    async def run(self) -> None:
        """Until cancelled; what is under way then may finish. Connects again whenever the connection is lost."""
        try:
            while True:
                if await self._publisher.ready():  # which has declared what there is
                    await self._consume()
                await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            await self._finish()

    async def _consume(self) -> None:
        """Return when the connection, or one of its queues, is lost."""
        try:
            connection = await connected(self._url)
        except Unavailable as failure:
            self._outage.noticed(failure)
            return
        lost = asyncio.Event()
        try:
            for queue, take in self._takers().items():
                await answered(_take_from(connection, queue, self._started(take, lost), lost), STARTING_SECONDS)
            self._outage.over()
            await self._until(lost, connection)
            self._outage.noticed(ConnectionError("the connection was lost"))
        except FAILURES as failure:
            self._outage.noticed(failure)
        finally:
            lost.set()
            await self._finish()
            await let_go(connection)

    async def _until(self, lost: asyncio.Event, connection: AbstractConnection) -> None:
        """Not every queue that is deleted says so to its consumers: whether they are there is looked at, too."""
        while not lost.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(lost.wait(), LOOK_SECONDS)
                return
            for queue in self._takers():
                if not await answered(_has_consumers(connection, queue), STARTING_SECONDS):
                    return

    def _takers(self) -> Mapping[str, Take]:
        own = {queue_of(one.name): _Handler(one, self._publisher).take for one in self._consumers}
        return {**own, PARKED: self._park}

    def _started(self, take: Take, lost: asyncio.Event) -> Take:
        """In a task of ours: those of the library are cancelled when the connection is lost, amid their effects."""

        async def start(message: AbstractIncomingMessage) -> None:
            if lost.is_set():  # it comes again, to whoever is there then
                return
            task = asyncio.create_task(_safely(take, message))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

        return start

    async def _finish(self) -> None:
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=FINISHING_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _park(self, message: AbstractIncomingMessage) -> None:
        """Into the outbox, where it can be looked at and taken up again."""
        try:
            dead = letter(message, (message.routing_key or "")[_OF_A_QUEUE:])
        except Unreadable:
            _LOG.error("message is not readable", id=str(message.message_id), queue=message.routing_key)
        else:
            attempts, error = dead.attempts or 1, dead.error or "NeverAnswered"
            event, consumer = dead.delivery.event, dead.delivery.consumer
            while True:
                try:
                    await self._parking.park(dead.delivery, attempts, error)
                    break
                except Unavailable:
                    await asyncio.sleep(_PAUSE_SECONDS)
            _LOG.error("event parked", topic=event.topic, id=str(event.id), consumer=consumer, attempts=attempts)
        await answered(message.ack())


class _Handler:
    """What one consumer does about messages."""

    def __init__(self, consumer: Consumer, publisher: RabbitPublisher) -> None:
        self._consumer = consumer
        self._publisher = publisher
        self._turns = _Turns()

    async def take(self, message: AbstractIncomingMessage) -> None:
        """Whatever becomes of it is safe in the broker before the message is answered."""
        try:
            got = letter(message, self._consumer.name)
        except Unreadable:
            copy = Message(message.body, headers={"error": "Unreadable"}, message_id=message.message_id)
            await self._answer(message, partial(self._publisher.bury, copy, queue_of(self._consumer.name)))
        else:
            async with self._turns.of(got.delivery.event.key):
                await self._answer(message, await self._handle(got))

    async def _answer(self, message: AbstractIncomingMessage, further: Further | None) -> None:
        while further is not None and not message.channel.is_closed:
            try:
                await further()
                break
            except Unavailable:  # a broker that is short of memory delivers, and takes nothing
                await asyncio.sleep(_PAUSE_SECONDS)
        await answered(message.ack())

    async def _handle(self, got: Letter) -> Further | None:
        """What is left to be done about it, in the broker."""
        event = got.delivery.event
        try:
            async with asyncio.timeout(HANDLING_SECONDS):
                await self._handling(event.topic)(got.delivery)
        except Unavailable as failure:
            waiting = Letter(got.delivery, got.attempts, got.waits + 1, _told(failure))
            return partial(self._publisher.let_wait, waiting, waiting.waits)
        except Hopeless as failure:
            return self._burial(got, failure)
        except Exception as failure:  # noqa: BLE001  (whatever a handler raises, the others go on)
            _LOG.exception("event not handled", topic=event.topic, id=str(event.id), consumer=self._consumer.name)
            if got.attempts + 1 < MOST_ATTEMPTS:
                failed = Letter(got.delivery, got.attempts + 1, got.waits, _told(failure))
                return partial(self._publisher.let_wait, failed, failed.attempts)
            return self._burial(got, failure)
        return None

    def _handling(self, topic: str) -> Handling:
        """Raises: Unavailable: a newer version asked for it, and will handle it."""
        handle = self._consumer.handlers.get(topic)
        if handle is None:
            raise Unavailable(f"Nobody here knows {topic}.")
        return handle

    def _burial(self, got: Letter, failure: Exception) -> Further:
        dead = Letter(got.delivery, got.attempts + 1, got.waits, _told(failure))
        return partial(self._publisher.bury, dead.message(), queue_of(self._consumer.name))


class _Turns:
    """One after the other where it is about the same, in the order in which they came."""

    def __init__(self) -> None:
        self._last = dict[UUID, asyncio.Event]()

    @asynccontextmanager
    async def of(self, key: UUID) -> AsyncGenerator[None]:
        before, over = self._last.get(key), asyncio.Event()
        self._last[key] = over
        try:
            if before is not None:
                await before.wait()
            yield
        finally:
            over.set()
            if self._last[key] is over:
                del self._last[key]


async def _take_from(connection: AbstractConnection, queue: str, take: Take, lost: asyncio.Event) -> None:
    """On a channel of its own, which has as many messages unanswered as are handled at once."""
    channel: AbstractChannel = connection.channel(publisher_confirms=False)
    await channel.initialize()
    await channel.set_qos(prefetch_count=AT_ONCE)

    def ended(*_: object) -> None:
        lost.set()

    channel.close_callbacks.add(ended)
    # a broker that loses a queue ends its consumers, and says so here and nowhere else
    (await channel.get_underlay_channel()).on_consumer_cancel_callbacks.add(ended)
    await (await channel.get_queue(queue, ensure=False)).consume(take)


async def _has_consumers(connection: AbstractConnection, queue: str) -> bool:
    async with connection.channel(publisher_confirms=False) as channel:
        found = await channel.declare_queue(queue, passive=True)
        return bool(found.declaration_result.consumer_count)


async def _safely(take: Take, message: AbstractIncomingMessage) -> None:
    """What was not answered comes again when this connection has ended."""
    try:
        await take(message)
    except (*FAILURES, Unavailable, Unroutable) as failure:
        _LOG.warning("message not settled", id=str(message.message_id), error=type(failure).__name__)


def _told(failure: Exception) -> str:
    """What kind of failure it was. Its words may hold what somebody wrote, or an address."""
    return type(failure).__name__
