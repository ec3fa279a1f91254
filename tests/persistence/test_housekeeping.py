"""What is old goes, what may still be asked for stays, however much there is of it and whoever else is at it."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from domain.shared.clock import now
from persistence.connections import ConnectionSettings, connect
from persistence.database import Database
from persistence.housekeeping import AT_ONCE, tidy
from tests import sql

ANN = "00000000-0000-7000-8000-000000000001"
USER = f"INSERT INTO users (id, email, password_hash, first_name, last_name) VALUES ('{ANN}', 'a@b.c', 'x', 'A', 'B')"
SESSION = (
    "INSERT INTO sessions (id, user_id, created_at, last_used_at, expires_at, revoked_at) "
    f"VALUES (gen_random_uuid(), '{ANN}', now(), now() - interval '%s', now() + interval '%s', now() - interval '%s')"
)
TOKENS = (
    "INSERT INTO one_time_tokens (hash, user_id, purpose, email, expires_at) "
    f"SELECT decode(md5(random()::text) || md5(random()::text), 'hex'), '{ANN}', 'verify_email', 'a@b.c', "
    "now() - interval '%s' FROM generate_series(1, %d)"
)
KEY = (
    "INSERT INTO idempotency_keys (actor, operation, key_hash, fingerprint, created_at) "
    "VALUES ('', 'userRegister', decode(md5(random()::text), 'hex'), '', now() - interval '%s')"
)
EVENT = (
    "INSERT INTO outbox (id, topic, key, facts, parked_at) "
    "VALUES (gen_random_uuid(), 'a', gen_random_uuid(), '{}', now() - %s)"
)
HANDLED = "INSERT INTO inbox (consumer, message_id, handled_at) VALUES ('a', gen_random_uuid(), now() - interval '%s')"
REVOCATION = (
    "INSERT INTO session_revocations (session_id, revoked_at) VALUES (gen_random_uuid(), now() - interval '%s')"
)


@pytest.fixture
async def database(empty_database: ConnectionSettings) -> AsyncGenerator[Database]:
    opened = Database(empty_database)
    await opened.open()
    await sql.run(opened, USER)
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("table", "kept", "gone"),
    [
        ("sessions", SESSION % ("13 days", "1 day", "1 hour"), SESSION % ("1 day", "1 day", "25 hours")),
        ("sessions", SESSION % ("14 days", "1 day", "1 hour"), SESSION % ("16 days", "1 day", "1 hour")),
        ("sessions", SESSION % ("1 day", "-23 hours", "1 hour"), SESSION % ("1 day", "-25 hours", "1 hour")),
        ("session_revocations", REVOCATION % "1 day", REVOCATION % "25 hours"),
        ("one_time_tokens", TOKENS % ("23 hours", 1), TOKENS % ("25 hours", 1)),
        ("idempotency_keys", KEY % "23 hours", KEY % "25 hours"),
        ("outbox", EVENT % "interval '29 days'", EVENT % "interval '31 days'"),
        ("inbox", HANDLED % "39 days", HANDLED % "41 days"),
        ("outbox", EVENT % "NULL::interval", EVENT % "interval '31 days'"),
    ],
)
async def test_what_is_old_goes_and_what_may_be_asked_for_stays(
    database: Database, table: str, kept: str, gone: str
) -> None:
    await sql.run(database, kept)
    before = await sql.value(database, f"SELECT t::text FROM {table} t")
    await sql.run(database, gone)
    await tidy(database, now())
    assert await sql.value(database, f"SELECT t::text FROM {table} t") == before


async def test_a_great_deal_goes_in_small_pieces_and_beside_others(database: Database) -> None:
    many = 3 * AT_ONCE + 1
    await sql.run(database, TOKENS % ("2 days", many))
    await asyncio.gather(*(tidy(database, now()) for _ in range(4)))
    assert await sql.value(database, "SELECT count(*) FROM one_time_tokens") == 0


async def test_what_somebody_works_on_is_left_for_the_next_time(
    database: Database, empty_database: ConnectionSettings
) -> None:
    await sql.run(database, KEY % "2 days", TOKENS % ("2 days", 1))
    other = await connect(empty_database)
    async with other.transaction():
        await other.execute("SELECT FROM idempotency_keys FOR UPDATE")
        await tidy(database, now() + timedelta(days=1))
        assert await other.fetchval("SELECT count(*) FROM one_time_tokens") == 0
        assert await other.fetchval("SELECT count(*) FROM idempotency_keys") == 1
    await tidy(database, now())
    assert await other.fetchval("SELECT count(*) FROM idempotency_keys") == 0
    await other.close()
