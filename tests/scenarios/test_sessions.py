"""Sessions under attack and in a crowd: many refresh, reuse, sign in and sign out at the same time."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from domain.users.sessions import GRACE
from domain.users.tokens import digest
from domain.users.user import UserRole
from persistence.connections import ConnectionSettings
from server.wiring import Shop
from tests import sizes
from tests.graphql.accounts.mutations import (
    Reply,
    open_sessions,
    opened,
    send,
    send_patiently,
    sql,
    user_id,
)
from tests.people import PASSWORD, Person, person, signed_in

AT_ONCE = 20
"""Copies of one refresh."""
FAMILIES_AT_ONCE = 4
OTHER = "another four random words"
NO_TOKEN = [("AuthenticationError", "INVALID_TOKEN", None)]
TAKEN = [("ConflictError", "TAKEN", ["email"])]
IN_PROGRESS = [("ConflictError", "IDEMPOTENCY_IN_PROGRESS", ["idempotencyKey"])]
LATER = GRACE + timedelta(seconds=1)


async def refresh(shop: Shop, secret: str) -> Reply:
    return await send_patiently(shop, "tokenRefresh", {"refreshToken": secret})


async def refresh_at_once(shop: Shop, secret: str, count: int = AT_ONCE) -> str:
    """Everybody gets the same successor, and an access token of their own."""
    replies = await asyncio.gather(*(refresh(shop, secret) for _ in range(count)))
    assert len({reply.done["tokens"]["accessToken"] for reply in replies}) == count
    [successor] = {reply.done["tokens"]["refreshToken"] for reply in replies}
    return successor


async def unused(shop: Shop, who: Person) -> list[bytes]:
    """The tokens of the session that can still be exchanged, as they are stored."""
    found = await sql(
        shop,
        "SELECT hash FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id "
        "WHERE s.id = $1 AND t.used_at IS NULL AND s.revoked_at IS NULL",
        who.actor.session_id,
    )
    return [bytes(row[0]) for row in found]


async def spent(shop: Shop, who: Person) -> int:
    found = await sql(
        shop, "SELECT count(*) FROM refresh_tokens WHERE session_id = $1 AND used_at IS NOT NULL", who.actor.session_id
    )
    return found[0][0]


async def let_time_pass(shop: Shop, secrets: Sequence[str]) -> None:
    """For tokens that were used: their grace is over."""
    hashes = [digest(secret) for secret in secrets]
    await sql(shop, "UPDATE refresh_tokens SET used_at = used_at - $1::interval WHERE hash = ANY($2)", LATER, hashes)


async def family(shop: Shop, number: int) -> None:
    """Three generations, of which the first is asked for by many at once; every other family is robbed in the end."""
    ann = await person(shop)
    secrets = [ann.tokens.refresh_token]
    for generation, copies in enumerate((AT_ONCE, 2, 2), start=1):
        secrets.append(await refresh_at_once(shop, secrets[-1], copies))
        assert await unused(shop, ann) == [digest(secrets[-1])]
        assert await spent(shop, ann) == generation
    if number % 2:
        await let_time_pass(shop, secrets[:1])
        replies = await asyncio.gather(refresh(shop, secrets[0]), refresh(shop, secrets[-1]))
        assert replies[0].refused == NO_TOKEN
        assert replies[1].errors in ([], NO_TOKEN)  # whichever was first
        assert await unused(shop, ann) == []
        for secret in secrets:
            assert (await refresh(shop, secret)).refused == NO_TOKEN
        assert not shop.identities.is_current(ann.actor)


async def test_each_family_is_one_chain_however_many_refresh_at_once_or_dead(own_shop: Shop) -> None:
    with capture_logs() as logged:
        for begin in range(0, sizes.FAMILIES, FAMILIES_AT_ONCE):
            await asyncio.gather(*(family(own_shop, begin + number) for number in range(FAMILIES_AT_ONCE)))
    reused = [entry for entry in logged if entry["event"] == "refresh token reused"]
    assert len(reused) == sizes.FAMILIES // 2
    alive = await sql(
        own_shop,
        "SELECT count(*) FILTER (WHERE revoked_at IS NULL), count(*) FILTER (WHERE revoked_at IS NOT NULL) "
        "FROM sessions",
    )
    assert tuple(alive[0]) == (sizes.FAMILIES - sizes.FAMILIES // 2, sizes.FAMILIES // 2)


async def test_reuse_after_the_grace_is_logged_without_the_token_and_ends_this_session_alone(own_shop: Shop) -> None:
    ann = await person(own_shop)
    other = await signed_in(own_shop, ann.user)
    newest = await refresh_at_once(own_shop, ann.tokens.refresh_token, 1)
    await let_time_pass(own_shop, [ann.tokens.refresh_token])
    with capture_logs() as logged:
        assert (await refresh(own_shop, ann.tokens.refresh_token)).refused == NO_TOKEN
        assert (await refresh(own_shop, ann.tokens.refresh_token)).refused == NO_TOKEN
    assert logged == [
        {
            "event": "refresh token reused",
            "log_level": "warning",
            "user": str(ann.user.id),
            "session": str(ann.actor.session_id),
        }
    ]
    assert (await refresh(own_shop, newest)).refused == NO_TOKEN
    assert await open_sessions(own_shop, ann) == {other.actor.session_id}


async def test_within_the_grace_the_same_successor_is_handed_out_also_when_it_was_used(own_shop: Shop) -> None:
    ann = await person(own_shop)
    second = await refresh_at_once(own_shop, ann.tokens.refresh_token, 1)
    third = await refresh_at_once(own_shop, second, 1)
    assert await refresh_at_once(own_shop, ann.tokens.refresh_token, 3) == second
    assert await refresh_at_once(own_shop, second, 3) == third
    assert await unused(own_shop, ann) == [digest(third)]


async def story(shop: Shop, chance: random.Random) -> None:
    """Somebody refreshes, somebody reuses, time passes, somebody signs out: in groups, at the same time."""
    ann = await person(shop)
    secrets, aged, over = [ann.tokens.refresh_token], set[str](), False
    for _ in range(chance.randint(3, 6)):
        chosen = [chance.choice([secrets[-1], chance.choice(secrets)]) for _ in range(chance.randint(1, 4))]
        leaves = chance.random() < 0.1
        out = [send_patiently(shop, "userLogout", {}, ann)] if leaves else []
        replies, _ = await asyncio.gather(
            asyncio.gather(*(refresh(shop, secret) for secret in chosen)), asyncio.gather(*out)
        )
        over = over or leaves or bool(aged.intersection(chosen))
        given = {reply.payload["tokens"]["refreshToken"] for reply in replies if not reply.errors}
        assert {str(reply.errors) for reply in replies if reply.errors} <= {str(NO_TOKEN)}
        assert len(given - set(secrets)) <= 1, "two successors"
        secrets += given - set(secrets)
        live = await unused(shop, ann)
        assert live == ([] if over else [digest(secrets[-1])])
        if chance.random() < 0.3:
            await let_time_pass(shop, secrets[:-1])
            aged.update(secrets[:-1])
    if over:
        for secret in secrets:
            assert (await refresh(shop, secret)).refused == NO_TOKEN


async def test_no_mixture_of_refreshing_reusing_and_signing_out_leaves_two_live_tokens(own_shop: Shop) -> None:
    seed = 20_261_125 if sizes.REPEATABLE else random.SystemRandom().randrange(10**9)
    chance = random.Random(seed)
    for _ in range(sizes.STORIES // FAMILIES_AT_ONCE):
        randoms = [random.Random(chance.random()) for _ in range(FAMILIES_AT_ONCE)]
        await asyncio.gather(*(story(own_shop, one) for one in randoms))


async def test_of_parallel_registrations_of_one_address_one_gets_the_account(own_shop: Shop) -> None:
    email = "ann.lee@shop.example"
    spellings = [
        email,
        email.upper(),
        f"  {email}",
        f"{email.title()}\n",
        "Ann.Lee@SHOP.example",
        "ann.lee@shop.Example",
    ]
    new = {"password": PASSWORD, "firstName": "Ann", "lastName": "Lee"}
    replies = await asyncio.gather(
        *(
            send_patiently(own_shop, "userRegister", {**new, "email": spellings[number % len(spellings)]})
            for number in range(sizes.REGISTRATIONS)
        )
    )
    assert sum(not reply.errors for reply in replies) == 1
    assert [reply.errors for reply in replies if reply.errors] == [TAKEN] * (sizes.REGISTRATIONS - 1)
    assert [tuple(row) for row in await sql(own_shop, "SELECT email, (SELECT count(*) FROM sessions) FROM users")] == [
        (email, 1)
    ]
    assert [row[0] for row in await sql(own_shop, "SELECT count(*) FROM outbox")] == [1]


async def test_copies_of_one_registration_with_a_key_are_one_account_and_one_answer(own_shop: Shop) -> None:
    new = {"email": "ann@shop.example", "password": PASSWORD, "firstName": "Ann", "lastName": "Lee"}
    request = {**new, "idempotencyKey": "one key"}

    async def settled() -> Reply:
        while (reply := await send_patiently(own_shop, "userRegister", request)).errors == IN_PROGRESS:
            pass
        return reply

    replies = await asyncio.gather(*(settled() for _ in range(sizes.COPIES)))
    assert all(reply.done == replies[0].done for reply in replies)
    assert sum(not reply.replayed for reply in replies) == 1
    [counts] = await sql(
        own_shop,
        "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM sessions), (SELECT count(*) FROM refresh_tokens), "
        "(SELECT count(*) FROM idempotency_keys), (SELECT count(*) FROM outbox)",
    )
    assert tuple(counts) == (1, 1, 1, 1, 1)
    assert own_shop.identities.identify(replies[0].done["tokens"]["accessToken"]).actor.user_id


@pytest.mark.parametrize("way", ["changed", "reset by a refresh"])
async def test_no_session_begun_with_the_former_password_outlives_it(own_shop: Shop, way: str) -> None:
    """Signing in, and refreshing what was signed in before, at the same time as the password changes."""
    for _ in range(max(2, sizes.FAMILIES // 20)):
        ann = await person(own_shop)
        login = {"email": ann.user.email, "password": PASSWORD}
        devices = [await signed_in(own_shop, ann.user) for _ in range(3)] if way != "changed" else []
        change = {"currentPassword": PASSWORD, "newPassword": OTHER}
        changed, *replies = await asyncio.gather(
            send_patiently(own_shop, "userPasswordChange", change, ann),
            *(send_patiently(own_shop, "userLogin", login) for _ in range(3)),
            *(refresh(own_shop, device.tokens.refresh_token) for device in devices),
        )
        assert changed.done["user"]
        assert await open_sessions(own_shop, ann) == {ann.actor.session_id}
        for reply in replies:
            if not reply.errors:
                assert (await refresh(own_shop, reply.payload["tokens"]["refreshToken"])).refused == NO_TOKEN


async def test_no_session_speaks_for_a_former_role(own_shop: Shop) -> None:
    admin = await person(own_shop, UserRole.ADMIN)
    for _ in range(max(2, sizes.FAMILIES // 20)):
        ann = await person(own_shop, UserRole.ADMIN)
        login = {"email": ann.user.email, "password": PASSWORD}
        demoted, *replies = await asyncio.gather(
            send_patiently(own_shop, "userRoleSet", {"userId": user_id(ann), "role": "CUSTOMER"}, admin),
            *(send_patiently(own_shop, "userLogin", login) for _ in range(3)),
            refresh(own_shop, ann.tokens.refresh_token),
        )
        assert demoted.done["user"]["role"] == "CUSTOMER"
        alive = await open_sessions(own_shop, ann)
        for reply in replies:
            if not reply.errors:
                claims = own_shop.identities.tokens.verify(reply.payload["tokens"]["accessToken"])
                assert claims.role is UserRole.CUSTOMER or claims.session_id not in alive


async def test_two_processes_agree_about_one_family(empty_database: ConnectionSettings) -> None:
    async with opened(empty_database.url) as one, opened(empty_database.url) as two:
        for _ in range(max(3, sizes.FAMILIES // 10)):
            ann = await person(one)
            secret = ann.tokens.refresh_token
            answers = await asyncio.gather(*(refresh_at_once(shop, secret, AT_ONCE // 2) for shop in (one, two)))
            assert answers[0] == answers[1]
            assert await unused(one, ann) == [digest(answers[0])]
            await let_time_pass(one, [secret])
            replies = await asyncio.gather(refresh(one, secret), refresh(two, secret))
            assert [reply.refused for reply in replies] == [NO_TOKEN, NO_TOKEN]
            assert (await send(two, "tokenRefresh", {"refreshToken": answers[0]})).refused == NO_TOKEN
