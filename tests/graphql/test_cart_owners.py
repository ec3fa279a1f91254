"""Whose a cart is: a guest's is for whoever knows its id, a customer's for them alone; signing in takes one over."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from domain.users.user import ANONYMOUS, Actor, UserRole
from resolvers import global_ids
from server.wiring import Shop
from tests import sql
from tests.graphql.asking import ask, codes, data
from tests.graphql.market import (
    ABROAD,
    HOME,
    LAST,
    MUG,
    PEN,
    STEPS,
    CartJson,
    books,
    cart_of,
    change,
    place,
    places,
    read,
    send,
    sent_places,
    steady,
    stepping,
    variant,
)
from tests.people import PASSWORD, Person, person

SIGN_IN = """mutation($input: UserLoginInput!) { userLogin(input: $input) {
  user { cart { id version lines { quantity variant { id } } } } tokens { accessToken } userErrors { code } } }"""
REGISTER = """mutation($input: UserRegisterInput!) { userRegister(input: $input) {
  user { id cart { id version lines { quantity variant { id } } } } tokens { accessToken } userErrors { code } } }"""
MINE = "{ me { cart { id version totalQuantity lines { quantity variant { id } } } } }"
NOBODYS = global_ids.encode("Cart", LAST)


async def sign_in(shop: Shop, who: Person, cart_id: str | None, **more: Any) -> Mapping[str, Any]:
    given = {"email": who.user.email, "password": PASSWORD, "cartId": cart_id, **more}
    return (await data(shop, SIGN_IN, {"input": given}))["userLogin"]


async def mine(shop: Shop, who: Person) -> Any:
    return (await data(shop, MINE, actor=who.actor))["me"]["cart"]


# Others


@pytest.mark.parametrize("name", STEPS)
async def test_another_s_cart_is_answered_like_one_that_is_not_there(market: Shop, name: str) -> None:
    ann, ben, admin = await person(market), await person(market), await person(market, UserRole.ADMIN)
    cart = await stepping(market, ann)
    before = await books(market)
    for who in (ANONYMOUS, ben, admin):
        for more in ({}, {"expectedVersion": 0}, {"idempotencyKey": f"{name} {cart['id']}"}):
            given = {**STEPS[name](cart), **more}
            theirs = await send(market, name, {**given, "cartId": cart["id"]}, who)
            nobodys = await send(market, name, {**given, "cartId": NOBODYS}, who)
            assert theirs.refused == [("NotFoundError", "NOT_FOUND", ["cartId"])]
            assert repr(theirs.payload).replace(cart["id"], NOBODYS) == repr(nobodys.payload)
    assert await books(market) == before


async def test_another_s_placed_cart_is_answered_like_one_that_is_not_there(market: Shop) -> None:
    ann, ben = await person(market), await person(market)
    cart = await stepping(market, ann)
    await place(market, cart)
    for name, step in STEPS.items():
        reply = await send(market, name, {**step(cart), "cartId": cart["id"]}, ben)
        assert reply.refused == [("NotFoundError", "NOT_FOUND", ["cartId"])]


async def test_a_customer_s_cart_is_shown_to_them_and_to_administrators(market: Shop) -> None:
    ann, ben, admin = await person(market), await person(market), await person(market, UserRole.ADMIN)
    cart = await stepping(market, ann)
    for who, sees in ((ann, True), (admin, True), (ben, False), (ANONYMOUS, False)):
        shown = await read(market, cart["id"], who)
        assert (shown and steady(shown)) == (steady(cart) if sees else None)


@pytest.mark.parametrize("name", STEPS)
async def test_a_guest_s_cart_is_used_by_whoever_knows_its_id_and_stays_a_guest_s(market: Shop, name: str) -> None:
    cart = await stepping(market)
    ann = await person(market)
    await change(market, name, cart, STEPS[name](cart), ann)
    shown = await read(market, cart["id"])
    assert shown is not None
    assert shown["buyerIdentity"]["user"] is None
    assert await mine(market, ann) is None


async def test_knowing_one_guest_s_cart_opens_no_other(market: Shop) -> None:
    ann = await person(market)
    cart, theirs = await cart_of(market, (MUG, 1)), await cart_of(market, (MUG, 1), who=ann)
    document = "query($a: ID!, $b: ID!) { a: cart(id: $a) { id } b: cart(id: $b) { id } nodes(ids: [$a, $b]) { id } }"
    answer = await data(market, document, {"a": cart["id"], "b": theirs["id"]})
    assert answer == {"a": {"id": cart["id"]}, "b": None, "nodes": [{"id": cart["id"]}, None]}


async def test_a_cart_is_not_found_by_part_of_its_id_or_by_its_account(market: Shop) -> None:
    cart = await cart_of(market, (MUG, 1))
    for strange in (cart["id"][:-2], cart["id"] + "=", cart["id"].lower(), global_ids.encode("CartLine", MUG)):
        assert await read(market, strange) is None
    answer = await ask(market, "{ users(first: 1) { nodes { cart { id } } } }")
    assert codes(answer) == ["UNAUTHENTICATED"]


# Taken over


async def test_who_has_no_cart_gets_the_guest_s_by_signing_in(market: Shop) -> None:
    ann = await person(market)
    guest = await stepping(market)
    answer = await sign_in(market, ann, guest["id"])
    assert answer["userErrors"] == []
    assert answer["user"]["cart"]["id"] == guest["id"]
    assert answer["user"]["cart"]["version"] == guest["version"] + 1
    assert places(answer["user"]["cart"]) == places(guest)
    assert await read(market, guest["id"]) is None
    shown = await read(market, guest["id"], ann)
    assert shown is not None
    assert shown["buyerIdentity"]["user"] == {"id": global_ids.encode("User", ann.user.id)}
    assert shown["buyerIdentity"]["email"] == guest["buyerIdentity"]["email"]


async def test_a_guest_s_cart_without_an_address_for_letters_gets_the_account_s(market: Shop) -> None:
    ann = await person(market)
    guest = await cart_of(market, (MUG, 1))
    await sign_in(market, ann, guest["id"])
    shown = await read(market, guest["id"], ann)
    assert shown is not None
    assert shown["buyerIdentity"]["email"] == ann.user.email


async def test_who_has_a_cart_gets_what_is_in_the_guest_s_in_it(market: Shop) -> None:
    ann = await person(market)
    own = await cart_of(market, (PEN, 1), (MUG, 1), who=ann)
    await change(market, "cartShippingAddressSet", own, {"address": HOME}, ann)
    guest = await cart_of(market, (LAST, 1), (MUG, 4))
    for name, given in {
        "cartShippingAddressSet": {"address": ABROAD},
        "cartBillingAddressSet": {"address": ABROAD},
        "cartDiscountCodeApply": {"code": "STEPS"},
    }.items():
        await change(market, name, guest, given)
    answer = await sign_in(market, ann, guest["id"])
    assert answer["user"]["cart"]["id"] == own["id"]
    assert answer["user"]["cart"]["version"] == own["version"] + 2
    shown = await read(market, own["id"], ann)
    assert shown is not None
    assert places(shown) == sent_places((PEN, 1), (MUG, 5), (LAST, 1))
    assert (shown["shippingAddress"]["city"], shown["billingAddress"]["city"]) == (HOME["city"], ABROAD["city"])
    assert [code["code"] for code in shown["discountCodes"]] == ["STEPS"]
    assert shown["buyerIdentity"]["email"] == ann.user.email
    assert await read(market, guest["id"]) is None
    gone = "SELECT count(*) FROM carts WHERE id = :id"
    assert await sql.value(market.database, gone, id=global_ids.of_type("Cart", guest["id"])) == 0


async def test_a_newcomer_gets_the_guest_s_cart_by_registering(market: Shop) -> None:
    guest = await cart_of(market, (MUG, 2))
    given = {"email": f"new-{guest['version']}-{guest['id'][-6:]}@shop.example", "password": PASSWORD}
    names = {"firstName": "Nora", "lastName": "Neumann", "cartId": guest["id"]}
    answer = (await data(market, REGISTER, {"input": {**given, **names}}))["userRegister"]
    assert answer["userErrors"] == []
    assert answer["user"]["cart"]["id"] == guest["id"]
    assert places(answer["user"]["cart"]) == sent_places((MUG, 2))
    assert await read(market, guest["id"]) is None


async def _foreign(shop: Shop) -> CartJson:
    return await cart_of(shop, (MUG, 1), who=await person(shop))


async def _placed(shop: Shop) -> CartJson:
    guest = await cart_of(shop, (MUG, 1))
    await place(shop, guest)
    return guest


async def _missing(_: Shop) -> CartJson:
    return {"id": NOBODYS}


async def _no_id(_: Shop) -> CartJson:
    return {"id": "🌵"}


async def _another_type(_: Shop) -> CartJson:
    return {"id": global_ids.encode("Product", MUG)}


NOT_TAKEN: Mapping[str, Callable[[Shop], Any]] = {
    "another customer's": _foreign,
    "placed": _placed,
    "missing": _missing,
    "no id": _no_id,
    "another type's": _another_type,
}


@pytest.mark.parametrize("strange", NOT_TAKEN)
@pytest.mark.parametrize("has_one", [False, True])
async def test_signing_in_leaves_alone_what_is_no_guest_s_open_cart(
    market: Shop, strange: str, *, has_one: bool
) -> None:
    ann = await person(market)
    own = await cart_of(market, (PEN, 1), who=ann) if has_one else None
    cart = await NOT_TAKEN[strange](market)
    before = await books(market)
    answer = await sign_in(market, ann, cart["id"])
    after = await books(market)
    assert (answer["userErrors"], answer["tokens"] is None) == ([], False)
    shown = answer["user"]["cart"]
    assert (shown and shown["id"]) == (own and own["id"])
    for table in ("carts", "cart_lines"):
        assert after[table] == before[table]


@pytest.mark.parametrize("strange", NOT_TAKEN)
async def test_registering_leaves_alone_what_is_no_guest_s_open_cart(market: Shop, strange: str) -> None:
    cart = await NOT_TAKEN[strange](market)
    before = await books(market)
    names = {"firstName": "Nora", "lastName": "Neumann", "cartId": cart["id"], "password": PASSWORD}
    email = f"new-{strange.replace(' ', '-').replace(chr(39), '')}@shop.example"
    answer = (await data(market, REGISTER, {"input": {"email": email, **names}}))["userRegister"]
    assert (answer["userErrors"], answer["user"]["cart"]) == ([], None)
    for table in ("carts", "cart_lines"):
        assert (await books(market))[table] == before[table]


async def test_one_s_own_cart_is_not_merged_into_itself(market: Shop) -> None:
    ann = await person(market)
    own = await cart_of(market, (PEN, 1), who=ann)
    await sign_in(market, ann, own["id"])
    assert (await mine(market, ann))["version"] == own["version"]


async def test_who_is_not_let_in_takes_no_cart(market: Shop) -> None:
    ann = await person(market)
    guest = await cart_of(market, (MUG, 1))
    given = {"email": ann.user.email, "password": "wrong", "cartId": guest["id"]}
    answer = (await data(market, SIGN_IN, {"input": given}))["userLogin"]
    assert [error["code"] for error in answer["userErrors"]] == ["INVALID_CREDENTIALS"]
    assert await read(market, guest["id"]) == guest
    assert await mine(market, ann) is None


async def test_who_signs_in_twice_with_one_cart_gets_it_once(market: Shop) -> None:
    ann = await person(market)
    await cart_of(market, (MUG, 1), who=ann)
    guest = await cart_of(market, (MUG, 2))
    key = f"sign in {guest['id']}"
    answers = [await sign_in(market, ann, guest["id"], idempotencyKey=key) for _ in range(2)]
    assert answers[0]["tokens"] == answers[1]["tokens"]
    await sign_in(market, ann, guest["id"])
    assert (await mine(market, ann))["totalQuantity"] == 3


async def test_a_key_opens_a_cart_for_its_own_operation_alone(market: Shop) -> None:
    """Who has proved to be Ann sees her cart in that answer, and goes on as who they were."""
    ann = await person(market)
    own = await cart_of(market, (MUG, 1), who=ann)
    document = """mutation($login: UserLoginInput!, $add: CartLinesAddInput!) {
      userLogin(input: $login) { user { cart { id } } }
      cartLinesAdd(input: $add) { cart { id } userErrors { code } } }"""
    login = {"email": ann.user.email, "password": PASSWORD}
    sent = {"login": login, "add": {"cartId": own["id"], "lines": [variant(PEN)]}}
    answer = await data(market, document, sent)
    assert answer["userLogin"]["user"]["cart"] == {"id": own["id"]}
    assert answer["cartLinesAdd"] == {"cart": None, "userErrors": [{"code": "NOT_FOUND"}]}


async def test_who_leaves_takes_the_cart_along(market: Shop) -> None:
    ann = await person(market)
    own = await cart_of(market, (MUG, 1), who=ann)
    document = "mutation($input: UserDeleteInput!) { userDelete(input: $input) { userErrors { code } } }"
    assert await data(market, document, {"input": {"password": PASSWORD}}, ann.actor) == {
        "userDelete": {"userErrors": []}
    }
    identity = global_ids.of_type("Cart", own["id"])
    for table, column in (("carts", "id"), ("cart_lines", "cart_id")):
        assert await sql.value(market.database, f"SELECT count(*) FROM {table} WHERE {column} = :id", id=identity) == 0


async def test_who_has_left_begins_no_cart(market: Shop) -> None:
    gone = Actor((await person(market)).user.id)
    await sql.run(market.database, "DELETE FROM users WHERE id = :id", id=gone.user_id)
    reply = await send(market, "cartCreate", {}, gone)
    assert reply.refused == [("AuthenticationError", "INVALID_TOKEN", None)]
