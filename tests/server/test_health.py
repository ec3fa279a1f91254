from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest

from persistence.connections import ConnectionSettings
from server.app import build_app
from server.settings import read_settings

PROBES = pytest.mark.parametrize("path", ["/readyz", "/health"])


@asynccontextmanager
async def served(url: str, state: dict[str, object] | None = None) -> AsyncGenerator[httpx.AsyncClient]:
    app = build_app(read_settings(database_url=url))

    async def within_state(scope: dict[str, object], receive: object, send: object) -> None:
        await app({**scope, "state": state or {}}, receive, send)  # pyright: ignore[reportArgumentType]

    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(within_state),  # pyright: ignore[reportArgumentType]
            base_url="http://shop.example",
        ) as client,
    ):
        yield client


async def test_a_process_that_answers_is_alive(client: httpx.AsyncClient) -> None:
    reply = await client.get("/livez")
    assert (reply.status_code, reply.json()) == (200, {"alive": True})
    assert reply.headers["cache-control"] == "no-store"


@PROBES
async def test_a_shop_with_its_database_is_ready(client: httpx.AsyncClient, path: str) -> None:
    reply = await client.get(path)
    assert reply.status_code == 200
    assert reply.json() == {
        "ready": True,
        "checks": {name: {"ok": True, "problem": None} for name in ("process", "database", "migrations")},
    }


@PROBES
async def test_without_its_database_it_is_alive_and_not_ready(path: str) -> None:
    async with served("postgresql://shop:hush-hush@127.0.0.1:9/nowhere") as client:
        reply = await client.get(path)
        alive = await client.get("/livez")
    assert (reply.status_code, alive.status_code) == (503, 200)
    assert reply.json()["checks"]["database"] == {"ok": False, "problem": "The database does not answer."}
    assert "hush" not in reply.text
    assert "9" not in reply.text


async def test_a_database_at_another_migration_is_not_ready(empty_database: ConnectionSettings) -> None:
    connection = await asyncpg.connect(empty_database.dsn)
    try:
        async with served(empty_database.url) as client:
            assert (await client.get("/readyz")).status_code == 200
            await connection.execute("UPDATE alembic_version SET version_num = 'older'")
            older = await client.get("/readyz")
            await connection.execute("DROP TABLE alembic_version")
            nothing = await client.get("/readyz")
    finally:
        await connection.close()
    for reply, revision in ((older, "older"), (nothing, "no revision")):
        checks = reply.json()["checks"]
        assert reply.status_code == 503
        assert checks["database"]["ok"]
        assert f"The database is at {revision}" in checks["migrations"]["problem"]


async def test_a_process_that_is_stopping_is_not_ready(demo_url: str) -> None:
    async with served(demo_url, {"stopping": True}) as client:
        reply = await client.get("/readyz")
    assert reply.status_code == 503
    assert reply.json()["checks"]["process"] == {"ok": False, "problem": "The server is stopping."}
