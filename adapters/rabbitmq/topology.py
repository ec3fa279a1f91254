"""What there is in RabbitMQ. Declaring it again changes nothing; everything of it outlives the broker.

    souk.events (topic) ──▶ souk.CONSUMER        one queue for each consumer, bound by the topics that it wants
    souk.wait.Ns        ──▶ souk.wait.Ns ──▶ souk.CONSUMER    back after N seconds: the routing key is the queue's name
    souk.dead (fanout)  ──▶ souk.dead            what was given up, for a day, to be looked at
                        └─▶ souk.parked          the same, on its way into the outbox: `souk events list` and `replay`

All queues are quorum queues. What dies in them is handed on with a confirmation (`at-least-once`), as a broker that is
killed just then would lose it otherwise.
"""

from collections.abc import Mapping, Sequence

from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel, AbstractQueue

from domain.shared.consuming import Consumer

EVENTS, DEAD, PARKED = "souk.events", "souk.dead", "souk.parked"
TO_A_QUEUE = ""
"""The exchange that every queue is bound to by its name."""
WAITS = tuple(2**n for n in range(9))
"""Seconds: 1, 2, 4 … 256."""
KEPT_MS = 24 * 3_600 * 1_000
MOST_DELIVERIES = 20
"""Of one message that is never answered: who takes it dies of it, or with it. Failures are counted apart."""
FOR_EVER = 1_000_000
"""Deliveries, where newer brokers would give up after twenty."""

_HANDED_ON = {"x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish"}


def queue_of(consumer: str) -> str:
    return f"souk.{consumer}"


def waiting_room(tries: int) -> str:
    """Where to wait after so many tries: twice as long each time."""
    return f"souk.wait.{WAITS[min(tries, len(WAITS)) - 1]}s"


async def declare(channel: AbstractChannel, consumers: Sequence[Consumer]) -> None:
    """Raises: AMQPError: something there has the same name and is different."""
    events = await channel.declare_exchange(EVENTS, ExchangeType.TOPIC, durable=True)
    dead = await channel.declare_exchange(DEAD, ExchangeType.FANOUT, durable=True)
    for name, arguments in (
        (DEAD, {"x-message-ttl": KEPT_MS, "x-delivery-limit": FOR_EVER}),
        (PARKED, {"x-delivery-limit": FOR_EVER}),
    ):
        await (await _queue(channel, name, arguments)).bind(dead)
    for seconds in WAITS:
        name = f"souk.wait.{seconds}s"
        room = await channel.declare_exchange(name, ExchangeType.FANOUT, durable=True)
        back = {"x-message-ttl": seconds * 1_000, "x-dead-letter-exchange": TO_A_QUEUE, **_HANDED_ON}
        await (await _queue(channel, name, back)).bind(room)
    for consumer in consumers:
        queue = await _queue(channel, queue_of(consumer.name), _of_a_consumer(consumer))
        for topic in consumer.handlers:
            await queue.bind(events, topic)


def _of_a_consumer(consumer: Consumer) -> Mapping[str, str | int]:
    return {
        "x-delivery-limit": MOST_DELIVERIES,
        "x-single-active-consumer": True,  # events about one thing would be handled by two at once otherwise
        "x-dead-letter-exchange": DEAD,
        "x-dead-letter-routing-key": queue_of(consumer.name),
        **_HANDED_ON,
    }


async def _queue(channel: AbstractChannel, name: str, arguments: Mapping[str, str | int]) -> AbstractQueue:
    return await channel.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum", **arguments})
