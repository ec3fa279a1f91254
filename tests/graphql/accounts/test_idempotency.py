"""Requests that are sent twice: one effect, the same answer, and nothing readable of either in the database."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import pytest

from domain.users.tokens import digest
from persistence.connections import ConnectionSettings
from server.wiring import Shop
from tests import sizes
from tests.graphql.accounts.mutations import (
    HOME,
    Reply,
    beside,
    everything,
    opened,
    send,
    send_all,
    sql,
    user_id,
)
from tests.people import PASSWORD, Person, person

Given = Mapping[str, Any]
KEY = "0b9d6c1e-a key of the client's own"
REUSED = [("ConflictError", "IDEMPOTENCY_KEY_REUSED", ["idempotencyKey"])]
IN_PROGRESS = [("ConflictError", "IDEMPOTENCY_IN_PROGRESS", ["idempotencyKey"])]
OLD, NEW = "an old secret of thirty-two bytes", "a new secret of thirty-two bytes!"


@pytest.fixture
async def ann(people_shop: Shop) -> AsyncGenerator[Person]:
    yield await person(people_shop)
    await sql(people_shop, "DELETE FROM idempotency_keys")


def inputs(ann: Person) -> dict[str, tuple[Given, Given]]:
    """For every mutation that takes a key: an input, and another one."""
    new = {"email": f"new-{ann.user.email}", "password": PASSWORD, "firstName": "Nora", "lastName": "Neumann"}
    login = {"email": ann.user.email, "password": PASSWORD}
    return {
        "userRegister": (new, new | {"firstName": "Nell"}),
        "userLogin": (login, login | {"email": ann.user.email.upper()}),
        "userUpdate": ({"firstName": "Nora"}, {"firstName": "Nora", "lastName": "Neumann"}),
        "userAddressCreate": ({"address": HOME}, {"address": HOME, "makeDefault": True}),
    }


def who(name: str, ann: Person) -> Any:
    return {} if name in {"userRegister", "userLogin"} else {"who": ann}


@pytest.mark.parametrize("name", ["userRegister", "userLogin", "userUpdate", "userAddressCreate"])
async def test_a_repetition_is_answered_as_before_and_has_no_effect(people_shop: Shop, ann: Person, name: str) -> None:
    given, other = inputs(ann)[name]
    first = await send(people_shop, name, {**given, "idempotencyKey": KEY}, **who(name, ann))
    assert first.done
    assert not first.replayed
    before = await everything(people_shop)
    again = await send(people_shop, name, {**given, "idempotencyKey": KEY}, **who(name, ann))
    assert again.payload == first.payload  # tokens included
    assert again.replayed
    another = await send(people_shop, name, {**other, "idempotencyKey": KEY}, **who(name, ann))
    assert another.refused == REUSED
    assert await everything(people_shop) == before


async def test_what_was_sent_again_is_answered_as_before_although_things_have_changed(
    people_shop: Shop, ann: Person
) -> None:
    update = {"firstName": "Nora", "idempotencyKey": KEY}
    first = await send(people_shop, "userUpdate", update, ann)
    await send(people_shop, "userUpdate", {"firstName": "Later"}, ann)
    again = await send(people_shop, "userUpdate", update, ann)
    assert again.payload == first.payload
    [(name,)] = await sql(people_shop, "SELECT first_name FROM users WHERE id = $1", ann.user.id)
    assert name == "Later"


async def test_a_changed_address_and_a_letter_asked_for_are_repeated_too(people_shop: Shop, ann: Person) -> None:
    created = await send(people_shop, "userAddressCreate", {"address": HOME}, ann)
    update = {"id": created.done["address"]["id"], "address": HOME | {"city": "York"}, "idempotencyKey": KEY}
    for name, given in (("userAddressUpdate", update), ("emailVerificationRequest", {"idempotencyKey": KEY})):
        first = await send(people_shop, name, given, ann)
        before = await everything(people_shop)
        again = await send(people_shop, name, given, ann)
        assert (again.payload, again.replayed) == (first.done, True)
        assert await everything(people_shop) == before


async def test_what_means_the_same_is_the_same_input(people_shop: Shop, ann: Person) -> None:
    first = await send(people_shop, "userAddressCreate", {"address": HOME, "idempotencyKey": KEY}, ann)
    reordered = {"idempotencyKey": KEY, "makeDefault": False, "address": dict(reversed(HOME.items()))}
    assert (await send(people_shop, "userAddressCreate", reordered, ann)).payload == first.done


async def test_each_operation_and_each_actor_has_keys_of_its_own(people_shop: Shop, ann: Person) -> None:
    ben = await person(people_shop)
    update, create = {"firstName": "Nora", "idempotencyKey": KEY}, {"address": HOME, "idempotencyKey": KEY}
    replies = [
        await send(people_shop, "userUpdate", update, ann),
        await send(people_shop, "userAddressCreate", create, ann),
        await send(people_shop, "userUpdate", update | {"firstName": "Ben"}, ben),
        await send(people_shop, "userAddressCreate", create, ben),
    ]
    assert [reply.replayed for reply in replies] == [False] * 4
    assert replies[2].done["user"]["id"] == user_id(ben)
    assert replies[1].done["address"]["id"] != replies[3].done["address"]["id"]


async def test_what_was_refused_does_not_spend_the_key(people_shop: Shop, ann: Person) -> None:
    refused = await send(people_shop, "userUpdate", {"firstName": "", "idempotencyKey": KEY}, ann)
    assert refused.refused
    assert (await send(people_shop, "userUpdate", {"firstName": "Nora", "idempotencyKey": KEY}, ann)).done["user"]
    login = {"email": ann.user.email, "password": "wrong", "idempotencyKey": KEY}
    assert (await send(people_shop, "userLogin", login)).refused
    assert (await send(people_shop, "userLogin", login | {"password": PASSWORD})).done["user"]


async def test_a_key_is_free_again_after_a_day(people_shop: Shop, ann: Person) -> None:
    first = {"firstName": "Nora", "idempotencyKey": KEY}
    second = {"firstName": "Nell", "idempotencyKey": KEY}
    await send(people_shop, "userUpdate", first, ann)
    await sql(people_shop, "UPDATE idempotency_keys SET created_at = now() - interval '1 day'")
    reply = await send(people_shop, "userUpdate", second, ann)
    assert (reply.done["user"]["firstName"], reply.replayed) == ("Nell", False)
    assert (await send(people_shop, "userUpdate", second, ann)).replayed
    assert (await send(people_shop, "userUpdate", first, ann)).refused == REUSED


async def test_a_key_alone_tells_nobody_whether_a_password_is_right(people_shop: Shop, ann: Person) -> None:
    login = {"email": ann.user.email, "password": PASSWORD, "idempotencyKey": KEY}
    await send(people_shop, "userLogin", login)
    wrong = await send(people_shop, "userLogin", login | {"password": "wrong"})
    assert wrong.refused == [("AuthenticationError", "INVALID_CREDENTIALS", None)]
    change = {"currentPassword": PASSWORD, "newPassword": "another four random words"}
    await send(people_shop, "userPasswordChange", change, ann)
    assert (await send(people_shop, "userLogin", login)).refused == wrong.refused


@pytest.mark.parametrize("key", ["x", "🌵", "x" * 255, " "])
async def test_any_text_can_be_a_key(people_shop: Shop, ann: Person, key: str) -> None:
    replies = [await send(people_shop, "userUpdate", {"firstName": "Nora", "idempotencyKey": key}, ann) for _ in "12"]
    assert [reply.replayed for reply in replies] == [False, True]


async def test_in_one_document_the_second_is_the_repetition_of_the_first(people_shop: Shop, ann: Person) -> None:
    create = ("userAddressCreate", {"address": HOME, "idempotencyKey": KEY})
    first, second = await send_all(people_shop, [create, create], ann)
    assert first.done == second.done


async def test_while_the_first_request_is_running_the_next_one_is_told_so(people_shop: Shop, ann: Person) -> None:
    update = {"firstName": "Nora", "idempotencyKey": KEY}
    async with beside(people_shop) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "INSERT INTO idempotency_keys (actor, operation, key_hash, fingerprint, created_at) "
            "VALUES ($1, 'userUpdate', $2, $3, now())",
            str(ann.user.id),
            hashlib.sha256(KEY.encode()).digest(),
            bytes(32),
        )
        assert (await send(people_shop, "userUpdate", update, ann)).refused == IN_PROGRESS
        other = await send(people_shop, "userUpdate", update | {"idempotencyKey": "another"}, ann)
        assert other.done["user"]  # nobody else is held up
        waiting = asyncio.create_task(send(people_shop, "userUpdate", update, ann))
        await asyncio.sleep(0)
        await transaction.rollback()
        assert (await waiting).done["user"]["firstName"] == "Nora"


@pytest.mark.parametrize("name", ["userAddressCreate", "userLogin", "userUpdate"])
async def test_copies_that_arrive_together_have_one_effect_and_one_answer(
    people_shop: Shop, ann: Person, name: str
) -> None:
    given, _ = inputs(ann)[name]
    request = {**given, "idempotencyKey": KEY}
    replies = await asyncio.gather(
        *(send(people_shop, name, request, **who(name, ann)) for _ in range(sizes.COPIES // 2))
    )
    settled = [reply for reply in replies if reply.errors != IN_PROGRESS]
    settled.append(await send(people_shop, name, request, **who(name, ann)))
    assert all(reply.done == settled[0].done for reply in settled)
    assert sum(not reply.replayed for reply in settled) == 1


async def test_a_repetition_is_recognised_while_secrets_are_exchanged(empty_database: ConnectionSettings) -> None:
    login = {"password": PASSWORD, "idempotencyKey": KEY}
    first: Reply | None = None
    for secrets in (OLD, f"{NEW},{OLD}"):
        async with opened(empty_database.url, jwt_secret=secrets) as shop:
            if first is None:
                ann = await person(shop)
                login["email"] = ann.user.email
                first = await send(shop, "userLogin", login)
                assert first.done
            again = await send(shop, "userLogin", login)
            assert (again.payload, again.replayed) == (first.payload, True)
            other = login | {"email": login["email"].upper()}
            assert (await send(shop, "userLogin", other)).refused == REUSED
    async with opened(empty_database.url, jwt_secret=NEW) as shop:
        assert (await send(shop, "userLogin", login)).refused == REUSED  # nobody can tell any more


def spellings(text: str) -> set[bytes]:
    """How a text could be found in raw bytes."""
    raw = text.encode()
    encoded = (base64.b64encode(raw[start:])[2:-4] for start in range(3))
    # a few signs stand anywhere by chance
    return {raw, raw.hex().encode(), hashlib.sha256(raw).digest(), *(part for part in encoded if len(part) > 5)}


async def raw(shop: Shop, table: str) -> bytes:
    """All that a thief of the table has: texts, and the contents of bytes as they are and in hexadecimal."""
    parts: list[bytes] = []
    for row in (await everything(shop))[table]:
        for value in row.values():
            binary = bytes(value) if isinstance(value, bytes) else str(value).encode()
            parts += [binary, binary.hex().encode()]
    return b"\n".join(parts)


async def test_what_is_stored_tells_neither_passwords_nor_tokens_nor_people(own_shop: Shop) -> None:
    password, other = "a very secret password", "another very secret password"
    new = {"email": "nora@shop.example", "password": password, "firstName": "Noratta", "lastName": "Neumann"}
    registered = await send(own_shop, "userRegister", {**new, "idempotencyKey": KEY})
    login = {"email": "nora@shop.example", "password": password, "idempotencyKey": KEY}
    signed = await send(own_shop, "userLogin", login)
    tokens = [text for reply in (registered, signed) for text in reply.done["tokens"].values()]
    actor = own_shop.identities.identify(tokens[0]).actor
    address = HOME | {"line1": "1 Telltale Street"}
    await send_all(
        own_shop,
        [
            ("userUpdate", {"firstName": "Nicolette", "idempotencyKey": KEY}),
            ("userAddressCreate", {"address": address, "idempotencyKey": KEY}),
            ("userPasswordChange", {"currentPassword": password, "newPassword": other}),
        ],
        actor,
    )
    refreshed = await send(own_shop, "tokenRefresh", {"refreshToken": registered.done["tokens"]["refreshToken"]})
    tokens += refreshed.done["tokens"].values()
    secrets = [password, other, *(token for token in tokens if not token.endswith("Z"))]
    personal = ["nora@shop.example", "Noratta", "Neumann", "Nicolette", "Telltale"]
    assert len(secrets) == 8
    for table, rows in (await everything(own_shop)).items():
        content = await raw(own_shop, table)
        for secret in secrets:
            found = [one for one in spellings(secret) if one in content]
            assert found in ([], [digest(secret)] if table == "refresh_tokens" else []), table
        if table == "idempotency_keys":
            assert len(rows) == 4
            for text in personal:
                assert not [one for one in spellings(text) if one in content]
            assert KEY.encode() not in content
