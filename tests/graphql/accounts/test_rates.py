"""How often one may try, with the shop's own limits: counted for each field that is executed."""

from collections.abc import AsyncGenerator, Generator

import pytest

from adapters.rate_limits import MemoryLimiter
from domain.users.user import Client
from server.wiring import Shop
from tests.conftest import Templates
from tests.graphql.accounts.mutations import Errors, Reply, everything, opened, send, send_all
from tests.people import PASSWORD, person

HERE, ELSEWHERE, THERE = Client("192.0.2.1"), Client("198.51.100.1"), Client("203.0.113.1")
WRONG: Errors = [("AuthenticationError", "INVALID_CREDENTIALS", None)]
LIMITED: Errors = [("RateLimitError", "RATE_LIMITED", None)]
NO_TOKEN: Errors = [("AuthenticationError", "INVALID_TOKEN", None)]


@pytest.fixture(scope="module")
def limited_url(templates: Templates) -> Generator[str]:
    with templates.clone("empty") as settings:
        yield settings.url


@pytest.fixture
async def shop(limited_url: str) -> AsyncGenerator[Shop]:
    """One that has counted nothing yet."""
    async with opened(limited_url, MemoryLimiter()) as made:
        yield made


def wait(reply: Reply) -> int:
    assert reply.refused == LIMITED
    return reply.payload["userErrors"][0]["retryAfter"]


async def test_aliases_do_not_help(shop: Shop) -> None:
    ann = await person(shop)
    login = ("userLogin", {"email": ann.user.email, "password": "wrong"})
    replies = await send_all(shop, [login] * 5, client=HERE)
    assert [reply.refused for reply in replies] == [WRONG, WRONG, WRONG, LIMITED, LIMITED]
    assert all(1 <= wait(reply) <= 11 for reply in replies[3:])


async def test_who_tries_too_often_is_refused_with_the_right_password_too(shop: Shop) -> None:
    ann = await person(shop)
    wrong, right = ({"email": ann.user.email, "password": password} for password in ("wrong", PASSWORD))
    await send_all(shop, [("userLogin", wrong)] * 3, client=HERE)
    before = await everything(shop)
    assert wait(await send(shop, "userLogin", right, client=ELSEWHERE))
    assert await everything(shop) == before


async def test_an_account_is_guarded_however_many_places_try_and_however_it_is_spelt(shop: Shop) -> None:
    ann = await person(shop)
    spellings = (ann.user.email, ann.user.email.upper(), f" {ann.user.email} ")
    for place, spelling in zip((HERE, ELSEWHERE, THERE), spellings, strict=True):
        assert (await send(shop, "userLogin", {"email": spelling, "password": "x"}, client=place)).refused == WRONG
    fourth = Client("192.0.2.200")
    assert wait(await send(shop, "userLogin", {"email": ann.user.email, "password": PASSWORD}, client=fourth))


async def test_a_place_is_counted_however_many_accounts_it_tries_also_those_that_are_not(shop: Shop) -> None:
    for number in range(3):
        login = {"email": f"{number}@shop.example", "password": "x"}
        assert (await send(shop, "userLogin", login, client=HERE)).refused == WRONG
    ann = await person(shop)
    login = {"email": ann.user.email, "password": PASSWORD}
    assert wait(await send(shop, "userLogin", login, client=HERE))
    assert (await send(shop, "userLogin", login, client=ELSEWHERE)).done["user"]


async def test_one_household_of_ipv6_is_one_place(shop: Shop) -> None:
    for number in range(3):
        login = {"email": f"{number}@shop.example", "password": "x"}
        assert (await send(shop, "userLogin", login, client=Client(f"2001:db8::{number}"))).refused == WRONG
    login = {"email": "9@shop.example", "password": "x"}
    assert wait(await send(shop, "userLogin", login, client=Client("2001:db8::ffff")))
    assert (await send(shop, "userLogin", login, client=Client("2001:db8:0:1::1"))).refused == WRONG


async def test_different_operations_that_prove_somebody_are_counted_together(shop: Shop) -> None:
    new = {"email": "new@shop.example", "password": PASSWORD, "firstName": "New", "lastName": "Person"}
    mutations = [
        ("userRegister", new),
        ("tokenRefresh", {"refreshToken": "junk"}),
        ("emailVerify", {"token": "junk"}),
        ("passwordReset", {"token": "junk", "password": PASSWORD}),
        ("userEmailChangeConfirm", {"token": "junk"}),
    ]
    replies = await send_all(shop, mutations, client=HERE)
    assert replies[0].done["user"]
    assert [reply.refused for reply in replies[1:]] == [NO_TOKEN, NO_TOKEN, LIMITED, LIMITED]


async def test_a_password_that_is_asked_for_within_a_session_is_guarded_too(shop: Shop) -> None:
    ann = await person(shop)
    mutations = [
        ("userPasswordChange", {"currentPassword": "wrong", "newPassword": "another four random words"}),
        ("userDelete", {"password": "wrong"}),
        ("userEmailChangeRequest", {"newEmail": "new@shop.example", "password": "wrong"}),
        ("userDelete", {"password": PASSWORD}),
    ]
    replies = await send_all(shop, mutations, ann)
    assert [code for reply in replies for _, code, _ in reply.refused] == ["INVALID_CREDENTIALS"] * 3 + ["RATE_LIMITED"]


async def test_a_repetition_of_signing_in_counts_as_a_try(shop: Shop) -> None:
    ann = await person(shop)
    login = {"email": ann.user.email, "password": PASSWORD, "idempotencyKey": "a key that others know"}
    assert (await send(shop, "userLogin", login, client=HERE)).done["user"]
    replies = await send_all(shop, [("userLogin", login | {"password": "guess"})] * 4, client=ELSEWHERE)
    assert [reply.refused for reply in replies] == [WRONG, WRONG, LIMITED, LIMITED]


async def test_refreshing_with_good_tokens_is_not_counted(shop: Shop) -> None:
    ann = await person(shop)
    secret = ann.tokens.refresh_token
    for _ in range(30):
        reply = await send(shop, "tokenRefresh", {"refreshToken": secret}, client=HERE)
        secret = reply.done["tokens"]["refreshToken"]


async def test_three_letters_an_hour_whether_there_is_an_account_or_not(shop: Shop) -> None:
    ann = await person(shop)
    for email in (ann.user.email, "nobody@shop.example"):
        places = [Client(f"203.0.113.{number}") for number in range(4)]
        replies = [await send(shop, "passwordResetRequest", {"email": email}, client=place) for place in places]
        assert [reply.payload["accepted"] for reply in replies] == [True, True, True, False]
        assert 3_590 <= wait(replies[3]) <= 3_601


async def test_after_ten_failures_the_wait_is_in_minutes_and_getting_in_ends_it_for_the_account(shop: Shop) -> None:
    ann = await person(shop)
    throttle = shop.services.authentication.throttle
    for _ in range(9):
        await throttle.failed(HERE, ann.user.email)
    login = {"email": ann.user.email, "password": PASSWORD}
    assert (await send(shop, "userLogin", login, client=ELSEWHERE)).done["user"]
    for _ in range(9):
        await throttle.failed(ELSEWHERE, ann.user.email)
    assert (await send(shop, "userLogin", login | {"password": "x"}, client=THERE)).refused == WRONG
    assert 290 <= wait(await send(shop, "userLogin", login, client=THERE)) <= 301
