"""What cannot be done to carts: every expected failure is data with a code and a path, and changes nothing."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import pytest

from domain.carts.cart import MOST_CODES, MOST_UNITS
from domain.pricing.discounts import DiscountKind
from domain.users.user import ANONYMOUS
from resolvers import global_ids
from server.wiring import Shop
from tests.graphql.accounts.mutations import Errors, Reply
from tests.graphql.asking import ask, codes
from tests.graphql.market import (
    DRAFT,
    FERRY,
    HOME,
    MUG,
    POST,
    STEPS,
    CartJson,
    Given,
    books,
    cart_of,
    change,
    discount,
    method,
    place,
    problems,
    read,
    send,
    steady,
    stepping,
    variant,
)
from tests.people import person

NOWHERE = UUID("0196b2a0-7a6b-7c1e-8b1d-0a1b2c3d4e5f")
STRANGE = ("", "x", "🌵", "x" * 3_000, global_ids.encode("Product", MUG))
RANGE: Errors = [("ValidationError", "OUT_OF_RANGE", ["lines", "0", "quantity"])]
SECOND_RANGE: Errors = [("ValidationError", "OUT_OF_RANGE", ["lines", "1", "quantity"])]
LINES = {"cartLinesAdd": "variantId", "cartCreate": "variantId", "cartLinesUpdate": "lineId"}


async def refused(shop: Shop, name: str, given: Given, errors: Errors) -> Reply:
    before = await books(shop)
    reply = await send(shop, name, given)
    assert reply.refused == errors
    assert await books(shop) == before
    return reply


async def missing(shop: Shop, name: str, given: Given, path: list[str], identity: str) -> None:
    """What is told about an id of a list's item: where it stands, and what it is."""
    reply = await refused(shop, name, given, [("NotFoundError", "NOT_FOUND", path)])
    assert [error["id"] for error in reply.payload["userErrors"]] == [identity]


# Quantities


@pytest.mark.parametrize("quantity", [-(2**31), -1, 0, MOST_UNITS + 1, 2**31 - 1])
async def test_a_quantity_that_cannot_be_bought_is_refused(market: Shop, quantity: int) -> None:
    cart = await cart_of(market, (MUG, 1))
    await refused(market, "cartCreate", {"lines": [variant(MUG, quantity)]}, RANGE)
    for lines, errors in (
        ([variant(MUG, quantity)], RANGE),
        ([variant(MUG, 1), variant(MUG, quantity)], SECOND_RANGE),
    ):
        await refused(market, "cartLinesAdd", {"cartId": cart["id"], "lines": lines}, errors)
    if quantity:  # none of it takes the line out
        line = {"lineId": cart["lines"][0]["id"], "quantity": quantity}
        await refused(market, "cartLinesUpdate", {"cartId": cart["id"], "lines": [line]}, RANGE)


@pytest.mark.parametrize("quantity", [2**31, -(2**31) - 1, 2**63, 1.5, "1", True, None])
@pytest.mark.parametrize("name", LINES)
async def test_a_quantity_that_is_no_int_of_graphql_makes_the_request_wrong(
    market: Shop, name: str, quantity: object
) -> None:
    cart = await cart_of(market, (MUG, 1))
    identity = variant(MUG)["variantId"] if LINES[name] == "variantId" else cart["lines"][0]["id"]
    given = {"lines": [{LINES[name]: identity, "quantity": quantity}]} | (
        {} if name == "cartCreate" else {"cartId": cart["id"]}
    )
    before = await books(market)
    type_ = f"{name[0].upper()}{name[1:]}Input!"
    document = f"mutation($input: {type_}) {{ {name}(input: $input) {{ cart {{ id }} }} }}"
    answer = await ask(market, document, {"input": given})
    assert (answer.get("data"), codes(answer)) == (None, ["BAD_USER_INPUT"])
    assert await books(market) == before


async def test_a_line_gets_no_more_units_than_there_may_be_by_adding(market: Shop) -> None:
    cart = await cart_of(market, (MUG, MOST_UNITS - 1))
    full = await change(market, "cartLinesAdd", cart, {"lines": [variant(MUG)]})
    assert full["totalQuantity"] == MOST_UNITS
    await refused(market, "cartLinesAdd", {"cartId": cart["id"], "lines": [variant(MUG)]}, RANGE)


# What is not there


@pytest.mark.parametrize(
    "identity", [*STRANGE, *(global_ids.encode("ProductVariant", one) for one in (NOWHERE, DRAFT))]
)
async def test_what_is_not_for_sale_is_not_there(market: Shop, identity: str) -> None:
    cart = await cart_of(market)
    lines = [variant(MUG, 1), {"variantId": identity}]
    path = ["lines", "1", "variantId"]
    await missing(market, "cartCreate", {"lines": lines}, path, identity)
    await missing(market, "cartLinesAdd", {"cartId": cart["id"], "lines": lines}, path, identity)


@pytest.mark.parametrize("strange", ["missing", "another cart's", "no id"])
async def test_a_line_that_is_not_in_the_cart_is_not_there(market: Shop, strange: str) -> None:
    cart, other = await cart_of(market, (MUG, 1)), await cart_of(market, (MUG, 1))
    line = {
        "missing": global_ids.encode("CartLine", NOWHERE),
        "another cart's": other["lines"][0]["id"],
        "no id": "x",
    }[strange]
    known = cart["lines"][0]["id"]
    lines = [{"lineId": known, "quantity": 2}, {"lineId": line, "quantity": 0}]
    await missing(market, "cartLinesUpdate", {"cartId": cart["id"], "lines": lines}, ["lines", "1", "lineId"], line)
    given = {"cartId": cart["id"], "lineIds": [known, line]}
    await missing(market, "cartLinesRemove", given, ["lineIds", "1"], line)


@pytest.mark.parametrize("identity", [*STRANGE, global_ids.encode("Cart", NOWHERE)])
@pytest.mark.parametrize("name", STEPS)
async def test_a_cart_that_is_not_there_cannot_be_changed(market: Shop, name: str, identity: str) -> None:
    given = {**STEPS[name](await cart_of(market, (MUG, 1))), "cartId": identity}
    reply = await send(market, name, given)
    assert reply.refused == [("NotFoundError", "NOT_FOUND", ["cartId"])]
    [error] = reply.payload["userErrors"]
    assert (error["id"], error["message"]) == (identity, "There is no cart with this id.")


# Parts that cannot be used

Wrong = tuple[str, Callable[[CartJson], Given], Sequence[tuple[str, str, list[str] | None]]]


def invalid(code: str, *path: str) -> tuple[str, str, list[str] | None]:
    return "ValidationError", code, list(path)


def lines_of(count: int) -> list[dict[str, Any]]:
    return [variant(MUG) for _ in range(count)]


WRONG: Sequence[Wrong] = [
    ("cartLinesAdd", lambda _: {"lines": lines_of(101)}, [invalid("INVALID", "lines")]),
    (
        "cartLinesUpdate",
        lambda cart: {"lines": [{"lineId": cart["lines"][0]["id"], "quantity": 1}] * 101},
        [invalid("INVALID", "lines")],
    ),
    ("cartLinesRemove", lambda cart: {"lineIds": [cart["lines"][0]["id"]] * 101}, [invalid("INVALID", "lineIds")]),
    # a change of nothing
    ("cartLinesAdd", lambda _: {"lines": []}, [invalid("REQUIRED", "lines")]),
    ("cartLinesUpdate", lambda _: {"lines": []}, [invalid("REQUIRED", "lines")]),
    ("cartLinesRemove", lambda _: {"lineIds": []}, [invalid("REQUIRED", "lineIds")]),
    *(
        ("cartBuyerIdentityUpdate", lambda _, given=given: {"buyerIdentity": given}, [error])
        for given, error in [
            ({}, invalid("REQUIRED", "buyerIdentity")),
            ({"email": None, "phone": None}, invalid("REQUIRED", "buyerIdentity")),
            ({"email": ""}, invalid("REQUIRED", "buyerIdentity", "email")),
            ({"email": "nobody"}, invalid("INVALID", "buyerIdentity", "email")),
            ({"email": f"{'a' * 250}@b.example"}, invalid("TOO_LONG", "buyerIdentity", "email")),
            ({"phone": " "}, invalid("REQUIRED", "buyerIdentity", "phone")),
            ({"phone": "1" * 41}, invalid("TOO_LONG", "buyerIdentity", "phone")),
            ({"phone": "12\u200b34"}, invalid("INVALID", "buyerIdentity", "phone")),
        ]
    ),
    *(
        (
            name,
            lambda _: {"address": {"line1": " ", "city": "x" * 101, "countryCode": "XX", "phone": "1" * 41}},
            [
                invalid("REQUIRED", "address", "line1"),
                invalid("TOO_LONG", "address", "city"),
                invalid("INVALID", "address", "countryCode"),
                invalid("TOO_LONG", "address", "phone"),
            ],
        )
        for name in ("cartShippingAddressSet", "cartBillingAddressSet")
    ),
    *(
        ("cartShippingMethodSelect", lambda _, rate=rate: {"shippingMethodId": rate}, [error])
        for rate, error in [
            (method(FERRY), invalid("SHIPPING_NOT_AVAILABLE", "shippingMethodId")),
            (global_ids.encode("ShippingMethod", NOWHERE), invalid("SHIPPING_NOT_AVAILABLE", "shippingMethodId")),
            (global_ids.encode("ShippingRate", POST), ("NotFoundError", "NOT_FOUND", ["shippingMethodId"])),
            ("x", ("NotFoundError", "NOT_FOUND", ["shippingMethodId"])),
        ]
    ),
    *(
        ("cartDiscountCodeApply", lambda _, code=code: {"code": code}, [error])
        for code, error in [
            ("", invalid("REQUIRED", "code")),
            ("ab", invalid("TOO_SHORT", "code")),
            ("A" * 41, invalid("TOO_LONG", "code")),
            ("TEN OFF", invalid("INVALID", "code")),
            ("ﬃﬃﬃ", invalid("INVALID", "code")),
            ("NOTHING", invalid("DISCOUNT_NOT_APPLICABLE", "code")),
            ("entered", ("ConflictError", "CONFLICT", ["code"])),
        ]
    ),
    ("cartDiscountCodeRemove", lambda _: {"code": "STEPS"}, [("NotFoundError", "NOT_FOUND", ["code"])]),
    *(
        (name, lambda cart, name=name, key=key: {**STEPS[name](cart), "idempotencyKey": key}, [error])
        for name in STEPS
        for key, error in [
            ("", invalid("OUT_OF_RANGE", "idempotencyKey")),
            ("x" * 256, invalid("OUT_OF_RANGE", "idempotencyKey")),
        ]
    ),
]


@pytest.mark.parametrize(("name", "given", "errors"), WRONG)
async def test_what_cannot_be_used_is_refused_with_all_that_is_wrong(
    market: Shop, name: str, given: Callable[[CartJson], Given], errors: Errors
) -> None:
    cart = await stepping(market)
    await refused(market, name, {"cartId": cart["id"], **given(cart)}, list(errors))


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"currencyCode": "EUR"}, [invalid("CURRENCY_MISMATCH", "currencyCode")]),
        ({"currencyCode": "usd"}, [invalid("CURRENCY_MISMATCH", "currencyCode")]),
        ({"currencyCode": ""}, [invalid("CURRENCY_MISMATCH", "currencyCode")]),
        ({"lines": lines_of(101)}, [invalid("INVALID", "lines")]),
        ({"buyerIdentity": {"email": "nobody"}}, [invalid("INVALID", "buyerIdentity", "email")]),
        ({"buyerIdentity": {"phone": ""}}, [invalid("REQUIRED", "buyerIdentity", "phone")]),
        ({"idempotencyKey": ""}, [invalid("OUT_OF_RANGE", "idempotencyKey")]),
        ({"idempotencyKey": "1" * 15}, [invalid("TOO_SHORT", "idempotencyKey")]),
    ],
)
async def test_a_cart_does_not_begin_with_what_cannot_be_used(market: Shop, given: Given, errors: Errors) -> None:
    await refused(market, "cartCreate", given, errors)


async def test_a_way_of_shipping_is_chosen_once_there_is_an_address(market: Shop) -> None:
    cart = await cart_of(market, (MUG, 1))
    given = {"cartId": cart["id"], "shippingMethodId": method(POST)}
    await refused(market, "cartShippingMethodSelect", given, [invalid("SHIPPING_NOT_AVAILABLE", "shippingMethodId")])
    await change(market, "cartShippingAddressSet", cart, {"address": HOME})
    assert await change(market, "cartShippingMethodSelect", cart, {"shippingMethodId": method(POST)})


async def test_a_cart_takes_a_few_codes_and_no_more(market: Shop) -> None:
    cart, names = await cart_of(market, (MUG, 1)), [f"MANY{number}" for number in range(MOST_CODES + 1)]
    for name in names:
        await discount(market, name, DiscountKind.PERCENTAGE, "1")
    for name in names[:-1]:
        await change(market, "cartDiscountCodeApply", cart, {"code": name})
    one_more = {"cartId": cart["id"], "code": names[-1]}
    await refused(market, "cartDiscountCodeApply", one_more, [invalid("OUT_OF_RANGE", "code")])


@pytest.mark.parametrize("text", ["a\0b", "\0"])
async def test_a_text_that_no_database_takes_makes_the_request_wrong_or_is_refused(market: Shop, text: str) -> None:
    cart = await stepping(market)
    before = await books(market)
    for name, given in {
        "cartDiscountCodeApply": {"code": f"AB{text}"},
        "cartDiscountCodeRemove": {"code": f"AB{text}"},
        "cartBuyerIdentityUpdate": {"buyerIdentity": {"phone": f"1{text}2"}},
    }.items():
        type_ = f"{name[0].upper()}{name[1:]}Input!"
        document = f"mutation($input: {type_}) {{ {name}(input: $input) {{ cart {{ id }} userErrors {{ code }} }} }}"
        answer = await ask(market, document, {"input": {"cartId": cart["id"], **given}})
        assert codes(answer) == ["BAD_USER_INPUT"] or answer["data"][name]["userErrors"]
    assert await books(market) == before


# Placed


@pytest.mark.parametrize("signed_in", [False, True])
async def test_a_cart_that_was_placed_is_shown_as_it_is_and_takes_no_changes(market: Shop, *, signed_in: bool) -> None:
    who = (await person(market)) if signed_in else ANONYMOUS
    cart = await stepping(market, who)
    assert (problems(cart), cart["quote"] is None) == ([], False)
    await place(market, cart)
    before = await books(market)
    for name, step in STEPS.items():
        for more in ({}, {"expectedVersion": 0}, {"idempotencyKey": f"{name} {cart['id']}"}):
            reply = await send(market, name, {"cartId": cart["id"], **step(cart), **more}, who)
            assert reply.refused == [("ConflictError", "CART_COMPLETED", ["cartId"])]
    assert await books(market) == before
    shown = await read(market, cart["id"], who)
    assert shown is not None
    assert steady(shown) == {**cart, "quote": None}
