"""Carts, stock and store settings that many change at once, through two servers: nothing is lost, and nothing twice."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from domain.carts.cart import MOST_LINES
from domain.products.inventory import VariantId
from domain.shared.errors import Unavailable
from domain.users.user import ANONYMOUS, Actor, UserRole
from persistence.connections import ConnectionSettings
from resolvers import global_ids
from server.settings import read_settings
from server.wiring import Shop, open_shop
from tests import sql
from tests.generous import GenerousLimiter
from tests.graphql.accounts.mutations import Reply
from tests.graphql.asking import data
from tests.graphql.market import (
    GOODS,
    LAST,
    MUG,
    PEN,
    SOFA,
    CartJson,
    Given,
    answered,
    cart_of,
    furnish,
    places,
    read,
    reply_of,
    send,
    sent_places,
    variant,
)
from tests.people import PASSWORD, Person, person, signed_in
from tests.sizes import ADJUSTMENTS, CART_CHANGES, CART_RACES, COPIES

MOST_AT_ONCE = 20
ON_ONE_CART = 50
SHELF = [VariantId(UUID(int=1_000 + number)) for number in range(MOST_LINES - 10)]
"""Enough of them that every change can have one of its own, and all fit into one cart."""
SIGN_IN = "mutation($input: UserLoginInput!) { userLogin(input: $input) { user { cart { id } } userErrors { code } } }"


@dataclass(frozen=True, slots=True)
class Street:
    """Two servers of one shop."""

    one: Shop
    other: Shop

    async def surely(self, name: str, given: Given, who: Person | Actor = ANONYMOUS, *, key: str = "") -> Reply:
        """The answer of one of them: everybody's turn comes."""
        sent = {**given, "idempotencyKey": key} if key else given
        answer = await answered(random.choice([self.one, self.other]), name, sent, who)
        assert not answer.errors, (name, [error.original_error for error in answer.errors])
        return reply_of(name, answer)

    async def value(self, text: str, **values: object) -> Any:
        return await sql.value(self.one.database, text, **values)


@pytest.fixture
async def street(empty_database: ConnectionSettings) -> AsyncGenerator[Street]:
    settings = read_settings(database_url=empty_database.url, public_url="http://shop.example")
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(open_shop(settings, None, GenerousLimiter())) for _ in range(2)]
        await furnish(one)
        await sql.run(
            one.database,
            f"INSERT INTO product_variants (id, product_id, title, price, on_hand) SELECT id, '{GOODS}', "
            "'Kind ' || number, 1, 1000 FROM unnest(:ids ::uuid[]) WITH ORDINALITY s(id, number)",
            ids=SHELF,
        )
        yield Street(one, other)


async def at_once(*requests: Awaitable[Any], most: int = MOST_AT_ONCE) -> list[Any]:
    """So many that all of them wait for each other, and not so many that they wait for the machine."""
    turns = asyncio.Semaphore(most)

    async def in_turn(request: Awaitable[Any]) -> Any:
        async with turns:
            return await request

    return await asyncio.gather(*map(in_turn, requests))


def ids(replies: Sequence[Reply]) -> set[str]:
    return {reply.done["cart"]["id"] for reply in replies}


# One cart


async def test_changes_of_one_cart_take_turns_and_lose_no_line(street: Street) -> None:
    cart = await cart_of(street.one)
    wanted = [SHELF[number % len(SHELF)] for number in range(CART_CHANGES)]
    replies = await at_once(
        *(
            street.surely("cartLinesAdd", {"cartId": cart["id"], "lines": [variant(one)]}, key=f"add {number}")
            for number, one in enumerate(wanted)
        ),
        most=ON_ONE_CART,
    )
    versions = sorted(reply.done["cart"]["version"] for reply in replies)
    assert versions == list(range(cart["version"] + 1, cart["version"] + CART_CHANGES + 1))
    found = await read(street.other, cart["id"])
    assert found is not None
    assert found["version"] == cart["version"] + CART_CHANGES
    assert Counter(dict(places(found))) == Counter(one["variantId"] for one in map(variant, wanted))
    assert len(found["lines"]) == len({*wanted})


async def test_changes_of_all_kinds_at_once_are_each_done_or_refused_as_a_whole(street: Street) -> None:
    chance = random.Random(20_261_125)
    cart = await cart_of(street.one, (MUG, 1), (PEN, 1))
    lines = [line["id"] for line in cart["lines"]]

    def change(number: int) -> Awaitable[Reply]:
        name, given = chance.choice(
            [
                ("cartLinesAdd", {"lines": [variant(chance.choice(SHELF)), variant(MUG)]}),
                ("cartLinesUpdate", {"lines": [{"lineId": chance.choice(lines), "quantity": chance.randint(0, 3)}]}),
                ("cartLinesRemove", {"lineIds": [chance.choice(lines)]}),
                ("cartBuyerIdentityUpdate", {"buyerIdentity": {"phone": str(number)}}),
                ("cartDiscountCodeApply", {"code": "STEPS"}),
                ("cartDiscountCodeRemove", {"code": "STEPS"}),
            ]
        )
        return street.surely(name, {"cartId": cart["id"], **given}, key=f"change {number}")

    replies = await at_once(*(change(number) for number in range(CART_CHANGES)))
    done = [reply.payload["cart"] for reply in replies if not reply.errors]
    assert {code for reply in replies for _, code, _ in reply.errors} <= {
        *("NOT_FOUND", "CONFLICT", "DISCOUNT_NOT_APPLICABLE")
    }
    versions = sorted(one["version"] for one in done)
    assert versions == list(range(cart["version"] + 1, cart["version"] + len(done) + 1))
    found = await read(street.one, cart["id"])
    assert found is not None
    last = max(done, key=lambda one: one["version"])
    assert (found["version"], places(found)) == (last["version"], places(last))


async def test_of_those_who_expect_one_version_one_is_done_and_the_others_see_what_came_of_it(street: Street) -> None:
    cart = await cart_of(street.one)
    for _ in range(CART_RACES):
        given = {"cartId": cart["id"], "lines": [variant(MUG)], "expectedVersion": cart["version"]}
        replies = await at_once(*(street.surely("cartLinesAdd", given) for _ in range(6)))
        [done] = [reply.payload["cart"] for reply in replies if not reply.errors]
        seen = [one["cart"]["version"] for reply in replies for one in reply.payload["userErrors"]]
        assert seen == [done["version"]] * 5
        cart = done
    assert cart["totalQuantity"] == CART_RACES


async def test_copies_of_one_request_begin_one_cart(street: Street) -> None:
    ann = await person(street.one)
    for who in (ANONYMOUS, ann):
        given = {"lines": [variant(MUG, 2)]}
        replies = await at_once(
            *(street.surely("cartCreate", given, who, key="begin this cart!") for _ in range(COPIES))
        )
        [one] = ids(replies)
        assert {(reply.done["cart"]["version"], reply.done["cart"]["totalQuantity"]) for reply in replies} == {(1, 2)}
        assert await read(street.one, one, who)
    assert await street.value("SELECT count(*) FROM carts") == 2


# One customer


async def test_however_many_devices_begin_a_cart_at_once_a_customer_has_one(street: Street) -> None:
    for _ in range(CART_RACES):
        ann = await person(street.one)
        replies = await at_once(
            *(street.surely("cartCreate", {"lines": [variant(one)]}, ann) for one in (MUG, PEN, LAST, SOFA, MUG))
        )
        [one] = ids(replies)
        assert sorted(reply.done["cart"]["version"] for reply in replies) == [1, 2, 3, 4, 5]
        found = await read(street.one, one, ann)
        assert found is not None
        assert dict(places(found)) == dict(sent_places((MUG, 2), (PEN, 1), (LAST, 1), (SOFA, 1)))


async def sign_in(shop: Shop, who: Person, cart: CartJson) -> CartJson:
    given = {"email": who.user.email, "password": PASSWORD, "cartId": cart["id"]}
    answer = (await data(shop, SIGN_IN, {"input": given}))["userLogin"]
    assert answer["userErrors"] == []
    return answer["user"]["cart"]


async def own(street: Street, who: Person) -> CartJson:
    """Their one open cart."""
    count = "SELECT count(*) FROM carts WHERE user_id = :user AND order_id IS NULL"
    assert await street.value(count, user=who.user.id) == 1
    identity = await street.value("SELECT id FROM carts WHERE user_id = :user", user=who.user.id)
    found = await read(street.one, global_ids.encode("Cart", identity), who)
    assert found is not None
    return found


@pytest.mark.parametrize("has_one", [False, True])
async def test_two_devices_that_sign_in_with_one_guest_s_cart_take_it_over_once(
    street: Street, *, has_one: bool
) -> None:
    for _ in range(CART_RACES // 4):
        ann, guest = await person(street.one), await cart_of(street.one, (MUG, 2))
        if has_one:
            await cart_of(street.one, (MUG, 1), (PEN, 1), who=ann)
        seen = await at_once(sign_in(street.one, ann, guest), sign_in(street.other, ann, guest))
        mine = await own(street, ann)
        assert [one["id"] for one in seen] == [mine["id"]] * 2
        assert dict(places(mine)) == dict(sent_places((MUG, 3), (PEN, 1)) if has_one else sent_places((MUG, 2)))


UNITS = """
SELECT coalesce(sum(quantity), 0)::int FROM cart_lines JOIN carts ON carts.id = cart_id WHERE user_id = :user
"""


async def test_of_two_people_who_sign_in_with_one_guest_s_cart_one_gets_it(street: Street) -> None:
    for _ in range(CART_RACES // 4):
        ann, ben = await person(street.one), await person(street.one)
        guest = await cart_of(street.one, (MUG, 2))
        await cart_of(street.one, (PEN, 1), who=ann)
        await at_once(sign_in(street.one, ann, guest), sign_in(street.other, ben, guest))
        mugs = f"{UNITS} AND variant_id = '{MUG}'"
        assert sorted([await street.value(mugs, user=one.user.id) for one in (ann, ben)]) == [0, 2]
        assert await street.value(UNITS, user=ann.user.id) in {1, 3}


async def test_a_cart_that_begins_while_its_owner_signs_in_with_another_holds_both(street: Street) -> None:
    for _ in range(CART_RACES // 4):
        ann, guests = await person(street.one), [await cart_of(street.one, (MUG, 2)) for _ in range(2)]
        phone = await signed_in(street.one, ann.user)
        await at_once(
            sign_in(street.one, ann, guests[0]),
            sign_in(street.other, ann, guests[1]),
            *(street.surely("cartCreate", {"lines": [variant(one)]}, phone) for one in (PEN, LAST)),
        )
        assert dict(places(await own(street, ann))) == dict(sent_places((MUG, 4), (PEN, 1), (LAST, 1)))


async def test_what_a_guest_adds_while_signing_in_is_taken_along_or_refused(street: Street) -> None:
    for _ in range(CART_RACES // 4):
        ann, guest = await person(street.one), await cart_of(street.one, (MUG, 1))
        await cart_of(street.one, (PEN, 1), who=ann)
        adding = [street.surely("cartLinesAdd", {"cartId": guest["id"], "lines": [variant(one)]}) for one in SHELF[:8]]
        _, *replies = await at_once(sign_in(street.one, ann, guest), *adding)
        added = [(one, 1) for one, reply in zip(SHELF, replies, strict=False) if not reply.errors]
        assert {code for reply in replies for _, code, _ in reply.errors} <= {"NOT_FOUND"}
        assert dict(places(await own(street, ann))) == dict(sent_places((PEN, 1), (MUG, 1), *added))


# Many carts


async def test_goods_that_are_put_into_carts_in_opposite_orders_block_nobody(street: Street) -> None:
    admin = await person(street.one, UserRole.ADMIN)
    carts = [await cart_of(street.one) for _ in range(6)]
    there, back = [variant(one) for one in SHELF[:20]], [variant(one) for one in reversed(SHELF[:20])]

    async def reprice(number: int) -> None:
        dearer = "UPDATE product_variants SET price = :price WHERE id = :id"
        with suppress(Unavailable):  # it only disturbs the others
            await sql.run(street.other.database, dearer, price=number, id=SHELF[number])

    requests: list[Awaitable[Any]] = []
    for number in range(CART_CHANGES):
        cart, lines = carts[number % len(carts)], there if number % 2 else back
        requests.append(street.surely("cartLinesAdd", {"cartId": cart["id"], "lines": lines}, key=f"add {number}"))
        counted = {"variantId": there[number % 20]["variantId"], "delta": 1, "reason": "CORRECTION"}
        requests.append(street.surely("inventoryAdjust", counted, admin, key=f"count {number}"))
        if number < len(SHELF):
            requests.append(reprice(number))
    await at_once(*requests)
    assert await street.value("SELECT sum(quantity)::int FROM cart_lines") == 20 * CART_CHANGES
    assert await street.value("SELECT sum(version)::int FROM carts") == CART_CHANGES + len(carts)
    assert await street.value(ASTRAY) == 0


# Stock


ASTRAY = """
SELECT count(*) FROM product_variants v JOIN (
  SELECT variant_id, sum(on_hand_delta) AS on_hand, sum(reserved_delta) AS reserved
  FROM inventory_adjustments GROUP BY variant_id
) AS booked ON booked.variant_id = v.id
WHERE (v.on_hand, v.reserved) IS DISTINCT FROM (booked.on_hand, booked.reserved) OR v.reserved > v.on_hand
"""
"""Variants whose ledger says something else than their shelf."""


async def test_what_many_count_at_once_is_all_booked_and_never_below_what_is_promised(street: Street) -> None:
    chance, admin = random.Random(7), await person(street.one, UserRole.ADMIN)
    cup = UUID(int=99)
    await sql.run(
        street.one.database,
        "INSERT INTO product_variants (id, product_id, title, price, on_hand, reserved) "
        f"VALUES (:id, '{GOODS}', 'Cup', 5, 20, 10)",
        id=cup,
    )
    deltas = [chance.choice([-7, -3, -1, 1, 2, 4]) for _ in range(ADJUSTMENTS)]
    sent = {"variantId": global_ids.encode("ProductVariant", cup), "reason": "CORRECTION"}
    replies = await at_once(
        *(
            street.surely("inventoryAdjust", {**sent, "delta": delta}, admin, key=f"count {number}")
            for number, delta in enumerate(deltas)
        )
    )
    counted = [delta for delta, reply in zip(deltas, replies, strict=True) if not reply.errors]
    refused = [reply.errors for reply in replies if reply.errors]
    assert refused == [[("ValidationError", "OUT_OF_RANGE", ["delta"])]] * (ADJUSTMENTS - len(counted))
    shown = [reply.payload["productVariant"]["inventory"] for reply in replies if not reply.errors]
    assert min(one["available"] for one in shown) >= 0
    assert await street.value("SELECT on_hand FROM product_variants WHERE id = :id", id=cup) == 20 + sum(counted)
    booked = "SELECT count(*) FROM inventory_adjustments WHERE variant_id = :id"
    assert await street.value(booked, id=cup) == len(counted) + 1
    assert await street.value(ASTRAY) == 0


# Store settings


async def test_taxes_of_one_country_agree_whoever_sets_them_at_once(street: Street) -> None:
    admin = await person(street.one, UserRole.ADMIN)

    def tax(number: int, country: str) -> Awaitable[Reply]:
        included = {"rate": "0.1", "includedInPrice": bool(number % 2), "title": f"Tax {number}"}
        return street.surely("taxRateSet", {**included, "countryCode": country}, admin, key=f"{country} {number}")

    countries = ("FR", "BE")
    replies = await at_once(*(tax(number, country) for number in range(2 * CART_RACES) for country in countries))
    mixed = "SELECT count(DISTINCT included_in_price) FROM tax_rates WHERE active AND country_code = :country"
    for country in countries:
        assert await street.value(mixed, country=country) == 1
    refused = [reply.errors for reply in replies if reply.errors]
    assert refused == [[("ValidationError", "INVALID", ["includedInPrice"])]] * (2 * CART_RACES)


async def test_a_rate_that_several_replace_at_once_is_as_one_of_them_said(street: Street) -> None:
    admin = await person(street.one, UserRole.ADMIN)
    made = (await send(street.one, "shippingRateSet", _rate(0), admin)).done["shippingRate"]["id"]
    for _ in range(CART_RACES):
        replies = await at_once(
            *(street.surely("shippingRateSet", {"id": made, **_rate(number)}, admin) for number in range(4))
        )
        said = [reply.done["shippingRate"] for reply in replies]
        [listed] = [
            one for one in (await data(street.one, _RATES, actor=admin.actor))["shippingRates"] if one["id"] == made
        ]
        assert listed in said


def _rate(number: int) -> dict[str, Any]:
    return {
        "name": f"Rate {number}",
        "countries": ["FR", "BE", "LU", "NL"][: number + 1],
        "price": {"amount": str(number), "currencyCode": "USD"},
        "minDays": number,
        "maxDays": number,
    }


_RATES = """{ shippingRates { id name description countries price { amount } freeAbove { amount } maxWeightGrams minDays
  maxDays active } }"""


async def test_of_several_codes_of_one_name_one_is_made_and_changes_of_it_are_all_kept(street: Street) -> None:
    admin = await person(street.one, UserRole.ADMIN)
    tenth = {"code": "TENTH", "kind": "PERCENTAGE", "value": "10", "startsAt": "2026-01-01T00:00:00Z"}
    replies = await at_once(*(street.surely("discountCodeCreate", tenth, admin) for _ in range(6)))
    assert sorted(len(reply.errors) for reply in replies) == [0, 1, 1, 1, 1, 1]
    taken = ("ConflictError", "TAKEN", ["code"])
    assert [reply.errors for reply in replies if reply.errors] == [[taken]] * 5
    [made] = [reply.payload["discountCode"]["id"] for reply in replies if not reply.errors]
    changes: list[dict[str, Any]] = [{"active": False}, {"usageLimit": 7}, {"endsAt": "2027-01-01T00:00:00Z"}]
    await at_once(*(street.surely("discountCodeUpdate", {"id": made, **change}, admin) for change in changes))
    shown = (await send(street.one, "discountCodeUpdate", {"id": made}, admin)).done["discountCode"]
    assert (shown["active"], shown["usageLimit"], shown["endsAt"]) == (False, 7, "2027-01-01T00:00:00Z")
