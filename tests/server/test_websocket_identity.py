"""Who is on the socket, and for how long."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.users.user import ANONYMOUS
from server.wiring import Shop
from tests.people import person
from tests.server.sockets import NAME, NAMED, Served, served

SLOW = "query Slow { shop { name } }"
BRIEF = "query Brief { shop { name } }"
FORBIDDEN = (4403, "Forbidden")


@pytest.fixture(scope="module")
async def server(shop: Shop) -> AsyncGenerator[Served]:
    async with served(shop) as started:
        yield started


@pytest.mark.parametrize(
    "payload",
    [None, {}, {"Authorization": None}, {"Authorization": ""}, {"accessToken": ""}],
)
async def test_without_a_token_one_is_nobody(server: Served, payload: dict[str, Any] | None) -> None:
    async with server.talk(payload) as client:
        assert await client.ask(NAME) == NAMED
    assert server.shop.asked[-1][0] == ANONYMOUS


@pytest.mark.parametrize("written", ["Authorization", "authorization", "accessToken"])
async def test_a_token_says_who_one_is(server: Served, written: str) -> None:
    token = server.shop.sign_in()
    async with server.talk({written: token if written == "accessToken" else f"Bearer {token}"}) as client:
        assert await client.ask(NAME) == NAMED
    actor, _ = server.shop.asked[-1]
    assert (actor.user_id, actor.session_id) == (
        server.shop.tokens.known[token].user_id,
        server.shop.tokens.known[token].session_id,
    )


@pytest.mark.parametrize(
    "payload",
    [
        {"Authorization": "Bearer forged"},
        {"authorization": "Bearer "},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "token-0"},
        {"Authorization": "\0"},
        {"accessToken": "undefined"},
        {"accessToken": "x" * 50_000},
    ],
)
async def test_what_is_no_token_of_ours_is_4403(server: Served, payload: dict[str, Any]) -> None:
    async with server.open() as client:
        await client.say("connection_init", payload=payload)
        assert await client.end() == FORBIDDEN


async def test_a_token_that_is_too_old_or_whose_session_ended_is_4403(server: Served) -> None:
    revoked = server.shop.sign_in()
    await server.shop.revoke(revoked)
    for token in (server.shop.sign_in(timedelta(seconds=-1)), revoked):
        async with server.open() as client:
            await client.say("connection_init", payload={"accessToken": token})
            assert await client.end() == FORBIDDEN


async def test_when_the_token_expires_operations_end_and_the_socket_closes(server: Served) -> None:
    server.shop.leave.clear()
    async with server.talk({"accessToken": server.shop.sign_in(timedelta(seconds=0.3))}) as client:
        await client.subscribe(SLOW)
        async with asyncio.timeout(1.3):
            assert await client.end() == FORBIDDEN
    await server.quiet()
    assert server.shop.running == 0


async def test_when_the_session_is_revoked_its_sockets_close_and_no_others(server: Served) -> None:
    server.shop.leave.clear()
    user = uuid4()
    token, other = server.shop.sign_in(user_id=user), server.shop.sign_in(user_id=user)
    async with (
        server.talk({"accessToken": token}) as first,
        server.talk({"accessToken": token}) as second,
        server.talk({"accessToken": other}) as untouched,
    ):
        await first.subscribe(SLOW)
        await server.shop.revoke(token)
        async with asyncio.timeout(1):
            assert await asyncio.gather(first.end(), second.end()) == [FORBIDDEN, FORBIDDEN]
        assert await untouched.ask(NAME) == NAMED
    await server.quiet()
    assert server.shop.running == 0


async def test_what_is_about_to_end_still_answers_when_the_session_ends(server: Served) -> None:
    token = server.shop.sign_in()
    async with server.talk({"accessToken": token}) as client:
        server.shop.entered.clear()
        await client.subscribe(BRIEF)
        await server.shop.entered.wait()
        await server.shop.revoke(token)
        assert (await client.hear())["payload"] == NAMED
        assert await client.hear() == {"type": "complete", "id": "1"}
        assert await client.end() == FORBIDDEN


async def test_nothing_begins_once_the_session_has_ended(server: Served) -> None:
    server.shop.leave.clear()
    token = server.shop.sign_in()
    async with server.talk({"accessToken": token}) as client:
        await client.subscribe(SLOW)
        await client.say("ping")
        await client.hear()
        await server.shop.revoke(token)
        await asyncio.sleep(0.05)
        asked = len(server.shop.asked)
        await client.subscribe(NAME, "2")
        assert await client.end() == FORBIDDEN
    assert len(server.shop.asked) == asked


async def test_who_signs_out_over_the_socket_is_told_so_and_then_has_none(own_shop: Shop) -> None:
    someone = await person(own_shop)
    async with served(own_shop) as server:
        server.shop.genuine = True
        async with (
            server.talk(someone.headers) as client,
            server.talk(someone.headers) as other,
            server.talk() as nobody,
        ):
            assert await client.ask("{ me { email } }") == {"data": {"me": {"email": someone.user.email}}}
            assert await nobody.ask("{ me { email } }") == {"data": {"me": None}}
            answer = await client.ask("mutation { userLogout(input: {}) { userErrors { code } } }")
            assert answer == {"data": {"userLogout": {"userErrors": []}}}
            async with asyncio.timeout(1):
                assert await asyncio.gather(client.end(), other.end()) == [FORBIDDEN, FORBIDDEN]
            assert await nobody.ask(NAME) == {"data": {"shop": {"name": "Souk"}}}
        async with server.open() as again:
            await again.say("connection_init", payload=someone.headers)
            assert await again.end() == FORBIDDEN
