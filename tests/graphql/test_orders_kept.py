"""Orders as clients find them again: listed, canceled, and left behind by who has gone."""

import asyncio
from collections.abc import Callable, Mapping
from decimal import Decimal
from operator import itemgetter
from typing import Any
from uuid import UUID

from domain.users.user import ANONYMOUS, UserRole
from resolvers import global_ids
from tests import sql
from tests.graphql.asking import ADMIN, ask, codes, data
from tests.graphql.ordering import (
    LIST,
    ORDER,
    PLACE,
    Counter,
    Json,
    kinds,
)
from tests.people import PASSWORD, person
from tests.selling import HOME, books_agree


async def test_a_guest_finds_the_order_by_its_token_alone(counter: Counter) -> None:
    mug = await counter.stall.variant(10)
    mine, other = [await counter.bought(cart) for cart in await counter.stall.carts([{mug: 1}, {mug: 1}])]
    token, identity, number = mine["accessToken"], mine["order"]["id"], mine["order"]["number"]
    there = {"id": identity, "email": mine["order"]["email"]}
    assert await counter.find(token=token) == there
    assert await counter.find(token=token, id=identity, number=number) == there
    tampered = token[:40] + ("A" if token[40] != "A" else "B") + token[41:]
    for strange in (tampered, token[:-4], "", "ü", "nothing"):
        assert await counter.find(token=strange) is None
    assert await counter.find(token=token, id=other["order"]["id"]) is None
    assert await counter.find(token=token, number=other["order"]["number"]) is None
    for by in ({"id": identity}, {"number": number}, {"number": "nothing"}, {"id": "nothing"}):
        assert await counter.find(ANONYMOUS, **by) is None
    node = await data(counter.shop, "query($id: ID!) { node(id: $id) { id } }", {"id": identity})
    assert node == {"node": None}
    assert codes(await ask(counter.shop, "{ order { id } }")) == ["BAD_USER_INPUT"]


async def test_owners_and_administrators_find_an_order_and_nobody_else(counter: Counter) -> None:
    owner, other = await person(counter.shop), await person(counter.shop)
    cart = await counter.stall.cart({await counter.stall.variant(9): 1}, user_id=owner.user.id)
    order = (await counter.bought(cart, owner.actor))["order"]
    node = "query($id: ID!) { node(id: $id) { ... on Order { id } } }"
    for actor, there in ((owner.actor, True), (ADMIN, True), (other.actor, False), (ANONYMOUS, False)):
        for by in ({"id": order["id"]}, {"number": order["number"]}):
            assert (await counter.find(actor, **by) is not None) is there
        assert ((await data(counter.shop, node, {"id": order["id"]}, actor))["node"] is not None) is there
    mine = "{ me { orders(first: 5) { totalCount nodes { id } } } }"
    assert (await data(counter.shop, mine, actor=owner.actor))["me"]["orders"] == {
        "totalCount": 1,
        "nodes": [{"id": order["id"]}],
    }
    assert (await data(counter.shop, mine, actor=other.actor))["me"]["orders"]["totalCount"] == 0


async def test_a_guest_cancels_with_the_order_s_own_token(counter: Counter) -> None:
    mug = await counter.stall.variant(10)
    mine, other = [await counter.bought(cart) for cart in await counter.stall.carts([{mug: 1}, {mug: 1}])]
    identity, token = mine["order"]["id"], mine["accessToken"]
    before = await counter.everything()
    for key in (None, "nothing", other["accessToken"], token[:40] + "AAAA" + token[44:]):
        refused = await counter.cancel(identity, accessToken=key)
        assert (refused["order"], kinds(refused["userErrors"])) == (None, [("NotFoundError", "NOT_FOUND")])
    assert await counter.everything() == before
    done = await counter.cancel(identity, accessToken=token, note="Too dear.")
    assert done["userErrors"] == []
    order = done["order"]
    assert (order["status"], order["cancelReason"], order["expiresAt"]) == ("CANCELED", "CUSTOMER", None)
    assert order["canceledAt"] is not None
    assert [event["type"] for event in order["events"]["nodes"]] == [
        "ORDER_PLACED",
        "ORDER_CANCELED",
        "PAYMENT_CANCELED",
    ]
    assert [event["sequence"] for event in order["events"]["nodes"]] == [1, 2, 3]
    assert order["events"]["nodes"][1] == {
        "sequence": 2,
        "type": "ORDER_CANCELED",
        "message": "The order was canceled. Too dear.",
        "previousStatus": "PENDING",
        "status": "CANCELED",
    }
    assert await counter.stall.stock(mug) == (10, 1)
    await books_agree(counter.shop.database.settings)


async def test_what_has_ended_or_shipped_is_not_canceled(counter: Counter) -> None:
    mug = await counter.stall.variant(10)
    twice, shipped, expired = [
        (await counter.bought(cart))["order"]["id"] for cart in await counter.stall.carts([{mug: 1}] * 3)
    ]
    assert (await counter.cancel(twice, ADMIN))["userErrors"] == []
    await counter.do("UPDATE orders SET fulfillment_status = 'partially_fulfilled' WHERE id = :id", id=_of(shipped))
    await counter.do("UPDATE orders SET expires_at = now() - interval '1 s' WHERE id = :id", id=_of(expired))
    assert await counter.shop.overdue.expire() == 1
    for identity, current in ((twice, "CANCELED"), (shipped, "PENDING"), (expired, "EXPIRED")):
        before = await counter.everything()
        [error] = (await counter.cancel(identity, ADMIN))["userErrors"]
        assert (error["__typename"], error["from"], error["action"]) == ("InvalidTransitionError", current, "CANCEL")
        assert await counter.everything() == before


def _of(identity: str) -> UUID:
    found = global_ids.decode(identity)
    assert found is not None
    return found.id


async def test_orders_are_listed_as_python_would_list_them(counter: Counter) -> None:
    mug, owner = await counter.stall.variant(1_000), await person(counter.shop)
    carts = [cart for number in range(1, 13) for cart in await counter.stall.carts([{mug: number % 5 + 1}])]
    placed = [(await counter.bought(cart))["order"] for cart in carts]
    own = await counter.stall.cart({mug: 2}, user_id=owner.user.id, email=owner.user.email)
    placed.append((await counter.bought(own, owner.actor))["order"])
    for order in placed[2:5]:
        await counter.cancel(order["id"], ADMIN)
    canceled = {order["id"] for order in placed[2:5]}
    middle = placed[6]["placedAt"]
    filters: Mapping[str, tuple[Json, set[str]]] = {
        "all": ({}, {one["id"] for one in placed}),
        "canceled": ({"status": ["CANCELED"]}, canceled),
        "going on": ({"status": ["PENDING", "CONFIRMED"]}, {one["id"] for one in placed} - canceled),
        "none": ({"status": []}, set()),
        "paid": ({"paymentStatus": ["PAID"]}, set()),
        "to be shipped": ({"fulfillmentStatus": ["UNFULFILLED"], "status": ["CANCELED"]}, canceled),
        "late": ({"placedAfter": middle}, {one["id"] for one in placed[7:]}),
        "early": ({"placedBefore": middle}, {one["id"] for one in placed[:6]}),
        "somebody's": ({"userId": global_ids.encode("User", owner.user.id)}, {placed[-1]["id"]}),
        "nobody's": ({"userId": "nothing"}, set()),
        "by address": ({"email": f" {owner.user.email.upper()} "}, {placed[-1]["id"]}),
        "by number": ({"number": placed[3]["number"]}, {placed[3]["id"]}),
    }
    for name, (chosen, expected) in filters.items():
        found = (await data(counter.shop, LIST, {"filter": chosen, "first": 100}, ADMIN))["orders"]
        assert {one["id"] for one in found["nodes"]} == expected, name
        assert found["totalCount"] == len(expected), name
    keys: Mapping[str, Callable[[Json], Any]] = {
        "PLACED_AT": itemgetter("placedAt"),
        "UPDATED_AT": itemgetter("updatedAt"),
        "NUMBER": itemgetter("number"),
        "TOTAL": _total,
    }
    for field, key in keys.items():
        for direction in ("ASC", "DESC"):
            listed = await _pages(counter, {"sort": {"field": field, "direction": direction}, "first": 5})
            assert len({one["id"] for one in listed}) == len(placed)
            assert [key(one) for one in listed] == sorted(map(key, listed), reverse=direction == "DESC")
    for stranger in (ANONYMOUS, owner.actor):
        assert codes(await ask(counter.shop, LIST, actor=stranger)) in (["UNAUTHENTICATED"], ["FORBIDDEN"])


def _total(order: Json) -> Decimal:
    return Decimal(order["cost"]["total"]["amount"])


async def _pages(counter: Counter, asked: Json) -> list[Json]:
    listed: list[Json] = []
    after = None
    while True:
        page = (await data(counter.shop, LIST, {**asked, "after": after}, ADMIN))["orders"]
        listed.extend(page["nodes"])
        if not page["pageInfo"]["hasNextPage"]:
            return listed
        after = page["pageInfo"]["endCursor"]


async def test_later_edits_of_the_catalogue_never_change_an_order(counter: Counter) -> None:
    mug = await counter.stall.variant(10)
    await counter.stall.code("TEN")
    [cart] = await counter.stall.carts([{mug: 2}], codes=["TEN"])
    order = (await counter.bought(cart))["order"]
    document = f"query($id: ID!) {{ order(id: $id) {{ {ORDER} }} }}"
    for edit in (
        "UPDATE products SET name = 'Jug', slug = 'jug'",
        "UPDATE product_variants SET price = 99, title = 'Red', sku = 'OTHER'",
        "UPDATE shipping_rates SET price = 9, name = 'Pigeon'",
        "UPDATE discount_codes SET active = false, value = 50",
        "DELETE FROM products",
    ):
        await counter.do(edit)
        assert (await data(counter.shop, document, {"id": order["id"]}, ADMIN))["order"] == order
    gone = await data(
        counter.shop, "query($id: ID!) { order(id: $id) { lines { variant { id } } } }", {"id": order["id"]}, ADMIN
    )
    assert gone["order"]["lines"] == [{"variant": None}]
    await books_agree(counter.shop.database.settings)
    assert (await counter.cancel(order["id"], ADMIN))["userErrors"] == []
    await books_agree(counter.shop.database.settings)


async def test_who_leaves_takes_along_what_is_personal_and_leaves_the_books(counter: Counter) -> None:
    mug, owner = await counter.stall.variant(10), await person(counter.shop)
    await counter.stall.code("ONCE", per_user=1)
    [cart] = await counter.stall.carts([{mug: 2}], codes=["ONCE"], user_id=owner.user.id, email=owner.user.email)
    await counter.do("UPDATE carts SET billing_address = shipping_address")
    order = (await counter.bought(cart, owner.actor, note="Canary rings twice."))["order"]
    await counter.cancel(order["id"], owner.actor, note="Canary went elsewhere.")
    again = await counter.stall.cart({mug: 1}, user_id=owner.user.id, email=owner.user.email)
    await counter.bought(again, owner.actor)
    deleting = "mutation($input: UserDeleteInput!) { userDelete(input: $input) { deletedUserId userErrors { code } } }"
    sent = {"input": {"password": PASSWORD}}
    assert (await data(counter.shop, deleting, sent, owner.actor))["userDelete"]["userErrors"] == []
    for table in ("orders", "order_lines", "order_events", "discount_redemptions", "carts"):
        kept = repr(await sql.rows(counter.shop.database, f"SELECT * FROM {table}"))
        for canary in (owner.user.email, "Canary", HOME.line1, "Leeds", "Bea", str(owner.user.id), HOME.phone or ""):
            assert canary not in kept, (table, canary)
    document = f"query($id: ID!) {{ order(id: $id) {{ {ORDER} }} }}"
    found = (await data(counter.shop, document, {"id": order["id"]}, ADMIN))["order"]
    assert (found["cost"], found["lines"], found["user"]) == (order["cost"], order["lines"], None)
    assert found["shippingAddress"]["countryCode"] == "GB"
    await books_agree(counter.shop.database.settings)


async def test_a_whole_checkout_goes_through_the_api(counter: Counter) -> None:
    """Set up by an administrator, filled and placed by a guest, with nothing written past the API but the product."""
    mug = await counter.stall.variant(0)
    staff = (await person(counter.shop, UserRole.ADMIN)).actor
    variant = global_ids.encode("ProductVariant", mug)
    setting_up = """mutation($variant: ID!) {
      inventoryAdjust(input: {variantId: $variant, delta: 3, reason: RECEIVED}) { userErrors { message } }
      shippingRateSet(input: {name: "Bicycle", countries: ["GB"], price: {amount: "3", currencyCode: "USD"}}) {
        userErrors { message } }
      taxRateSet(input: {title: "VAT", countryCode: "GB", rate: "0.2"}) { userErrors { message } }
      discountCodeCreate(input: {code: "TEN", kind: PERCENTAGE, value: "10"}) {
        discountCode { id } userErrors { message } } }"""
    done = await data(counter.shop, setting_up, {"variant": variant}, staff)
    assert all(one["userErrors"] == [] for one in done.values())
    update = "mutation($id: ID!) { discountCodeUpdate(input: {id: $id, usageLimit: 1}) { userErrors { message } } }"
    code = {"id": done["discountCodeCreate"]["discountCode"]["id"]}
    assert (await data(counter.shop, update, code, staff))["discountCodeUpdate"]["userErrors"] == []
    create = """mutation($variant: ID!) { cartCreate(input: {lines: [{variantId: $variant, quantity: 2}],
      buyerIdentity: {email: "bea@shop.example"}}) { cart { id } userErrors { message } } }"""
    cart = (await data(counter.shop, create, {"variant": variant}))["cartCreate"]["cart"]["id"]
    address = """mutation($cart: ID!) { cartShippingAddressSet(input: {cartId: $cart,
      address: {line1: "7 Canary Row", city: "Leeds", countryCode: "GB"}}) {
      cart { shippingMethods { id name } } userErrors { message } } }"""
    offered = (await data(counter.shop, address, {"cart": cart}))["cartShippingAddressSet"]["cart"]["shippingMethods"]
    bicycle = next(one["id"] for one in offered if one["name"] == "Bicycle")
    choose = """mutation($cart: ID!, $method: ID!) {
      cartShippingMethodSelect(input: {cartId: $cart, shippingMethodId: $method}) { userErrors { message } }
      cartDiscountCodeApply(input: {cartId: $cart, code: "ten"}) {
        cart { quote { id total { amount } } cost { total { amount } } } userErrors { message } } }"""
    chosen = await data(counter.shop, choose, {"cart": cart, "method": bicycle})
    quote = chosen["cartDiscountCodeApply"]["cart"]["quote"]
    sent = {"cartId": cart, "quoteId": quote["id"], "idempotencyKey": "checkout"}
    answers = await asyncio.gather(*(data(counter.shop, PLACE, {"input": sent}) for _ in range(5)))
    assert len({answer["orderPlace"]["order"]["number"] for answer in answers}) == 1
    order = answers[0]["orderPlace"]["order"]
    assert order["cost"]["total"] == quote["total"]
    ledger = """query($id: ID!) { node(id: $id) { ... on ProductVariant { inventory { onHand reserved
      adjustments(first: 5) { nodes { delta reason order { id } } } } } } }"""
    stock = (await data(counter.shop, ledger, {"id": variant}, staff))["node"]["inventory"]
    assert (stock["onHand"], stock["reserved"]) == (3, 2)
    assert stock["adjustments"]["nodes"][0] == {"delta": 2, "reason": "RESERVED", "order": {"id": order["id"]}}
    await books_agree(counter.shop.database.settings)
