"""What proves who somebody is, and how it is exchanged: passwords, addresses, links in letters. And leaving."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.shared.errors import Conflict
from domain.users.one_time import LIFETIMES, OneTimeToken, Purpose
from domain.users.passwords import PasswordHasher
from domain.users.tokens import digest, new_secret
from domain.users.user import ANONYMOUS, UNKNOWN, UserRole
from server.wiring import Shop
from tests.graphql.accounts.mutations import (
    HOME,
    Reply,
    everything,
    handled,
    letters_to,
    open_sessions,
    password_hash,
    send,
    send_all,
    sql,
    token_for,
    user_id,
)
from tests.people import PASSWORD, Person, person, signed_in

OTHER = "another four random words"
NO_TOKEN = [("AuthenticationError", "INVALID_TOKEN", None)]
# with which mutation, and what besides the token, each kind of link is used
USES: Mapping[Purpose, tuple[str, Mapping[str, Any]]] = {
    Purpose.VERIFY_EMAIL: ("emailVerify", {}),
    Purpose.RESET_PASSWORD: ("passwordReset", {"password": OTHER}),
    Purpose.CHANGE_EMAIL: ("userEmailChangeConfirm", {}),
}


async def use(shop: Shop, purpose: Purpose, secret: str) -> Reply:
    name, rest = USES[purpose]
    return await send(shop, name, {"token": secret, **rest})


async def link(shop: Shop, who: Person, purpose: Purpose, email: str | None = None) -> str:
    """The token of a link as a letter would carry it."""
    secret = new_secret()
    address = email or (f"new-{who.user.email}" if purpose is Purpose.CHANGE_EMAIL else who.user.email)
    token = OneTimeToken(digest(secret), who.user.id, purpose, address, datetime.now(UTC) + LIFETIMES[purpose])
    async with shop.services.accounts.begin() as work:
        await work.one_time_tokens.add(token)
        await work.commit()
    return secret


async def can_sign_in(shop: Shop, email: str, password: str) -> bool:
    reply = await send(shop, "userLogin", {"email": email, "password": password})
    return reply.payload["user"] is not None


async def test_a_new_password_replaces_the_former_and_ends_all_other_sessions(people_shop: Shop) -> None:
    ann, ben = await person(people_shop), await person(people_shop)
    other = await signed_in(people_shop, ann.user)
    reply = await send(people_shop, "userPasswordChange", {"currentPassword": PASSWORD, "newPassword": OTHER}, ann)
    assert reply.done["user"]["id"] == user_id(ann)
    assert await open_sessions(people_shop, ann) == {ann.actor.session_id}
    assert await open_sessions(people_shop, ben) == {ben.actor.session_id}
    assert people_shop.identities.is_current(ann.actor)
    assert not people_shop.identities.is_current(other.actor)
    assert await can_sign_in(people_shop, ann.user.email, OTHER)
    assert not await can_sign_in(people_shop, ann.user.email, PASSWORD)
    [letter] = await letters_to(people_shop, ann.user.email)
    assert letter.token == ""


async def test_a_forgotten_password_is_replaced_and_every_session_ends(people_shop: Shop) -> None:
    ann = await person(people_shop)
    await send(people_shop, "passwordResetRequest", {"email": ann.user.email.upper()})
    token = await token_for(people_shop, ann.user.email)
    reply = await send(people_shop, "passwordReset", {"token": token, "password": OTHER})
    assert reply.done["user"]["emailVerified"] is True
    assert await open_sessions(people_shop, ann) == set()
    assert not people_shop.identities.is_current(ann.actor)
    assert await can_sign_in(people_shop, ann.user.email, OTHER)


async def test_a_link_stays_good_when_the_new_password_is_refused(people_shop: Shop) -> None:
    ann = await person(people_shop)
    token = await link(people_shop, ann, Purpose.RESET_PASSWORD)
    for weak in ("short", "Password1", ann.user.email, f"{ann.user.first_name}abc"):
        reply = await send(people_shop, "passwordReset", {"token": token, "password": weak})
        assert [field for _, _, field in reply.refused] == [["password"]]
    assert (await use(people_shop, Purpose.RESET_PASSWORD, token)).done["user"]


async def test_a_confirmed_address_is_confirmed_once_and_nothing_is_sent_again(people_shop: Shop) -> None:
    ann = await person(people_shop)
    await send(people_shop, "emailVerificationRequest", {}, ann)
    reply = await use(people_shop, Purpose.VERIFY_EMAIL, await token_for(people_shop, ann.user.email))
    assert reply.done["user"]["emailVerified"] is True
    count = len(await letters_to(people_shop, ann.user.email))
    assert (await send(people_shop, "emailVerificationRequest", {}, ann)).done["accepted"] is True
    assert len(await letters_to(people_shop, ann.user.email)) == count == 1


async def test_a_new_address_is_taken_by_the_link_that_went_there(people_shop: Shop) -> None:
    ann = await person(people_shop)
    new = f"new-{ann.user.email}"
    wish = {"newEmail": f" {new.upper()}", "password": PASSWORD}
    assert (await send(people_shop, "userEmailChangeRequest", wish, ann)).done["accepted"] is True
    [(email,)] = await sql(people_shop, "SELECT email FROM users WHERE id = $1", ann.user.id)
    assert email == ann.user.email
    reply = await use(people_shop, Purpose.CHANGE_EMAIL, await token_for(people_shop, new))
    assert (reply.done["user"]["email"], reply.done["user"]["emailVerified"]) == (new, True)
    assert await can_sign_in(people_shop, new, PASSWORD)
    assert not await can_sign_in(people_shop, ann.user.email, PASSWORD)


async def test_an_address_that_was_taken_meanwhile_stays_whose_it_is(people_shop: Shop) -> None:
    ann, ben = await person(people_shop), await person(people_shop)
    token = await link(people_shop, ann, Purpose.CHANGE_EMAIL, ben.user.email)
    before = await everything(people_shop)
    reply = await use(people_shop, Purpose.CHANGE_EMAIL, token)
    assert reply.refused == [("ConflictError", "TAKEN", ["token"])]
    assert await everything(people_shop) == before


@pytest.mark.parametrize("purpose", Purpose)
async def test_a_link_works_once(people_shop: Shop, purpose: Purpose) -> None:
    ann = await person(people_shop)
    token = await link(people_shop, ann, purpose)
    assert (await use(people_shop, purpose, token)).done["user"]
    assert (await use(people_shop, purpose, token)).refused == NO_TOKEN


@pytest.mark.parametrize("purpose", Purpose)
async def test_of_copies_used_at_the_same_time_one_works(people_shop: Shop, purpose: Purpose) -> None:
    ann = await person(people_shop)
    token = await link(people_shop, ann, purpose)
    replies = await asyncio.gather(*(use(people_shop, purpose, token) for _ in range(8)))
    assert sorted(len(reply.errors) for reply in replies) == [0, *[1] * 7]
    assert {str(reply.errors) for reply in replies if reply.errors} == {str(NO_TOKEN)}


@pytest.mark.parametrize("purpose", Purpose)
async def test_of_two_links_for_the_same_used_at_the_same_time_one_works(people_shop: Shop, purpose: Purpose) -> None:
    """They must not wait for each other, which would end in neither working."""
    ann = await person(people_shop)
    for number in range(4):
        tokens = [await link(people_shop, ann, purpose, f"{number}-{ann.user.email}") for _ in range(2)]
        if purpose is not Purpose.CHANGE_EMAIL:
            await sql(
                people_shop, "UPDATE users SET email = $1 WHERE id = $2", f"{number}-{ann.user.email}", ann.user.id
            )
        replies = await asyncio.gather(*(use(people_shop, purpose, token) for token in tokens))
        assert sorted(len(reply.errors) for reply in replies) == [0, 1]
        assert [reply.errors for reply in replies if reply.errors] == [NO_TOKEN]


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("wrong", Purpose)
async def test_a_link_serves_its_purpose_alone(people_shop: Shop, purpose: Purpose, wrong: Purpose) -> None:
    if purpose is wrong:
        return
    ann = await person(people_shop)
    token = await link(people_shop, ann, purpose)
    before = await everything(people_shop)
    assert (await use(people_shop, wrong, token)).refused == NO_TOKEN
    assert await everything(people_shop) == before
    assert (await use(people_shop, purpose, token)).done["user"]


@pytest.mark.parametrize("purpose", Purpose)
async def test_a_link_that_is_too_old_works_no_more(people_shop: Shop, purpose: Purpose) -> None:
    ann = await person(people_shop)
    token = await link(people_shop, ann, purpose)
    await sql(people_shop, "UPDATE one_time_tokens SET expires_at = now() WHERE hash = $1", digest(token))
    before = await everything(people_shop)
    assert (await use(people_shop, purpose, token)).refused == [("AuthenticationError", "EXPIRED_TOKEN", None)]
    assert await everything(people_shop) == before


@pytest.mark.parametrize("purpose", [Purpose.VERIFY_EMAIL, Purpose.RESET_PASSWORD])
async def test_a_link_proves_the_address_that_it_went_to_and_no_other(people_shop: Shop, purpose: Purpose) -> None:
    ann = await person(people_shop)
    token = await link(people_shop, ann, purpose)
    await use(people_shop, Purpose.CHANGE_EMAIL, await link(people_shop, ann, Purpose.CHANGE_EMAIL))
    assert (await use(people_shop, purpose, token)).refused == NO_TOKEN


@pytest.mark.parametrize("purpose", [Purpose.RESET_PASSWORD, Purpose.CHANGE_EMAIL])
@pytest.mark.parametrize("way", ["changed", "reset"])
async def test_a_new_password_makes_links_of_before_worthless(people_shop: Shop, purpose: Purpose, way: str) -> None:
    """Who knew the former password may have asked for them, to take the account later."""
    ann = await person(people_shop)
    kept = await link(people_shop, ann, Purpose.VERIFY_EMAIL)
    token = await link(people_shop, ann, purpose)
    if way == "changed":
        await send(people_shop, "userPasswordChange", {"currentPassword": PASSWORD, "newPassword": OTHER}, ann)
    else:
        await use(people_shop, Purpose.RESET_PASSWORD, await link(people_shop, ann, Purpose.RESET_PASSWORD))
    assert (await use(people_shop, purpose, token)).refused == NO_TOKEN
    assert (await use(people_shop, Purpose.VERIFY_EMAIL, kept)).done["user"]


async def test_a_password_that_changes_while_another_change_waits_is_not_lost(people_shop: Shop) -> None:
    ann = await person(people_shop)
    words = [f"another four random words {number}" for number in range(6)]
    replies = await asyncio.gather(
        *(
            send(people_shop, "userPasswordChange", {"currentPassword": PASSWORD, "newPassword": one}, ann)
            for one in words
        )
    )
    winners = [word for word, reply in zip(words, replies, strict=True) if not reply.errors]
    assert len(winners) == 1
    assert {reply.errors[0][1] for reply in replies if reply.errors} <= {"CONFLICT", "INVALID_CREDENTIALS"}
    assert await can_sign_in(people_shop, ann.user.email, winners[0])


async def test_who_leaves_takes_everything_personal_along(own_shop: Shop) -> None:
    ann, ben = await person(own_shop), await person(own_shop)
    await send_all(own_shop, [("userAddressCreate", {"address": HOME}), ("emailVerificationRequest", {})], ann)
    await handled(own_shop)
    await link(own_shop, ann, Purpose.RESET_PASSWORD)
    bens = await send(own_shop, "userAddressCreate", {"address": HOME}, ben)
    reply = await send(own_shop, "userDelete", {"password": PASSWORD}, ann)
    assert reply.done["deletedUserId"] == user_id(ann)
    assert not own_shop.identities.is_current(ann.actor)
    await handled(own_shop)
    left = str(await everything(own_shop))
    assert ann.user.email not in left
    assert repr(ann.user.id) not in left
    assert repr(ann.actor.session_id) in left  # as revoked, for as long as its tokens are valid
    assert repr(ben.user.id) in left
    assert bens.done["address"]
    assert (await send(own_shop, "tokenRefresh", {"refreshToken": ann.tokens.refresh_token})).refused == NO_TOKEN
    assert not await can_sign_in(own_shop, ann.user.email, PASSWORD)
    again = {"email": ann.user.email, "password": PASSWORD, "firstName": "Ann", "lastName": "Again"}
    assert (await send(own_shop, "userRegister", again)).done["user"]["id"] != user_id(ann)


async def test_another_role_ends_all_sessions_of_who_gets_it(people_shop: Shop) -> None:
    admin, ann = await person(people_shop, UserRole.ADMIN), await person(people_shop)
    await person(people_shop, UserRole.ADMIN)
    for role in ("ADMIN", "CUSTOMER"):
        session = await signed_in(people_shop, ann.user)
        reply = await send(people_shop, "userRoleSet", {"userId": user_id(ann), "role": role}, admin)
        assert reply.done["user"]["role"] == role
        assert await open_sessions(people_shop, ann) == set()
        assert not people_shop.identities.is_current(session.actor)
    session = await signed_in(people_shop, ann.user)
    before = await everything(people_shop)
    assert (await send(people_shop, "userRoleSet", {"userId": user_id(ann), "role": "CUSTOMER"}, admin)).done["user"]
    assert await everything(people_shop) == before  # no other role, and nothing ends
    assert people_shop.identities.is_current(session.actor)
    assert people_shop.identities.is_current(admin.actor)


async def test_administrators_who_take_each_others_role_at_once_leave_one(own_shop: Shop) -> None:
    for _ in range(50):
        await sql(own_shop, "UPDATE users SET role = 'customer'")
        one, two = await person(own_shop, UserRole.ADMIN), await person(own_shop, UserRole.ADMIN)
        replies = await asyncio.gather(
            send(own_shop, "userRoleSet", {"userId": user_id(two), "role": "CUSTOMER"}, one.actor),
            send(own_shop, "userRoleSet", {"userId": user_id(one), "role": "CUSTOMER"}, two.actor),
        )
        refused = [reply.errors for reply in replies if reply.errors]
        # the other one was too late, or was no longer signed in
        assert refused in ([[("ConflictError", "CONFLICT", ["role"])]], [NO_TOKEN])
        assert [row[0] for row in await sql(own_shop, "SELECT count(*) FROM users WHERE role = 'admin'")] == [1]


async def test_administrators_who_leave_at_once_leave_one(own_shop: Shop) -> None:
    for _ in range(5):
        await sql(own_shop, "UPDATE users SET role = 'customer'")
        admins = [await person(own_shop, UserRole.ADMIN) for _ in range(3)]
        replies = await asyncio.gather(*(send(own_shop, "userDelete", {"password": PASSWORD}, one) for one in admins))
        assert [reply.errors for reply in replies if reply.errors] == [[("ConflictError", "CONFLICT", None)]]
        assert [row[0] for row in await sql(own_shop, "SELECT count(*) FROM users WHERE role = 'admin'")] == [1]


class Slow:
    """A hasher that lets something happen after each password it has verified."""

    def __init__(self, real: PasswordHasher) -> None:
        self._real = real
        self.verified = asyncio.Event()
        self.go_on = asyncio.Event()

    async def hash(self, password: str) -> str:
        return await self._real.hash(password)

    async def verify(self, password: str, hashed: str | None) -> bool:
        matches = await self._real.verify(password, hashed)
        self.verified.set()
        await self.go_on.wait()
        return matches

    def is_outdated(self, hashed: str) -> bool:
        return self._real.is_outdated(hashed)


async def leaving(shop: Shop, who: Person, meanwhile: str, *values: object) -> None:
    """`who` leaves, and after their password was verified, something else happens first."""
    slow = Slow(shop.services.accounts.hasher)
    accounts = replace(shop.services.accounts, authentication=replace(shop.services.authentication, hasher=slow))
    task = asyncio.create_task(accounts.delete(who.actor, PASSWORD, UNKNOWN))
    await slow.verified.wait()
    await sql(shop, meanwhile, *values)
    slow.go_on.set()
    await task


async def test_who_becomes_the_last_administrator_while_leaving_stays(own_shop: Shop) -> None:
    ann = await person(own_shop)
    with pytest.raises(Conflict, match="last administrator"):
        await leaving(own_shop, ann, "UPDATE users SET role = 'admin'")
    assert await password_hash(own_shop, ann)


async def test_who_knew_the_former_password_does_not_delete_the_account(own_shop: Shop) -> None:
    ann = await person(own_shop)
    hashed = await own_shop.services.accounts.hasher.hash(OTHER)
    with pytest.raises(Conflict, match="password was just changed"):
        await leaving(own_shop, ann, "UPDATE users SET password_hash = $1", hashed)
    assert await password_hash(own_shop, ann) == hashed


async def test_sessions_that_are_ended_by_many_at_once_end_once_and_nobody_waits_for_ever(people_shop: Shop) -> None:
    ann = await person(people_shop)
    for _ in range(5):
        devices = [await signed_in(people_shop, ann.user) for _ in range(8)]
        everywhere = [("userLogout", {"everywhere": True}), ("sessionRevoke", {"allOthers": True})]
        asked = [send(people_shop, name, given, device) for device in devices for name, given in everywhere]
        refreshed = [
            send(people_shop, "tokenRefresh", {"refreshToken": device.tokens.refresh_token}, ANONYMOUS)
            for device in devices
        ]
        await asyncio.gather(*asked, *refreshed)
        ended = await sql(
            people_shop,
            "SELECT count(*) FROM session_revocations WHERE session_id = ANY($1)",
            [device.actor.session_id for device in devices],
        )
        assert [row[0] for row in ended] == [8]
        assert await open_sessions(people_shop, ann) <= {ann.actor.session_id}
