"""Address books: one address is the default, unless there is none."""

import asyncio
import random
from typing import Any

from domain.users.address import MOST_ADDRESSES
from server.wiring import Shop
from tests.graphql.accounts.mutations import HOME, send, send_all, sql, user_id
from tests.graphql.asking import data
from tests.people import Person, person

BOOK = "{ me { defaultAddress { id } addresses { id isDefault address { line1 city countryCode phone } } } }"
STEPS = 60


async def book(shop: Shop, who: Person) -> list[dict[str, Any]]:
    """All addresses, of which the first is the default."""
    found = (await data(shop, BOOK, actor=who.actor))["me"]
    addresses = found["addresses"]
    assert [one["isDefault"] for one in addresses] == [number == 0 for number in range(len(addresses))]
    assert found["defaultAddress"] == ((addresses and {"id": addresses[0]["id"]}) or None)
    return addresses


async def add(shop: Shop, who: Person, line: str, **given: object) -> str:
    reply = await send(shop, "userAddressCreate", {"address": HOME | {"line1": line}, **given}, who)
    return reply.done["address"]["id"]


async def test_the_first_address_becomes_the_default_and_the_next_ones_only_when_they_should(
    people_shop: Shop,
) -> None:
    ann = await person(people_shop)
    assert await book(people_shop, ann) == []
    first = await add(people_shop, ann, "1", makeDefault=False)
    second = await add(people_shop, ann, "2")
    third = await add(people_shop, ann, "3", makeDefault=True)
    assert [one["id"] for one in await book(people_shop, ann)] == [third, first, second]


async def test_an_address_is_stored_tidied_and_shown_with_whose_it_is(people_shop: Shop) -> None:
    ann = await person(people_shop)
    untidy = {"line1": " 1  High Street ", "city": "Leeds\n", "countryCode": "gb", "phone": " "}
    reply = await send(people_shop, "userAddressCreate", {"address": untidy}, ann)
    assert reply.done["user"]["id"] == user_id(ann)
    assert reply.done["address"]["isDefault"] is True
    [shown] = await book(people_shop, ann)
    assert shown["address"] == {"line1": "1 High Street", "city": "Leeds", "countryCode": "GB", "phone": None}


async def test_an_address_is_replaced_as_a_whole(people_shop: Shop) -> None:
    ann = await person(people_shop)
    given = {"address": HOME | {"phone": "+44 113 000 0000"}}
    one = (await send(people_shop, "userAddressCreate", given, ann)).done["address"]["id"]
    changed = await send(people_shop, "userAddressUpdate", {"id": one, "address": HOME | {"city": "York"}}, ann)
    assert changed.done["address"]["address"]["city"] == "York"
    [shown] = await book(people_shop, ann)
    assert shown["address"] == {"line1": "1 High Street", "city": "York", "countryCode": "GB", "phone": None}


async def test_another_address_can_be_made_the_default(people_shop: Shop) -> None:
    ann = await person(people_shop)
    first, second = await add(people_shop, ann, "1"), await add(people_shop, ann, "2")
    for wanted in (second, second, first):
        reply = await send(people_shop, "userAddressUpdate", {"id": wanted, "makeDefault": True}, ann)
        assert reply.done["address"]["isDefault"] is True
        assert (await book(people_shop, ann))[0]["id"] == wanted
    await send(people_shop, "userAddressUpdate", {"id": second, "address": HOME, "makeDefault": False}, ann)
    assert (await book(people_shop, ann))[0]["id"] == first


async def test_when_the_default_goes_the_oldest_that_is_left_takes_its_place(people_shop: Shop) -> None:
    ann = await person(people_shop)
    ids = [await add(people_shop, ann, str(number)) for number in range(3)]
    await send(people_shop, "userAddressUpdate", {"id": ids[2], "makeDefault": True}, ann)
    reply = await send(people_shop, "userAddressDelete", {"id": ids[2]}, ann)
    assert reply.done["deletedAddressId"] == ids[2]
    assert reply.done["user"]["id"] == user_id(ann)
    assert [one["id"] for one in await book(people_shop, ann)] == ids[:2]
    for gone in ids[:2]:
        await send(people_shop, "userAddressDelete", {"id": gone}, ann)
    assert await book(people_shop, ann) == []


async def test_a_full_book_takes_no_more(people_shop: Shop) -> None:
    ann = await person(people_shop)
    await sql(
        people_shop,
        "INSERT INTO user_addresses (id, user_id, line1, city, country_code) "
        "SELECT gen_random_uuid(), $1, 'x', 'x', 'GB' FROM generate_series(1, $2)",
        ann.user.id,
        MOST_ADDRESSES - 1,
    )
    replies = await asyncio.gather(*(send(people_shop, "userAddressCreate", {"address": HOME}, ann) for _ in range(4)))
    assert sorted(len(reply.errors) for reply in replies) == [0, 1, 1, 1]
    assert [reply.errors for reply in replies if reply.errors] == [[("ConflictError", "CONFLICT", None)]] * 3


async def test_a_document_that_changes_the_book_twice_sees_its_own_changes(people_shop: Shop) -> None:
    ann = await person(people_shop)
    document = """
        mutation($address: AddressInput!) {
          one: userAddressCreate(input: {address: $address}) { user { addresses { isDefault } } }
          two: userAddressCreate(input: {address: $address, makeDefault: true}) { user { addresses { isDefault } } }
        }"""
    answer = await data(people_shop, document, {"address": HOME}, ann.actor)
    assert len(answer["one"]["user"]["addresses"]) == 1
    assert [one["isDefault"] for one in answer["two"]["user"]["addresses"]] == [True, False]


async def test_whatever_is_done_to_a_book_at_once_one_address_is_the_default(people_shop: Shop) -> None:
    chance = random.Random(20_261_125)
    ann = await person(people_shop)
    for _ in range(STEPS // 6):
        ids = [one["id"] for one in await book(people_shop, ann)]
        asked: list[tuple[str, dict[str, Any]]] = [
            ("userAddressCreate", {"address": HOME, "makeDefault": chance.random() < 0.5}) for _ in range(3)
        ]
        for name, more in (("userAddressUpdate", {"makeDefault": True}), ("userAddressDelete", {})) if ids else ():
            asked += [(name, {"id": chance.choice(ids), **more}) for _ in range(2)]
        chance.shuffle(asked)
        replies = await asyncio.gather(*(send_all(people_shop, [one], ann) for one in asked))
        assert {code for [reply] in replies for _, code, _ in reply.errors} <= {"NOT_FOUND"}
    assert await book(people_shop, ann)
