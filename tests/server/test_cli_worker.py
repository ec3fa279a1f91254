"""`souk worker` as a process: what it does, how it ends, and what is left when it is killed."""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from persistence import migrations
from persistence.connections import ConnectionSettings, connect
from tests.adapters.mail_servers import HANG, Catcher, listening, scripted
from tests.command import PATIENCE, Running, Souk
from tests.sizes import KILLED_WORKERS

SECONDS_TO_EXIT = 10
PEOPLE = """
WITH people AS (
  INSERT INTO users (id, email, password_hash, first_name, last_name)
  SELECT gen_random_uuid(), 'p' || n || '@shop.example', 'x', 'Ann', 'Lee' FROM generate_series(1, $1::int) n
  RETURNING id
)
INSERT INTO outbox (id, topic, key, facts) SELECT gen_random_uuid(), 'user.created', id, '{}' FROM people
"""
LETTERS = "FROM outbox WHERE consumer = 'letters'"
CONNECTIONS = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'souk%' AND datname = current_database()"
)


async def register(settings: ConnectionSettings, count: int) -> set[str]:
    """As many accounts, each with its event. Their addresses."""
    connection = await connect(settings)
    await connection.execute(PEOPLE, count)
    await connection.close()
    return {f"p{n}@shop.example" for n in range(1, count + 1)}


async def value(settings: ConnectionSettings, query: str) -> object:
    connection = await connect(settings)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(int(50 * PATIENCE)):
        if await condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came true")


async def becomes(settings: ConnectionSettings, query: str, wanted: object) -> None:
    connection = await connect(replace(settings, application_name="test"))
    try:

        async def is_so() -> bool:
            return await connection.fetchval(query) == wanted

        await until(is_so)
    finally:
        await connection.close()


async def all_is_done(settings: ConnectionSettings) -> None:
    await becomes(settings, "SELECT count(*) FROM outbox", 0)


def written(home: Path) -> Counter[str]:
    """To whom letters were written, and how many."""
    lines = (line for file in (home / "mail").glob("*.eml") for line in file.read_text().splitlines())
    return Counter(line.removeprefix("To: ") for line in lines if line.startswith("To: "))


def test_a_worker_writes_the_letters_and_stops_when_it_is_told(souk: Souk, empty_database: ConnectionSettings) -> None:
    people = asyncio.run(register(empty_database, 3))
    with souk.working(DATABASE_URL=empty_database.url) as worker:
        asyncio.run(all_is_done(empty_database))
        more = asyncio.run(more_people(empty_database))
        assert worker.stop(signal.SIGTERM) == 0
    assert written(souk.home) == Counter(people | more)
    assert "The worker has stopped." in worker.output
    assert "Traceback" not in worker.output


async def more_people(settings: ConnectionSettings) -> set[str]:
    """Somebody who comes while it is at work."""
    await value(settings, PEOPLE.replace("'p' || n", "'q' || n").replace("$1::int", "1"))
    await all_is_done(settings)
    return {"q1@shop.example"}


def test_workers_side_by_side_write_each_letter_once(souk: Souk, empty_database: ConnectionSettings) -> None:
    url = empty_database.url
    with souk.working(DATABASE_URL=url) as one, souk.working(DATABASE_URL=url) as other:
        people = asyncio.run(register(empty_database, 60))
        asyncio.run(all_is_done(empty_database))
        assert (one.stop(signal.SIGINT), other.stop(signal.SIGTERM)) == (0, 0)
    assert written(souk.home) == Counter(people)


def test_an_outdated_schema_is_refused(souk: Souk, empty_database: ConnectionSettings) -> None:
    asyncio.run(migrations.downgrade(empty_database, "-1"))
    line = souk.refuses("worker", DATABASE_URL=empty_database.url)
    assert line.startswith("The database's schema is older than this version of Souk: run `souk migrate`")


def test_an_address_where_nobody_answers_is_told(souk: Souk) -> None:
    line = souk.refuses("worker", DATABASE_URL="postgresql://souk:secret@127.0.0.1:1/souk")
    assert line.startswith("No PostgreSQL answers at 127.0.0.1:1 (connection refused)")


def test_an_ignored_hangup_stays_ignored(souk: Souk, empty_database: ConnectionSettings) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` does
    try:
        with souk.working(DATABASE_URL=empty_database.url) as worker:
            worker.process.send_signal(signal.SIGHUP)
            people = asyncio.run(register(empty_database, 1))
            asyncio.run(all_is_done(empty_database))
            assert worker.stop(signal.SIGTERM) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    assert written(souk.home) == Counter(people)


async def stopped(worker: Running) -> int:
    worker.process.terminate()
    return await asyncio.to_thread(worker.process.wait, SECONDS_TO_EXIT)


async def test_a_mail_server_that_says_nothing_does_not_keep_it_alive(
    souk: Souk, empty_database: ConnectionSettings
) -> None:
    await register(empty_database, 1)
    async with scripted({"DATA": HANG}) as port:
        working = souk.working(DATABASE_URL=empty_database.url, SMTP_URL=f"smtp://127.0.0.1:{port}")
        worker = await asyncio.to_thread(working.__enter__)
        try:
            await becomes(empty_database, f"SELECT count(*) {LETTERS} AND attempts = 1", 1)
            assert await stopped(worker) == 0
        finally:
            await asyncio.to_thread(working.__exit__, None, None, None)
    assert await value(empty_database, f"SELECT count(*) {LETTERS} AND parked_at IS NULL") == 1


async def test_a_worker_that_is_killed_loses_nothing(souk: Souk, empty_database: ConnectionSettings) -> None:
    """Its events come again when their leases are over, which is brought about here without the wait."""
    chance = random.Random(7)
    people = await register(empty_database, 40 * (KILLED_WORKERS + 1))
    async with listening(Catcher()) as catcher:
        environment = {"DATABASE_URL": empty_database.url, "SMTP_URL": f"smtp://127.0.0.1:{catcher.port}"}
        for kills in range(KILLED_WORKERS + 1):
            goal = min(40 * kills + chance.randint(5, 30), len(people))

            async def has_sent_some(goal: int = goal) -> bool:
                return len(catcher.letters) >= goal

            working = souk.working(**environment)
            worker = await asyncio.to_thread(working.__enter__)
            try:
                await until(has_sent_some)
                if kills == KILLED_WORKERS:
                    await all_is_done(empty_database)
                    assert await stopped(worker) == 0
                else:
                    await asyncio.sleep(chance.uniform(0, 0.05))
                    os.kill(worker.process.pid, signal.SIGKILL)
            finally:
                await asyncio.to_thread(working.__exit__, None, None, None)
            await becomes(empty_database, CONNECTIONS, 0)  # what it had asked for may come later than its end
            await value(empty_database, "UPDATE outbox SET due_at = now()")
    assert {letter.rcpt_tos[0] for letter in catcher.letters} == people
    assert await value(empty_database, "SELECT count(*) FROM outbox") == 0


@pytest.mark.parametrize("setting", ["SMTP_URL", "JWT_SECRET", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"])
def test_production_needs_what_it_needs(souk: Souk, empty_database: ConnectionSettings, setting: str) -> None:
    given = {
        "SOUK_ENV": "production",
        "DATABASE_URL": empty_database.url,
        "PUBLIC_URL": "https://shop.example",
        "ALLOWED_HOSTS": "shop.example",
        "SMTP_URL": "smtp://127.0.0.1:25",
        "JWT_SECRET": "0" * 32,
        "STRIPE_SECRET_KEY": "sk_test_1",
        "STRIPE_WEBHOOK_SECRET": "whsec_12345678",
    }
    assert setting in souk.refuses("worker", code=2, **{**given, setting: ""})
