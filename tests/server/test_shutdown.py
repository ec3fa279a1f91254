"""A real process is told to stop while it works."""

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

CHECKOUT = Path(__file__).parents[2]
SECONDS_TO_EXIT = 10


@asynccontextmanager
async def process(database_url: str, host: str) -> AsyncGenerator[tuple[Process, str]]:
    settings = {
        "SOUK_ENV": "production",
        "DATABASE_URL": database_url,
        "PUBLIC_URL": "https://shop.example",
        "ALLOWED_HOSTS": host,
        "HOST": host,
        "PORT": "0",
        "JWT_SECRET": "0" * 32,
        "SMTP_URL": "smtp://127.0.0.1:25",
        "STRIPE_SECRET_KEY": "sk_test_1",
        "STRIPE_WEBHOOK_SECRET": "whsec_12345678",
    }
    environment = {**os.environ, **settings, "PYTHONPATH": str(CHECKOUT)}
    command = [sys.executable, "-m", "tests.server.serving_process"]
    started = await asyncio.create_subprocess_exec(*command, cwd=CHECKOUT, env=environment, stderr=PIPE)
    try:
        yield started, await address(started)
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


async def address(started: Process) -> str:
    assert started.stderr is not None
    async for line in started.stderr:
        event = json.loads(line)  # each line is JSON in production
        found = re.search(r"http://[\d.]+:\d+", event["event"])
        if found:
            return found[0]
    raise AssertionError("it never listened")


@pytest.fixture(params=["127.0.0.1"])
async def running(demo_url: str, request: pytest.FixtureRequest) -> AsyncGenerator[tuple[Process, str]]:
    async with process(demo_url, request.param) as started:
        yield started


async def test_what_runs_ends_well_and_nothing_new_begins(running: tuple[Process, str]) -> None:
    server, url = running
    async with httpx.AsyncClient(base_url=url, timeout=10) as client:
        ready = await client.get("/readyz")
        waiting = asyncio.create_task(client.get("/slow", params={"seconds": 1.5}))
        await asyncio.sleep(0.3)
        server.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        async with httpx.AsyncClient(base_url=url) as stranger:
            with pytest.raises(httpx.ConnectError):
                await stranger.get("/livez")
        finished = await waiting
    assert ready.status_code == 200
    assert (finished.status_code, finished.text) == (200, "done")
    assert finished.headers["connection"] == "close"
    assert "server" not in finished.headers
    await asyncio.wait_for(server.wait(), SECONDS_TO_EXIT)


async def test_half_open_clients_do_not_keep_it_alive(running: tuple[Process, str]) -> None:
    server, url = running
    host, port = httpx.URL(url).host, httpx.URL(url).port
    head = b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    body = b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    endless = b"GET /slow?seconds=60 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    connections = [await asyncio.open_connection(host, port) for _ in range(4)]
    for (_, writer), sent in zip(connections, (b"", head, head + body, endless), strict=True):
        writer.write(sent)
    await asyncio.sleep(0.3)
    server.send_signal(signal.SIGTERM)
    answers = await asyncio.wait_for(asyncio.gather(*(reader.read() for reader, _ in connections)), SECONDS_TO_EXIT)
    await asyncio.wait_for(server.wait(), SECONDS_TO_EXIT)
    for _, writer in connections:
        writer.close()
    assert answers[:2] == [b"", b""]
    for answer in answers[2:]:
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"SERVICE_UNAVAILABLE" in answer
