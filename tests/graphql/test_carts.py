"""Carts over the real database: what each mutation does, in its turn, and what is answered when it is sent again."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from domain.users.user import ANONYMOUS
from resolvers import global_ids
from server.wiring import Shop
from tests.graphql.asking import data
from tests.graphql.market import (
    ABROAD,
    COURIER,
    HOME,
    LAST,
    MUG,
    PEN,
    STEPS,
    CartJson,
    books,
    cart_of,
    change,
    method,
    place,
    places,
    problems,
    read,
    send,
    sent_places,
    steady,
    stepping,
    variant,
)
from tests.people import person

KEY = "a key of the client's own"
REUSED = [("ConflictError", "IDEMPOTENCY_KEY_REUSED", ["idempotencyKey"])]


# Beginning one


async def test_a_guest_begins_with_an_empty_cart_which_is_found_by_its_id_alone(market: Shop) -> None:
    cart = (await send(market, "cartCreate", {})).done["cart"]
    assert (cart["version"], cart["lines"], cart["totalQuantity"], cart["currencyCode"]) == (1, [], 0, "USD")
    assert cart["buyerIdentity"] == {"email": None, "phone": None, "user": None}
    assert (problems(cart), cart["quote"], cart["cost"]["total"]) == (["CART_EMPTY"], None, {"amount": "0.00"})
    assert await read(market, cart["id"]) == await read(market, cart["id"], await person(market)) == cart
    assert await read(market, global_ids.encode("Cart", PEN)) is None


async def test_a_cart_can_begin_with_lines_and_with_who_buys(market: Shop) -> None:
    given = {
        "lines": [variant(PEN), variant(MUG, 2), variant(PEN, 3)],
        "buyerIdentity": {"email": " Ann@Shop.Example ", "phone": "0113  496 0000"},
        "currencyCode": "USD",
    }
    cart = (await send(market, "cartCreate", given)).done["cart"]
    assert places(cart) == sent_places((PEN, 4), (MUG, 2))
    assert cart["totalQuantity"] == 6
    assert cart["buyerIdentity"] == {"email": "ann@shop.example", "phone": "0113 496 0000", "user": None}
    assert [line["unitPrice"]["amount"] for line in cart["lines"]] == ["2.50", "10.00"]
    assert [line["total"]["amount"] for line in cart["lines"]] == ["10.00", "20.00"]
    assert cart["version"] == 1


async def test_what_is_out_of_stock_can_be_put_into_a_cart_which_says_so(market: Shop) -> None:
    cart = await cart_of(market, (LAST, 2), (MUG, 1))
    assert [problem for problem in cart["problems"] if problem["line"]] == [
        {
            "code": "INSUFFICIENT_STOCK",
            "message": "Mug, Last: 2 are wanted, and 1 in stock.",
            "line": {"id": cart["lines"][0]["id"]},
        }
    ]


async def test_who_is_signed_in_has_one_open_cart_to_which_more_is_added(market: Shop) -> None:
    ann = await person(market)
    first = await cart_of(market, (MUG, 1), who=ann)
    assert first["buyerIdentity"]["email"] == ann.user.email
    assert first["buyerIdentity"]["user"] == {"id": global_ids.encode("User", ann.user.id)}
    again = await send(market, "cartCreate", {"lines": [variant(MUG, 2)], "buyerIdentity": {"phone": "1"}}, ann)
    second = again.done["cart"]
    assert (second["id"], second["version"], places(second)) == (first["id"], 2, sent_places((MUG, 3)))
    assert second["buyerIdentity"]["phone"] == "1"
    mine = (await data(market, "{ me { cart { id version } } }", actor=ann.actor))["me"]["cart"]
    assert mine == {"id": first["id"], "version": 2}


async def test_who_has_no_cart_sees_none(market: Shop) -> None:
    ann = await person(market)
    assert (await data(market, "{ me { cart { id } } }", actor=ann.actor))["me"] == {"cart": None}


async def test_a_placed_cart_is_not_the_open_one_any_more(market: Shop) -> None:
    ann = await person(market)
    first = await cart_of(market, (MUG, 1), who=ann)
    await place(market, first)
    second = await cart_of(market, (PEN, 1), who=ann)
    assert second["id"] != first["id"]
    assert places(second) == sent_places((PEN, 1))
    assert (await data(market, "{ me { cart { id } } }", actor=ann.actor))["me"]["cart"] == {"id": second["id"]}


# Changing one


def lines_of(*lines: tuple[Any, int]) -> Callable[[CartJson], object]:
    return lambda cart: places(cart) == sent_places(*lines)


DONE: Mapping[str, Callable[[CartJson], object]] = {
    "cartLinesAdd": lines_of((MUG, 2), (PEN, 3)),
    "cartLinesUpdate": lines_of((MUG, 5)),
    "cartLinesRemove": lines_of(),
    "cartBuyerIdentityUpdate": lambda cart: (
        cart["buyerIdentity"] == {"email": "ben@shop.example", "phone": "12 34", "user": None}
    ),
    "cartShippingAddressSet": lambda cart: (
        cart["shippingAddress"] == {**ABROAD, "region": None, "phone": None} and cart["billingAddress"] is None
    ),
    "cartBillingAddressSet": lambda cart: (
        cart["billingAddress"] == ABROAD and cart["shippingAddress"]["city"] == HOME["city"]
    ),
    "cartShippingMethodSelect": lambda cart: cart["shippingMethod"]["id"] == method(COURIER),
    "cartDiscountCodeApply": lambda cart: {code["code"] for code in cart["discountCodes"]} == {"ENTERED", "STEPS"},
    "cartDiscountCodeRemove": lambda cart: cart["discountCodes"] == [],
}


@pytest.mark.parametrize("name", STEPS)
async def test_each_mutation_does_its_work_and_makes_the_version_grow_by_one(market: Shop, name: str) -> None:
    before = await stepping(market)
    after = await change(market, name, before, STEPS[name](before))
    assert DONE[name](after)
    assert after["version"] == before["version"] + 1
    found = await read(market, before["id"])
    assert found is not None
    assert steady(found) == steady(after)


async def test_lines_keep_their_places_and_ids_whatever_is_done_to_their_quantities(market: Shop) -> None:
    cart = await cart_of(market, (MUG, 1), (PEN, 1), (LAST, 1))
    ids = [line["id"] for line in cart["lines"]]
    more = await change(market, "cartLinesAdd", cart, {"lines": [variant(PEN, 4), variant(MUG)]})
    assert places(more) == sent_places((MUG, 2), (PEN, 5), (LAST, 1))
    other = [{"lineId": ids[1], "quantity": 0}, {"lineId": ids[0], "quantity": 9}]
    fewer = await change(market, "cartLinesUpdate", more, {"lines": other})
    assert places(fewer) == sent_places((MUG, 9), (LAST, 1))
    again = await change(market, "cartLinesAdd", fewer, {"lines": [variant(PEN)]})
    assert [line["id"] for line in again["lines"]][:2] == [ids[0], ids[2]]
    assert again["lines"][2]["id"] not in ids


async def test_what_is_not_given_of_who_buys_stays(market: Shop) -> None:
    cart = await cart_of(market)
    for given, email, phone in (
        ({"email": "ann@shop.example"}, "ann@shop.example", None),
        ({"phone": "1"}, "ann@shop.example", "1"),
        ({"email": "bea@shop.example", "phone": None}, "bea@shop.example", "1"),
    ):
        shown = await change(market, "cartBuyerIdentityUpdate", cart, {"buyerIdentity": given})
        assert shown["buyerIdentity"] == {"email": email, "phone": phone, "user": None}


async def test_an_address_is_tidied_and_replaced_as_a_whole(market: Shop) -> None:
    cart = await cart_of(market)
    untidy = {"line1": " 1  High Street ", "city": "Leeds\n", "countryCode": "gb", "region": "Yorkshire", "phone": " "}
    shown = await change(market, "cartShippingAddressSet", cart, {"address": untidy})
    assert shown["shippingAddress"] == {**HOME, "region": "Yorkshire", "phone": None}
    shown = await change(market, "cartShippingAddressSet", cart, {"address": HOME})
    assert shown["shippingAddress"] == {**HOME, "region": None, "phone": None}


async def test_mutations_of_one_document_are_done_in_their_order(market: Shop) -> None:
    cart = await cart_of(market)
    document = """mutation($cart: ID!, $pen: ID!, $mug: ID!) {
      one: cartLinesAdd(input: {cartId: $cart, lines: [{variantId: $pen}], expectedVersion: 1}) { cart { version } }
      two: cartLinesAdd(input: {cartId: $cart, lines: [{variantId: $mug}], expectedVersion: 2}) {
        cart { version totalQuantity lines { quantity } cost { total { amount } } } }
      three: cartLinesAdd(input: {cartId: $cart, lines: [{variantId: $mug}], expectedVersion: 2}) {
        cart { version } userErrors { code ... on CartVersionConflictError { cart { version lines { quantity } } } } }
    }"""
    variables = {"cart": cart["id"], "pen": variant(PEN)["variantId"], "mug": variant(MUG)["variantId"]}
    answer = await data(market, document, variables)
    assert answer["one"] == {"cart": {"version": 2}}
    lines = [{"quantity": 1}] * 2
    two = {"version": 3, "totalQuantity": 2, "lines": lines, "cost": {"total": {"amount": "12.50"}}}
    assert answer["two"] == {"cart": two}
    conflict = {"code": "CART_VERSION_CONFLICT", "cart": {"version": 3, "lines": lines}}
    assert answer["three"] == {"cart": None, "userErrors": [conflict]}


# Versions


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize("name", STEPS)
async def test_who_expects_another_version_gets_the_cart_as_it_is_and_changes_nothing(
    market: Shop, name: str, *, signed_in: bool
) -> None:
    who = (await person(market)) if signed_in else ANONYMOUS
    cart = await stepping(market, who)
    before = await books(market)
    for expected in (0, cart["version"] - 1, cart["version"] + 1, -1, 2**31 - 1):
        given = {"cartId": cart["id"], "expectedVersion": expected, **STEPS[name](cart)}
        reply = await send(market, name, given, who)
        assert reply.refused == [("CartVersionConflictError", "CART_VERSION_CONFLICT", ["expectedVersion"])]
        lines = [{"id": line["id"]} for line in cart["lines"]]
        shown = {"id": cart["id"], "version": cart["version"], "totalQuantity": 2, "lines": lines}
        assert reply.payload["userErrors"][0]["cart"] == shown
    assert await books(market) == before
    given = {**STEPS[name](cart), "expectedVersion": cart["version"]}
    assert (await change(market, name, cart, given, who))["version"] == cart["version"] + 1


# Again


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize("name", ["cartCreate", *STEPS])
async def test_a_repetition_is_answered_as_before_and_changes_nothing(
    market: Shop, name: str, *, signed_in: bool
) -> None:
    who = (await person(market)) if signed_in else ANONYMOUS
    cart = await stepping(market, who)
    given = {"cartId": cart["id"], **STEPS[name](cart)} if name in STEPS else {"lines": [variant(PEN)]}
    given |= {"idempotencyKey": f"{KEY} {cart['id']}"}
    first = await send(market, name, given, who)
    assert not first.replayed
    done = first.done["cart"]
    await change(market, "cartLinesAdd", done, {"lines": [variant(LAST)]}, who)
    before = await books(market)
    again = await send(market, name, given, who)
    assert (again.replayed, steady(again.payload)) == (True, steady(first.payload))
    other = {**given, "expectedVersion": 1} if name in STEPS else {**given, "currencyCode": "USD"}
    assert (await send(market, name, other, who)).refused == REUSED
    assert await books(market) == before


async def test_guests_who_choose_the_same_key_get_nothing_of_each_other_s(market: Shop) -> None:
    one, other = await cart_of(market), await cart_of(market)
    for cart in (one, other):
        given = {"cartId": cart["id"], "lines": [variant(PEN)], "idempotencyKey": "1"}
        reply = await send(market, "cartLinesAdd", given)
        assert (reply.done["cart"]["id"], reply.replayed) == (cart["id"], False)
        assert (await send(market, "cartLinesAdd", given)).replayed
    # a cart that is begun is a capability: a key that another guest might choose gives none away
    begun = {"lines": [variant(PEN)], "idempotencyKey": "1"}
    refused = await send(market, "cartCreate", begun)
    assert refused.refused == [("ValidationError", "TOO_SHORT", ["idempotencyKey"])]
    for who in (await person(market), await person(market)):  # who is signed in has keys of their own
        assert not (await send(market, "cartCreate", begun, who)).replayed
        assert (await send(market, "cartCreate", begun, who)).replayed


async def test_what_was_refused_does_not_spend_the_key(market: Shop) -> None:
    cart = await cart_of(market, (MUG, 1))
    given = {"cartId": cart["id"], "idempotencyKey": KEY}
    assert (await send(market, "cartDiscountCodeApply", {**given, "code": "LATER"})).refused
    assert (await send(market, "cartDiscountCodeApply", {**given, "code": "STEPS"})).done


# Its lines


async def test_a_line_is_found_by_its_id_by_whose_it_is_alone(market: Shop) -> None:
    ann, ben = await person(market), await person(market)
    document = "query($id: ID!) { node(id: $id) { id ... on CartLine { quantity total { amount } } } }"
    cart, guest = await cart_of(market, (MUG, 3), who=ann), await cart_of(market, (MUG, 3))
    line = cart["lines"][0]["id"]
    shown = {"id": line, "quantity": 3, "total": {"amount": "30.00"}}
    assert await data(market, document, {"id": line}, ann.actor) == {"node": shown}
    for identity, actor in ((line, ben.actor), (line, ANONYMOUS), (guest["lines"][0]["id"], ANONYMOUS)):
        assert await data(market, document, {"id": identity}, actor) == {"node": None}
