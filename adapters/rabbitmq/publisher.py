"""Publishing with a time-out, a confirmation, and an error for what nobody gets."""

import asyncio
from collections.abc import Sequence

import structlog
from aio_pika import Message
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import DeliveryError, PublishError

from adapters.rabbitmq.connections import FAILURES, STARTING_SECONDS, answered, connected, let_go
from adapters.rabbitmq.messages import Letter
from adapters.rabbitmq.topology import DEAD, EVENTS, TO_A_QUEUE, declare, queue_of, waiting_room
from domain.shared.consuming import EVERYBODY, Consumer, Delivery, routes
from domain.shared.errors import Unavailable
from domain.shared.outages import Outage


class Unroutable(Exception):
    """There is no queue that it would come into."""


class RabbitPublisher:
    """Takes events from the outbox to RabbitMQ. Implements `domain.shared.consuming.Carrier`.

    Connects when it is asked to, and again after the connection was lost; never used within a request.
    """

    def __init__(self, url: str, consumers: Sequence[Consumer], unanswered: Sequence[str] = ()) -> None:
        self._url = url
        self._consumers = consumers
        self._routes = routes(consumers, unanswered)
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._connecting = asyncio.Lock()
        self._outage = Outage(structlog.stdlib.get_logger("souk.bus"), "publishing to RabbitMQ")

    async def ready(self) -> bool:
        try:
            await self._open()
        except Unavailable as failure:
            self._outage.noticed(failure)
            return False
        self._outage.over()
        return True

    @property
    def consumers(self) -> Sequence[str]:
        """Of nobody: they keep their notes themselves, at the other end."""
        return ()

    def parts(self, delivery: Delivery) -> Sequence[Delivery]:
        """All of it: the broker gives each consumer a copy."""
        return (delivery,)

    async def carry(self, part: Delivery) -> None:
        """Publish, and wait for the broker to have it safely.

        Raises:
            Unavailable: the broker does not say so in time.
            Unroutable: its queues are gone.
        """
        topic = part.event.topic
        if part.consumer != EVERYBODY:
            await self._publish(TO_A_QUEUE, queue_of(part.consumer), Letter(part).message())
        elif topic in self._routes:
            wanted = bool(self._routes[topic])
            await self._publish(EVENTS, topic, Letter(part).message(), wanted=wanted)
        else:  # a newer version wrote it, and knows who wants it
            raise Unavailable(f"Nobody here knows {topic}.")

    async def let_wait(self, letter: Letter, tries: int) -> None:
        """Bring it back to its consumer later, the later the more often that was. Raises: Unavailable, Unroutable."""
        await self._publish(waiting_room(tries), queue_of(letter.delivery.consumer), letter.message())

    async def bury(self, message: Message, queue: str) -> None:
        """Put it among the dead. Raises: Unavailable, Unroutable."""
        await self._publish(DEAD, queue, message)

    async def close(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            await let_go(connection)

    async def _publish(self, exchange: str, key: str, message: Message, *, wanted: bool = True) -> None:
        channel = await self._open()
        try:
            await self._try(channel, exchange, key, message, wanted=wanted)
        except PublishError:  # somebody deleted a queue: it is made anew once
            try:
                await answered(declare(channel, self._consumers), STARTING_SECONDS)
                await self._try(channel, exchange, key, message, wanted=wanted)
            except PublishError as returned:
                raise Unroutable(f"No queue takes {key} from {exchange or 'the default exchange'}.") from returned

    async def _try(self, channel: AbstractChannel, exchange: str, key: str, message: Message, *, wanted: bool) -> None:
        try:
            to = await channel.get_exchange(exchange, ensure=False) if exchange else channel.default_exchange
            await answered(to.publish(message, key, mandatory=wanted))
        except PublishError:
            raise
        except DeliveryError as refused:  # the broker has no room, or is just losing its leader
            raise Unavailable("RabbitMQ does not take the message.") from refused
        except FAILURES as failure:
            await self._drop(channel)
            raise Unavailable(f"RabbitMQ does not confirm ({type(failure).__name__}).") from failure

    async def _open(self) -> AbstractChannel:
        """Raises: Unavailable."""
        async with self._connecting:
            if self._channel is not None and not self._channel.is_closed:
                return self._channel
            await self.close()
            self._connection = await connected(self._url)
            try:
                made = await answered(_channel(self._connection))
                await answered(declare(made, self._consumers), STARTING_SECONDS)
            except FAILURES as failure:
                await self.close()
                raise Unavailable(f"RabbitMQ does not answer ({type(failure).__name__}: {failure}).") from failure
            self._channel = made
            return made

    async def _drop(self, channel: AbstractChannel) -> None:
        """Have the next one connect anew: nobody knows what has become of this one."""
        async with self._connecting:
            if self._channel is channel:
                await self.close()


async def _channel(connection: AbstractConnection) -> AbstractChannel:
    channel = connection.channel(publisher_confirms=True, on_return_raises=True)
    await channel.initialize()
    return channel
