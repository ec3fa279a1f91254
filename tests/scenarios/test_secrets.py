"""Canaries: what is secret is found neither in the database nor in logs, answers, or the names of files."""

import asyncio
import base64
import io
import logging
import os
import sys
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from persistence.connections import ConnectionSettings, connect
from server import logs
from server.app import build_app
from server.settings import Environment, Settings, read_settings
from tests import letters
from tests.generous import GenerousLimiter

JWT_SECRET = "canary secret of thirty-two bytes or more"
PASSWORD, SECOND, THIRD, WRONG = (f"canary password {word}" for word in ("heron", "osprey", "plover", "curlew"))
FORGED = "canary.token.heron"
KEY = "canary idempotency key"
PEOPLE = {"firstName": "Ann", "lastName": "Lee"}
TOKENS = "tokens { accessToken refreshToken }"


@pytest.fixture
def written(settings: Settings) -> Generator[io.StringIO]:
    """The log as production writes it, with everything that can be logged; put back afterwards."""
    handlers, level = logging.root.handlers[:], logging.root.level
    logs.configure(settings.model_copy(update={"souk_env": Environment.PRODUCTION}))
    # a logger that is cached keeps these processors for ever, and tests that capture what is logged see nothing then
    structlog.configure(cache_logger_on_first_use=False)
    (handler,) = logging.root.handlers
    assert isinstance(handler, logging.StreamHandler)
    stream = io.StringIO()
    handler.setStream(stream)  # pyright: ignore[reportUnknownMemberType]
    yield stream
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture
def settings(empty_database: ConnectionSettings, tmp_path: Path) -> Settings:
    return read_settings(
        database_url=empty_database.url,
        public_url="http://shop.example",
        souk_home=tmp_path,
        jwt_secret=JWT_SECRET,
        log_level="DEBUG",
    )


@dataclass
class Browser:
    """Sends mutations, and keeps every answer. `secrets` are those that it knows of."""

    client: httpx.AsyncClient
    bodies: list[str] = field(default_factory=list[str])
    secrets: set[str] = field(default_factory=lambda: {PASSWORD, SECOND, THIRD, WRONG, KEY, JWT_SECRET})
    issued: set[str] = field(default_factory=set[str])

    async def send(self, body: Any, token: str = "") -> dict[str, Any]:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        reply = await self.client.post("/graphql", json=body, headers=headers)
        self.bodies.append(reply.text)
        return reply.json()

    async def do(self, name: str, given: dict[str, Any], wanted: str, token: str = "") -> dict[str, Any]:
        document = (
            f"mutation ($input: {name[0].upper()}{name[1:]}Input!) "
            f"{{ {name}(input: $input) {{ {wanted} userErrors {{ code message field }} }} }}"
        )
        answer = await self.send({"query": document, "variables": {"input": given}}, token)
        payload = answer["data"][name]
        if tokens := payload.get("tokens"):
            self.issued |= set(tokens.values())
            self.bodies[-1] = "answered with tokens"
        return payload


@pytest.fixture
async def browser(settings: Settings, written: io.StringIO) -> AsyncGenerator[Browser]:
    del written  # from the beginning
    app = build_app(settings, limiter=GenerousLimiter())
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as client,
    ):
        opened = Browser(client)
        yield opened


async def live(browser: Browser, home: Path) -> None:
    """A whole life of an account, with its mistakes."""
    ann = {"email": "ann@shop.example", "password": PASSWORD}
    await browser.do("userRegister", {**ann, **PEOPLE, "idempotencyKey": KEY}, TOKENS)
    again = await browser.do("userRegister", {**ann, **PEOPLE, "idempotencyKey": KEY}, TOKENS)  # what was stored
    token = str(again["tokens"]["accessToken"])
    await browser.do("userRegister", {**ann, **PEOPLE}, TOKENS)
    await browser.do("userLogin", {**ann, "password": WRONG}, TOKENS)
    await browser.do("userLogin", {**ann, "email": "nobody@shop.example"}, TOKENS)
    signed_in = (await browser.do("userLogin", {**ann, "idempotencyKey": KEY}, TOKENS))["tokens"]
    for _ in range(2):
        await browser.do("tokenRefresh", {"refreshToken": signed_in["refreshToken"]}, TOKENS)
    await browser.do("tokenRefresh", {"refreshToken": WRONG}, TOKENS)
    await browser.do("userPasswordChange", {"currentPassword": WRONG, "newPassword": SECOND}, "user { id }", token)
    await browser.do("userPasswordChange", {"currentPassword": PASSWORD, "newPassword": SECOND}, "user { id }", token)
    await browser.do("userEmailChangeRequest", {"newEmail": "lee@shop.example", "password": SECOND}, "accepted", token)
    await browser.do("passwordResetRequest", {"email": "ann@shop.example"}, "accepted")
    links = await links_of(browser, home)
    await browser.do("emailVerify", {"token": links["verify-email"]}, "user { id }")
    await browser.do("passwordReset", {"token": links["reset-password"], "password": THIRD}, "user { id }")
    await browser.do("passwordReset", {"token": links["reset-password"], "password": THIRD}, "user { id }")
    await browser.do("userEmailChangeConfirm", {"token": links["confirm-email"]}, "user { id }")
    await browser.send({"query": "{ me { id } }"}, token)  # its session has ended
    last = await browser.do("userLogin", {"email": "ann@shop.example", "password": THIRD}, TOKENS)
    await browser.do("userLogout", {"everywhere": True}, "loggedOut", str(last["tokens"]["accessToken"]))


async def links_of(browser: Browser, home: Path) -> dict[str, str]:
    """The tokens of the letters, by the pages that their links lead to; the shop's relay writes them."""
    for _ in range(1_500):
        found = await asyncio.to_thread(letters.in_folder, home)
        links = {letter.link.rpartition("/")[2]: letter.token for letter in found if letter.token}
        if len(links) == 3:
            browser.secrets |= set(links.values())
            return links
        await asyncio.sleep(0.02)
    raise AssertionError(f"no letter came: {browser.bodies}")


async def blunder(browser: Browser) -> None:
    """Requests that are refused before anything is done, and that nobody may quote, not even to whoever sent them."""
    login = "mutation ($input: UserLoginInput!) { userLogin(input: $input) { tokens { accessToken } } }"
    email = "ann@shop.example"
    for given in (
        {"email": email, "password": [WRONG]},
        {"email": email, "password": WRONG, "more": 1},
        WRONG,
        [WRONG],
    ):
        await browser.send({"query": login, "variables": {"input": given}})
    for document in (
        f'mutation {{ userLogin(input: {{ email: "a", password: ["{WRONG}"] }}) {{ tokens {{ accessToken }} }} }}',
        f'mutation {{ userLogin(input: {{ email: "a", password: "{WRONG}", more: 1 }}) {{ nothing }} }}',
        f'mutation {{ userLogin(input: {{ email: "a", password: "{WRONG}" }} {{ tokens }} }}',
        f'mutation {{ userLogin(input: {{ email: 1, password: "{WRONG}" }}) {{ tokens {{ accessToken }} }} }}',
    ):
        await browser.send({"query": document})
    await browser.send({"query": "{ me { id } }"}, token=FORGED)
    await browser.send([{"query": login, "variables": {"input": {"password": WRONG}}}])
    await browser.send({"query": login, "variables": WRONG})


async def everything_stored(settings: ConnectionSettings) -> str:
    connection = await connect(settings)
    tables = await connection.fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    assert {"outbox", "refresh_tokens", "one_time_tokens", "idempotency_keys", "users"} <= {
        row["name"] for row in tables
    }
    rows = [row[0] for table in tables for row in await connection.fetch(f'SELECT t::text FROM "{table["name"]}" t')]
    await connection.close()
    return "\n".join(rows)


def names(home: Path) -> str:
    return "\n".join(str(path) for path in home.rglob("*"))


def forms(secret: str) -> set[str]:
    """How it could be written down."""
    raw = secret.encode()
    return {
        secret,
        raw.hex(),
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    }


def found(secrets: set[str], text: str) -> list[str]:
    return [secret for secret in secrets if any(form in text for form in forms(secret))]


async def test_no_secret_is_stored_logged_or_answered(
    browser: Browser, settings: Settings, empty_database: ConnectionSettings, written: io.StringIO
) -> None:
    await live(browser, settings.souk_home)
    await blunder(browser)
    answers = list(browser.bodies)
    secrets = browser.secrets | browser.issued
    assert len(browser.issued) >= 6
    stored = await everything_stored(empty_database)
    assert "ann@shop.example" in stored
    assert found(secrets, stored) == []
    connection = await connect(empty_database)
    await connection.execute("DROP TABLE outbox")
    await connection.close()
    failed = {"email": "eve@shop.example", "password": PASSWORD, **PEOPLE}
    document = "mutation ($input: UserRegisterInput!) { userRegister(input: $input) { tokens { accessToken } } }"
    answer = await browser.send({"query": document, "variables": {"input": failed}})
    answers.append(browser.bodies[-1])
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    log = written.getvalue()
    assert 'relation \\"outbox\\" does not exist' in log
    assert "mail written" in log
    assert found(secrets | {FORGED}, log) == []
    assert found(secrets | {FORGED}, "\n".join(answers)) == []
    assert found(secrets, await asyncio.to_thread(names, settings.souk_home)) == []
    assert found(secrets, " ".join([*sys.argv, *os.environ.values()])) == []
