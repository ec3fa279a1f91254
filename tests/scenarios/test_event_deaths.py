"""Workers and broker die at random, and orders are placed while the broker is away: each event has its effect once."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import contextmanager

import httpx
import pytest

from persistence.connections import ConnectionSettings, connect
from persistence.database import Database
from resolvers import global_ids
from tests import rabbitmq, sql
from tests.command import Souk, fresh_home
from tests.selling import Market, books_agree, market
from tests.server.buses import Bus, bus
from tests.sizes import DEATHS, EVENTS_AMONG_DEATHS, OUTAGE_ORDERS, OUTAGE_SECONDS

WORKERS = 2
PER_KEY = 10
BATCH = 50
PATIENCE = 7_200
TABLE = "CREATE TABLE effects (consumer text NOT NULL, event_id uuid NOT NULL)"
TIMES = """
SELECT consumer, count(*), count(DISTINCT event_id) FROM effects GROUP BY consumer ORDER BY consumer
"""
PLACE = "mutation($input: OrderPlaceInput!) { orderPlace(input: $input) { order { id } userErrors { code } } }"


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(5 * PATIENCE):
        if await condition():
            return
        await asyncio.sleep(0.2)
    raise AssertionError("it never came true")


class Workers:
    """Processes that handle events; the one that is killed is replaced at once."""

    def __init__(self, events: Bus) -> None:
        self._arguments = (events.database.settings.url, events.broker or "", events.suffix)
        self._running = [self._started() for _ in range(WORKERS)]

    def kill_one(self, number: int) -> None:
        self._end(self._running[number])
        self._running[number] = self._started()

    def end(self) -> None:
        for process in self._running:
            self._end(process)

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "tests.scenarios.handling_process", *self._arguments]
        path = os.pathsep.join(sys.path)
        environment, quiet = {**os.environ, "PYTHONPATH": path}, subprocess.DEVNULL
        return subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, env=environment)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()


@contextmanager
def workers(events: Bus) -> Generator[Workers]:
    made = Workers(events)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture(params=["in process", "rabbitmq"])
def broker(request: pytest.FixtureRequest) -> Generator[rabbitmq.Broker | None]:
    if request.param == "in process":
        yield None
        return
    with rabbitmq.running() as own:
        yield own


async def make_table(settings: ConnectionSettings) -> None:
    connection = await connect(settings)
    await connection.execute(TABLE)
    await connection.close()


async def write(events: Bus) -> None:
    """All of them, at the speed at which the machine handles them: what waits does not grow without end."""

    async def there_is_room() -> bool:
        return await events.waiting() <= 20 * BATCH

    for _ in range(EVENTS_AMONG_DEATHS // BATCH):
        first = [events.event("a") for _ in range(BATCH // PER_KEY)]
        await events.write(*(events.event("a", number, one) for number in range(PER_KEY) for one in first))
        await until(there_is_room)


async def kill(events: Bus, running: Workers, broker: rabbitmq.Broker | None, chance: random.Random) -> None:
    """Somebody now and then, evenly over the time that the events take."""
    for death in range(1, DEATHS + 1):
        goal = (death - chance.random()) * EVENTS_AMONG_DEATHS * 3 / (DEATHS + 1)

        async def have_come_so_far(goal: float = goal) -> bool:
            return await sql.value(events.database, "SELECT count(*) FROM effects") >= goal

        await until(have_come_so_far)
        if death == 1:
            await asyncio.sleep(rabbitmq.SETTLING)
        if broker is not None and death % 2:
            await asyncio.to_thread(broker.restart)
        else:
            await asyncio.to_thread(running.kill_one, chance.randrange(WORKERS))
            # as if the leases of the dead were over
            await sql.make_due(events.database, "parked_at IS NULL")


async def test_no_event_is_lost_and_each_has_its_effect_once_whoever_dies(
    empty_database: ConnectionSettings, broker: rabbitmq.Broker | None
) -> None:
    async with bus(empty_database, None if broker is None else broker.url) as events:
        await make_table(empty_database)
        with workers(events) as running:
            await asyncio.gather(write(events), kill(events, running, broker, random.Random(11)))

            async def all_are_done() -> bool:
                await sql.make_due(events.database, "due_at > now() + interval '9 s'")
                found = {consumer: distinct for consumer, _, distinct in await sql.rows(events.database, TIMES)}
                return found == dict.fromkeys(("one", "outside", "two"), EVENTS_AMONG_DEATHS)

            await until(all_are_done)

            async def nothing_waits() -> bool:
                return await events.waiting() == 0

            await until(nothing_waits)
        assert await events.parked() == []
        times = {consumer: count for consumer, count, _ in await sql.rows(events.database, TIMES)}
        assert (times["one"], times["two"]) == (EVENTS_AMONG_DEATHS, EVENTS_AMONG_DEATHS)
        again = times["outside"] - EVENTS_AMONG_DEATHS
        sys.stdout.write(f"{DEATHS} deaths; outside of the database {again} effects came once more\n")


@pytest.fixture
async def stall(empty_database: ConnectionSettings) -> AsyncGenerator[Market]:
    database = Database(empty_database)
    await database.open()
    yield await market(database)
    await database.close()


async def place(stall: Market, client: httpx.AsyncClient, label: str) -> float:
    """So many orders, one after the other. How long one of them took, in milliseconds."""
    mug = await stall.variant(OUTAGE_ORDERS)
    carts = await stall.carts([{mug: 1}] * OUTAGE_ORDERS)
    started = time.perf_counter()
    for number, cart in enumerate(carts):
        given = {"cartId": global_ids.encode("Cart", cart), "idempotencyKey": f"{label} {number}"}
        reply = await client.post("/graphql", json={"query": PLACE, "variables": {"input": given}})
        payload = reply.json()["data"]["orderPlace"]
        assert payload["order"] is not None, payload
    return (time.perf_counter() - started) * 1_000 / OUTAGE_ORDERS


async def test_orders_are_placed_while_the_broker_is_away_and_everything_arrives_afterwards(
    stall: Market, empty_database: ConnectionSettings
) -> None:
    placed = "SELECT count(DISTINCT message_id) FROM inbox WHERE consumer = 'analytics'"

    async def have_arrived(count: int) -> bool:
        waiting = await sql.value(stall.database, "SELECT count(*) FROM outbox")
        return (await sql.value(stall.database, placed), waiting) == (count, 0)

    with rabbitmq.running() as broker, fresh_home() as home:
        given = {"DATABASE_URL": empty_database.url, "AMQP_URL": broker.url}
        with Souk(home).serving(**given) as serving:
            async with httpx.AsyncClient(base_url=serving.address, timeout=60.0) as client:
                usual = await place(stall, client, "usual")
                await until(lambda: have_arrived(OUTAGE_ORDERS))
                await asyncio.sleep(rabbitmq.SETTLING)
                broker.kill()
                since = time.monotonic()
                away = await place(stall, client, "away")
                await asyncio.sleep(max(0.0, since + OUTAGE_SECONDS - time.monotonic()))
                assert await sql.value(stall.database, placed) == OUTAGE_ORDERS
                await asyncio.to_thread(broker.start)
                await until(lambda: have_arrived(2 * OUTAGE_ORDERS))
                broker.pause()
                hanging = await place(stall, client, "hanging")
                broker.resume()
                await until(lambda: have_arrived(3 * OUTAGE_ORDERS))
    assert "Traceback" not in serving.output
    assert "publishing to RabbitMQ works again" in serving.output
    assert await stall.orders() == 3 * OUTAGE_ORDERS
    await books_agree(empty_database)
    told = f"an order took {usual:.0f} ms, {away:.0f} ms without the broker, {hanging:.0f} ms while it hung"
    sys.stdout.write(f"{told}\n")
