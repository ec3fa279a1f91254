"""Registering, signing in, staying signed in and signing out."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.passwords import Argon2PasswordHasher
from domain.users.sessions import ABSOLUTE, IDLE
from domain.users.tokens import ACCESS_LIFETIME, digest
from domain.users.user import Actor, Client, UserRole
from resolvers import global_ids
from server.wiring import Shop
from tests.graphql.accounts.mutations import (
    Reply,
    letters_to,
    open_sessions,
    password_hash,
    send,
    send_all,
    session_id,
    sql,
    user_id,
)
from tests.graphql.asking import ask, data
from tests.people import PASSWORD, person, signed_in

BROWSER = Client("192.0.2.7", "A browser")
SESSIONS = "{ me { sessions { id current userAgent ipAddress createdAt lastUsedAt expiresAt } } }"
GONE = [("AuthenticationError", "INVALID_TOKEN", None)]
TOO_OLD = [("AuthenticationError", "EXPIRED_TOKEN", None)]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def actor_of(shop: Shop, reply: Reply) -> Actor:
    """Whom the answer's access token speaks for."""
    return shop.identities.identify(reply.done["tokens"]["accessToken"]).actor


async def test_who_registers_has_an_account_and_is_signed_in_there(own_shop: Shop) -> None:
    new = {"email": " Ann.Lee@Shop.Example ", "password": PASSWORD, "firstName": " Ann ", "lastName": "Jose\u0301"}
    reply = await send(own_shop, "userRegister", new, client=BROWSER)
    assert reply.done["user"] == {
        "id": reply.payload["user"]["id"],
        "email": "ann.lee@shop.example",
        "firstName": "Ann",
        "lastName": "José",
        "role": "CUSTOMER",
        "emailVerified": False,
    }
    actor = actor_of(own_shop, reply)
    assert actor == Actor(actor.user_id, UserRole.CUSTOMER, actor.session_id)
    found = await data(own_shop, SESSIONS, actor=actor)
    [session] = found["me"]["sessions"]
    assert (session["current"], session["userAgent"], session["ipAddress"]) == (True, "A browser", "192.0.2.7")
    [letter] = await letters_to(own_shop, "ann.lee@shop.example")
    assert letter.link.endswith("/account/verify-email")


async def test_a_password_is_stored_as_its_argon2id_hash_alone(own_shop: Shop) -> None:
    new = {"email": "ann@shop.example", "password": PASSWORD, "firstName": "Ann", "lastName": "Lee"}
    await send(own_shop, "userRegister", new)
    [(stored,)] = await sql(own_shop, "SELECT password_hash FROM users")
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored


@pytest.mark.parametrize("spelling", ["{}", "  {}\n", "CAPITALS"])
async def test_who_knows_the_password_signs_in_however_the_address_is_spelt(people_shop: Shop, spelling: str) -> None:
    ann = await person(people_shop)
    email = ann.user.email.upper() if spelling == "CAPITALS" else spelling.format(ann.user.email)
    reply = await send(people_shop, "userLogin", {"email": email, "password": PASSWORD}, client=BROWSER)
    assert reply.done["user"]["id"] == user_id(ann)
    assert actor_of(people_shop, reply).user_id == ann.user.id
    assert len(await open_sessions(people_shop, ann)) == 2


async def test_a_password_typed_on_another_keyboard_is_the_same(people_shop: Shop) -> None:
    ann = await person(people_shop)
    words = {"currentPassword": PASSWORD, "newPassword": "cre\u0300me bru\u0302le\u0301e"}
    await send(people_shop, "userPasswordChange", words, ann)
    reply = await send(people_shop, "userLogin", {"email": ann.user.email, "password": "crème brûlée"})
    assert reply.done["user"]


async def test_tokens_are_valid_for_as_long_as_they_say(people_shop: Shop) -> None:
    ann = await person(people_shop)
    before = datetime.now(UTC).replace(microsecond=0)
    reply = await send(people_shop, "userLogin", {"email": ann.user.email, "password": PASSWORD})
    after = datetime.now(UTC)
    tokens = reply.done["tokens"]
    assert before + ACCESS_LIFETIME <= instant(tokens["accessTokenExpiresAt"]) <= after + ACCESS_LIFETIME
    assert before + IDLE <= instant(tokens["refreshTokenExpiresAt"]) <= after + IDLE
    [(stored,)] = await sql(
        people_shop, "SELECT expires_at FROM refresh_tokens WHERE hash = $1", digest(tokens["refreshToken"])
    )
    assert stored == instant(tokens["refreshTokenExpiresAt"])


async def test_an_outdated_hash_is_renewed_by_signing_in_also_when_several_do_at_once(people_shop: Shop) -> None:
    ann = await person(people_shop)
    weak = Argon2PasswordHasher(memory_kib=64, passes=1)
    former = await weak.hash(PASSWORD)
    weak.close()
    await sql(people_shop, "UPDATE users SET password_hash = $1 WHERE id = $2", former, ann.user.id)
    login = {"email": ann.user.email, "password": PASSWORD}
    replies = await asyncio.gather(*(send(people_shop, "userLogin", login) for _ in range(4)))
    assert all(reply.done["user"] for reply in replies)
    renewed = await password_hash(people_shop, ann)
    assert renewed != former
    assert not people_shop.services.authentication.hasher.is_outdated(renewed)
    await send(people_shop, "userLogin", login)
    assert await password_hash(people_shop, ann) == renewed


async def test_a_refresh_token_is_exchanged_for_its_successor(people_shop: Shop) -> None:
    ann = await person(people_shop)
    first = await send(people_shop, "tokenRefresh", {"refreshToken": ann.tokens.refresh_token})
    second = await send(people_shop, "tokenRefresh", {"refreshToken": first.done["tokens"]["refreshToken"]})
    secrets = {ann.tokens.refresh_token, *(reply.done["tokens"]["refreshToken"] for reply in (first, second))}
    assert len(secrets) == 3
    assert actor_of(people_shop, second) == ann.actor
    used = await sql(
        people_shop,
        "SELECT hash, used_at IS NOT NULL FROM refresh_tokens WHERE session_id = $1",
        ann.actor.session_id,
    )
    unused = [bytes(one) for one, spent in used if not spent]
    assert len(used) == 3
    assert unused == [digest(second.done["tokens"]["refreshToken"])]


async def test_using_a_session_moves_its_end_up_to_thirty_days(people_shop: Shop) -> None:
    ann = await person(people_shop)
    begun = datetime.now(UTC) - ABSOLUTE + timedelta(days=1)
    await sql(
        people_shop,
        "UPDATE sessions SET created_at = $1, expires_at = $2 WHERE id = $3",
        begun,
        begun + ABSOLUTE,
        ann.actor.session_id,
    )
    reply = await send(people_shop, "tokenRefresh", {"refreshToken": ann.tokens.refresh_token})
    assert instant(reply.done["tokens"]["refreshTokenExpiresAt"]) == begun + ABSOLUTE


@pytest.mark.parametrize(
    ("column", "age"), [("last_used_at", IDLE), ("expires_at", timedelta())], ids=["not used", "too old"]
)
async def test_a_session_that_is_over_gives_no_tokens_and_is_not_listed(
    people_shop: Shop, column: str, age: timedelta
) -> None:
    ann = await person(people_shop)
    other = await signed_in(people_shop, ann.user)
    await sql(
        people_shop,
        f"UPDATE sessions SET {column} = $1 WHERE id = $2",
        datetime.now(UTC) - age - timedelta(seconds=1),
        other.actor.session_id,
    )
    reply = await send(people_shop, "tokenRefresh", {"refreshToken": other.tokens.refresh_token})
    assert reply.refused == TOO_OLD
    listed = await data(people_shop, SESSIONS, actor=ann.actor)
    assert [one["id"] for one in listed["me"]["sessions"]] == [session_id(ann)]
    revoked = await send(people_shop, "sessionRevoke", {"id": session_id(other)}, ann)
    assert revoked.refused == [("NotFoundError", "NOT_FOUND", ["id"])]


async def test_signing_out_ends_this_session_alone(people_shop: Shop) -> None:
    ann = await person(people_shop)
    other = await signed_in(people_shop, ann.user)
    assert (await send(people_shop, "userLogout", {}, ann)).done["loggedOut"] is True
    assert await open_sessions(people_shop, ann) == {other.actor.session_id}
    assert (await send(people_shop, "tokenRefresh", {"refreshToken": ann.tokens.refresh_token})).refused == GONE
    assert (await send(people_shop, "tokenRefresh", {"refreshToken": other.tokens.refresh_token})).done["tokens"]
    assert not people_shop.identities.is_current(ann.actor)
    assert people_shop.identities.is_current(other.actor)


async def test_signing_out_everywhere_ends_all_of_ones_sessions_and_nobody_elses(people_shop: Shop) -> None:
    ann, ben = await person(people_shop), await person(people_shop)
    other = await signed_in(people_shop, ann.user)
    assert (await send(people_shop, "userLogout", {"everywhere": True}, ann)).done["loggedOut"] is True
    assert await open_sessions(people_shop, ann) == set()
    assert await open_sessions(people_shop, ben) == {ben.actor.session_id}
    assert not people_shop.identities.is_current(other.actor)


async def test_one_session_can_be_ended_by_its_id(people_shop: Shop) -> None:
    ann = await person(people_shop)
    other, third = await signed_in(people_shop, ann.user), await signed_in(people_shop, ann.user)
    assert (await send(people_shop, "sessionRevoke", {"id": session_id(other)}, ann)).done["revokedCount"] == 1
    assert await open_sessions(people_shop, ann) == {ann.actor.session_id, third.actor.session_id}
    own = await send(people_shop, "sessionRevoke", {"id": session_id(ann)}, ann)
    assert own.done["revokedCount"] == 1
    assert await open_sessions(people_shop, ann) == {third.actor.session_id}


async def test_all_other_sessions_can_be_ended_at_once(people_shop: Shop) -> None:
    ann = await person(people_shop)
    for _ in range(3):
        await signed_in(people_shop, ann.user)
    assert (await send(people_shop, "sessionRevoke", {"allOthers": True}, ann)).done["revokedCount"] == 3
    assert await open_sessions(people_shop, ann) == {ann.actor.session_id}
    assert (await send(people_shop, "sessionRevoke", {"allOthers": True}, ann)).done["revokedCount"] == 0


async def test_sessions_are_listed_the_last_used_first_and_say_which_one_asks(people_shop: Shop) -> None:
    ann = await person(people_shop)
    devices = [await signed_in(people_shop, ann.user, Client(None, f"Device {number}")) for number in range(3)]
    await send(people_shop, "tokenRefresh", {"refreshToken": devices[0].tokens.refresh_token})
    listed = (await data(people_shop, SESSIONS, actor=devices[1].actor))["me"]["sessions"]
    order = [devices[0], devices[2], devices[1], ann]
    assert [one["id"] for one in listed] == [session_id(one) for one in order]
    assert [one["current"] for one in listed] == [False, False, True, False]
    assert [one["userAgent"] for one in listed] == ["Device 0", "Device 2", "Device 1", None]
    assert all(instant(one["expiresAt"]) == instant(one["lastUsedAt"]) + IDLE for one in listed)


async def test_nobody_else_sees_somebodys_sessions_not_even_an_administrator(people_shop: Shop) -> None:
    ann, admin = await person(people_shop), await person(people_shop, UserRole.ADMIN)
    query = "query($id: ID!) { node(id: $id) { ... on User { email sessions { id } } } }"
    answer = await ask(people_shop, query, {"id": user_id(ann)}, admin.actor)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    found = await data(people_shop, "query($id: ID!) { node(id: $id) { id } }", {"id": session_id(ann)}, admin.actor)
    assert found == {"node": None}


async def test_after_signing_out_the_rest_of_the_document_is_refused(people_shop: Shop) -> None:
    ann = await person(people_shop)
    mutations: list[tuple[str, dict[str, str]]] = [
        ("userUpdate", {"firstName": "Before"}),
        ("userLogout", {}),
        ("userUpdate", {"firstName": "After"}),
    ]
    before, out, after = await send_all(people_shop, mutations, ann)
    assert before.done["user"]["firstName"] == "Before"
    assert out.done["loggedOut"] is True
    assert after.refused == GONE
    [(name,)] = await sql(people_shop, "SELECT first_name FROM users WHERE id = $1", ann.user.id)
    assert name == "Before"


async def test_mutations_of_one_document_are_carried_out_one_after_the_other(people_shop: Shop) -> None:
    ann = await person(people_shop)
    mutations = [("userUpdate", {"firstName": f"Name {number}"}) for number in range(5)]
    replies = await send_all(people_shop, mutations, ann)
    assert [reply.done["user"]["firstName"] for reply in replies] == [f"Name {number}" for number in range(5)]
    renamed = {"firstName": "Changed", "lastName": "Twice"}
    first, second = await send_all(people_shop, [("userUpdate", renamed), ("userUpdate", {"lastName": "Again"})], ann)
    assert (first.done["user"]["lastName"], second.done["user"]["firstName"]) == ("Twice", "Changed")


async def test_to_sign_in_as_somebody_else_does_not_lend_the_next_mutation_their_rights(people_shop: Shop) -> None:
    admin, ann = await person(people_shop, UserRole.ADMIN), await person(people_shop)
    await person(people_shop, UserRole.ADMIN)  # so that the other is not the last
    login = {"email": admin.user.email, "password": PASSWORD}
    role = {"userId": user_id(ann), "role": "ADMIN"}
    signed, refused = await send_all(people_shop, [("userLogin", login), ("userRoleSet", role)], ann)
    assert signed.done["user"]["id"] == user_id(admin)
    assert refused.refused == [("PermissionError", "FORBIDDEN", None)]


async def test_a_device_with_odd_words_about_itself_signs_in_all_the_same(people_shop: Shop) -> None:
    ann = await person(people_shop)
    odd = Client("fe80::1%" + "x" * 100, "🌵" * 2_000)
    reply = await send(people_shop, "userLogin", {"email": ann.user.email, "password": PASSWORD}, client=odd)
    session = global_ids.encode("Session", actor_of(people_shop, reply).session_id)  # pyright: ignore[reportArgumentType]
    listed = (await data(people_shop, SESSIONS, actor=actor_of(people_shop, reply)))["me"]["sessions"]
    assert session in {one["id"] for one in listed}


async def test_a_token_of_somebody_who_was_deleted_says_nothing_about_anybody(people_shop: Shop) -> None:
    ann = await person(people_shop)
    ghost = replace(ann.actor, session_id=None)
    await send(people_shop, "userDelete", {"password": PASSWORD}, ann)
    assert await data(people_shop, "{ me { id } }", actor=ghost) == {"me": None}
    assert (await send(people_shop, "userUpdate", {"firstName": "Ghost"}, ghost)).refused == GONE
    assert (await send(people_shop, "userLogout", {}, ghost)).refused == GONE
