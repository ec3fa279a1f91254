"""`souk events`: what waits, what was given up, and taking that up again."""

import asyncio
import json
from datetime import timedelta

import asyncpg
import pytest

from persistence import migrations
from persistence.connections import ConnectionSettings
from server.cli.events_list import age
from tests.command import Souk

KEY = "00000000-0000-7000-8000-000000000001"
PARKED = "00000000-0000-7000-8000-00000000000a"
OTHER = "00000000-0000-7000-8000-00000000000b"
WAITING = "00000000-0000-7000-8000-00000000000c"
NOWHERE = "00000000-0000-7000-8000-00000000000d"
ROWS = f"""
INSERT INTO outbox (id, consumer, topic, key, facts, attempts, error, parked_at, occurred_at) VALUES
  ('{PARKED}', 'letters', 'user.created', '{KEY}', '{{}}', 5, 'ValueError', now(), now() - interval '3 hours'),
  ('{PARKED}', 'analytics', 'user.created', '{KEY}', '{{}}', 1, 'Hopeless', now(), now() - interval '3 hours'),
  ('{OTHER}', 'letters', 'order.placed', '{KEY}', '{{}}', 5, 'ValueError', now(), now() - interval '2 hours'),
  ('{WAITING}', '', 'order.placed', '{KEY}', '{{}}', 0, NULL, NULL, now() - interval '10 seconds')
"""


def ask(database: ConnectionSettings, sql: str) -> list[tuple[object, ...]]:
    async def run() -> list[tuple[object, ...]]:
        connection = await asyncpg.connect(database.dsn)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.fixture
def url(empty_database: ConnectionSettings) -> str:
    """Of a database with a few events."""
    ask(empty_database, ROWS)
    return empty_database.url


def test_what_waits_and_what_was_given_up_is_listed_the_oldest_first(souk: Souk, url: str) -> None:
    lines = souk.run("events", "list", DATABASE_URL=url).stdout.splitlines()
    assert lines[:3] == [
        f"{PARKED} parked      3h user.created consumer=analytics key={KEY} attempts=1 error=Hopeless",
        f"{PARKED} parked      3h user.created consumer=letters key={KEY} attempts=5 error=ValueError",
        f"{OTHER} parked      2h order.placed consumer=letters key={KEY} attempts=5 error=ValueError",
    ]
    assert lines[3].startswith(f"{WAITING} waiting ")
    assert lines[3].endswith(f" order.placed key={KEY}")
    assert len(lines) == 4


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["--parked"], [PARKED, PARKED, OTHER]),
        (["--topic", "order.placed"], [OTHER, WAITING]),
        (["--parked", "--topic", "order.placed"], [OTHER]),
        (["--topic", "nothing"], []),
        (["--limit", "1"], [PARKED]),
    ],
)
def test_a_program_gets_json_of_what_it_asks_for(souk: Souk, url: str, given: list[str], shown: list[str]) -> None:
    listed = json.loads(souk.run("events", "list", "--json", *given, DATABASE_URL=url).stdout)
    assert [one["id"] for one in listed] == shown
    if shown == [OTHER]:
        assert 7_200 <= listed[0].pop("ageSeconds") < 8_000
        rest = {"topic": "order.placed", "consumer": "letters", "key": KEY, "attempts": 5, "error": "ValueError"}
        assert listed == [{"id": OTHER, "state": "parked", **rest}]


def test_more_than_is_shown_is_told(souk: Souk, url: str) -> None:
    lines = souk.run("events", "list", "--limit", "3", DATABASE_URL=url).stdout.splitlines()
    assert (len(lines), lines[-1]) == (4, "… and 1 more: --limit shows them.")


def test_an_empty_list_says_so(souk: Souk, empty_database: ConnectionSettings) -> None:
    url = empty_database.url
    assert souk.run("events", "list", DATABASE_URL=url).stdout == "No event waits or is parked.\n"
    assert souk.run("events", "list", "--parked", DATABASE_URL=url).stdout == "No event is parked.\n"
    assert souk.run("events", "replay", "--all", DATABASE_URL=url).stdout == "No event is parked: nothing to do.\n"


def test_an_event_is_taken_up_again_for_all_who_gave_it_up(
    souk: Souk, url: str, empty_database: ConnectionSettings
) -> None:
    done = souk.run("events", "replay", PARKED, DATABASE_URL=url)
    assert (done.returncode, done.stdout.partition(";")[0]) == (0, "2 events are taken up again")
    taken = "SELECT attempts, error FROM outbox WHERE parked_at IS NULL AND due_at <= now() AND consumer <> ''"
    assert ask(empty_database, taken) == [(0, None)] * 2
    assert ask(empty_database, "SELECT id::text FROM outbox WHERE parked_at IS NOT NULL") == [(OTHER,)]


def test_everything_is_taken_up_again(souk: Souk, url: str, empty_database: ConnectionSettings) -> None:
    done = souk.run("events", "replay", "--all", DATABASE_URL=url)
    assert done.stdout.startswith("3 events are taken up again;")
    assert ask(empty_database, "SELECT count(*) FROM outbox WHERE parked_at IS NULL") == [(4,)]


@pytest.mark.parametrize("missing", [WAITING, NOWHERE])
def test_what_is_not_parked_is_told_and_nothing_is_changed(
    souk: Souk, url: str, empty_database: ConnectionSettings, missing: str
) -> None:
    line = souk.refuses("events", "replay", PARKED, missing, DATABASE_URL=url)
    assert line == f"Not parked: {missing}. Nothing was changed; `souk events list --parked` shows what is."
    assert ask(empty_database, "SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL") == [(3,)]


@pytest.mark.parametrize("given", [[], [PARKED, "--all"], ["no-id"], ["--every"]])
def test_what_to_take_up_must_be_said_clearly(souk: Souk, given: list[str]) -> None:
    assert souk.run("events", "replay", *given).returncode == 2


def test_an_outdated_schema_is_refused(souk: Souk, empty_database: ConnectionSettings) -> None:
    asyncio.run(migrations.downgrade(empty_database, "base"))
    for command in (["list"], ["replay", "--all"]):
        assert "run `souk migrate`" in souk.refuses("events", *command, DATABASE_URL=empty_database.url)


@pytest.mark.parametrize(
    ("seconds", "text"), [(-3, "0s"), (59, "59s"), (60, "1m"), (3_599, "59m"), (86_399, "23h"), (200_000, "2d")]
)
def test_an_age_is_short(seconds: int, text: str) -> None:
    assert age(timedelta(seconds=seconds)) == text
