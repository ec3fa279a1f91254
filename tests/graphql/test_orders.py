"""Orders as clients place them: what they come to, what stands in the way, and what is answered then."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.carts.cart import CartId
from domain.carts.quotes import read
from domain.shared.ids import uuid7
from domain.users.user import ANONYMOUS
from resolvers import global_ids
from tests import sql
from tests.graphql.asking import ADMIN, data
from tests.graphql.ordering import CHANGES, ERRORS, Counter, kinds, money
from tests.people import person
from tests.selling import HOME, books_agree


async def test_an_order_is_what_its_cart_came_to(counter: Counter) -> None:
    mug, jug = await counter.stall.variant(10), await counter.stall.variant(10, Decimal("7.50"))
    await counter.stall.code("TEN")
    await counter.do(
        "INSERT INTO tax_rates (id, title, country_code, rate) VALUES (gen_random_uuid(), 'VAT', 'GB', 0.2)"
    )
    [cart] = await counter.stall.carts([{mug: 2, jug: 1}], codes=["TEN"])
    before = datetime.now(UTC)
    answer = await counter.bought(cart, note="Ring twice.")
    order = answer["order"]
    assert answer["accessToken"]
    stands = ("status", "paymentStatus", "fulfillmentStatus", "user", "note", "discountCodes", "billingAddress")
    assert [order[name] for name in stands] == ["PENDING", "PENDING", "UNFULFILLED", None, "Ring twice.", ["TEN"], None]
    assert order["email"] == f"guest-{cart}@shop.example"
    assert [(line["productName"], line["variantTitle"], line["quantity"]) for line in order["lines"]] == [
        ("Mug", "Blue", 2),
        ("Mug", "Blue", 1),
    ]
    assert [line["unitPrice"] for line in order["lines"]] == [money("10.00"), money("7.50")]
    assert [line["discount"] for line in order["lines"]] == [money("2.00"), money("0.75")]
    assert order["shippingAddress"] == {"line1": HOME.line1, "city": "Leeds", "countryCode": "GB", "firstName": "Bea"}
    assert order["shippingMethod"] == {"name": "Parcel", "price": money("5.00")}
    cost = {
        name: Decimal(order["cost"][name]["amount"]) for name in ("subtotal", "discount", "shipping", "tax", "total")
    }
    assert (cost["subtotal"], cost["discount"], cost["shipping"]) == (Decimal("27.50"), Decimal("2.75"), Decimal(5))
    assert cost["total"] == cost["subtotal"] - cost["discount"] + cost["shipping"] + cost["tax"]
    assert order["events"]["totalCount"] == 1
    assert order["events"]["nodes"] == [
        {
            "sequence": 1,
            "type": "ORDER_PLACED",
            "message": "The order was placed.",
            "previousStatus": None,
            "status": "PENDING",
        }
    ]
    placed, expires = (datetime.fromisoformat(order[name]) for name in ("placedAt", "expiresAt"))
    assert before <= placed <= datetime.now(UTC)
    assert expires - placed == timedelta(minutes=30)
    assert [await counter.stall.stock(one) for one in (mug, jug)] == [(10, 2), (10, 1)]
    ledger = await sql.rows(
        counter.shop.database, "SELECT reserved_delta FROM inventory_adjustments WHERE reason = 'reserved' ORDER BY 1"
    )
    assert [row[0] for row in ledger] == [1, 2]
    await books_agree(counter.shop.database.settings)


async def test_the_cart_is_closed_and_leads_to_its_order(counter: Counter) -> None:
    mug = await counter.stall.variant(10)
    cart = await counter.stall.cart({mug: 1})
    order = (await counter.bought(cart))["order"]
    identity = global_ids.encode("Cart", cart)
    document = "query($id: ID!) { cart(id: $id) { version quote { id } problems { code } order { id } } }"
    found = (await data(counter.shop, document, {"id": identity}, ADMIN))["cart"]
    assert found == {"version": 1, "quote": None, "problems": [], "order": {"id": order["id"]}}
    assert kinds(await counter.refused(cart)) == [("ConflictError", "CART_COMPLETED")]


@pytest.mark.parametrize("mutation", CHANGES)
async def test_a_cart_that_was_placed_cannot_be_changed(counter: Counter, mutation: str) -> None:
    cart = await counter.stall.cart({await counter.stall.variant(10): 1})
    await counter.bought(cart)
    before = await counter.everything()
    type_ = f"{mutation[0].upper()}{mutation[1:]}Input!"
    document = f"mutation($input: {type_}) {{ {mutation}(input: $input) {{ cart {{ id }} {ERRORS} }} }}"
    sent = {"cartId": global_ids.encode("Cart", cart), **CHANGES[mutation]}
    answer = (await data(counter.shop, document, {"input": sent}))[mutation]
    assert answer["cart"] is None
    assert kinds(answer["userErrors"]) == [("ConflictError", "CART_COMPLETED")]
    assert await counter.everything() == before


@pytest.mark.parametrize(
    ("spoilt", "told"),
    [
        ("DELETE FROM cart_lines", [("ConflictError", "CART_EMPTY")]),
        ("UPDATE carts SET email = NULL", [("ConflictError", "CART_INCOMPLETE")]),
        ("UPDATE carts SET shipping_address = NULL", [("ConflictError", "CART_INCOMPLETE")]),
        ("UPDATE carts SET shipping_rate_id = NULL", [("ConflictError", "CART_INCOMPLETE")]),
        (
            "UPDATE carts SET email = NULL, shipping_rate_id = NULL",
            [("ConflictError", "CART_INCOMPLETE"), ("ConflictError", "CART_INCOMPLETE")],
        ),
        ("UPDATE shipping_rates SET active = false", [("ConflictError", "SHIPPING_NOT_AVAILABLE")]),
        ("UPDATE shipping_rates SET countries = ARRAY['DE']", [("ConflictError", "SHIPPING_NOT_AVAILABLE")]),
        ("UPDATE products SET status = 'archived'", [("ConflictError", "NOT_AVAILABLE")]),
        ("UPDATE cart_lines SET quantity = 11", [("InsufficientStockError", "INSUFFICIENT_STOCK")]),
        ("DELETE FROM product_variants", [("ConflictError", "CART_EMPTY")]),
    ],
)
async def test_what_stands_in_the_way_is_told(counter: Counter, spoilt: str, told: list[tuple[str, str]]) -> None:
    cart = await counter.stall.cart({await counter.stall.variant(10): 1})
    await counter.do(spoilt)
    assert kinds(await counter.refused(cart)) == told


async def test_of_what_is_sold_out_one_learns_how_much_is_left(counter: Counter) -> None:
    mug = await counter.stall.variant(3)
    [error] = await counter.refused(await counter.stall.cart({mug: 5}))
    assert (error["quantityRequested"], error["quantityAvailable"]) == (5, 3)
    assert error["variant"] == {"id": global_ids.encode("ProductVariant", mug)}


async def test_others_carts_are_not_there(counter: Counter) -> None:
    mug, owner, other = await counter.stall.variant(9), await person(counter.shop), await person(counter.shop)
    cart = await counter.stall.cart({mug: 1}, user_id=owner.user.id)
    for stranger in (ANONYMOUS, other.actor, ADMIN):
        assert kinds(await counter.refused(cart, stranger)) == [("NotFoundError", "NOT_FOUND")]
    for nothing in (CartId(uuid7()),):
        assert kinds(await counter.refused(nothing)) == [("NotFoundError", "NOT_FOUND")]
    answer = await counter.bought(cart, owner.actor)
    assert (answer["accessToken"], answer["order"]["user"]["id"]) == (None, global_ids.encode("User", owner.user.id))


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ("UPDATE product_variants SET price = 12", ["PRICE"]),
        ("UPDATE shipping_rates SET price = 4", ["SHIPPING"]),
        ("INSERT INTO tax_rates (id, title, country_code, rate) VALUES (gen_random_uuid(), 'VAT', 'GB', 0.2)", ["TAX"]),
        ("UPDATE discount_codes SET active = false", ["DISCOUNT"]),
        ("UPDATE cart_lines SET quantity = 3", ["DISCOUNT"]),
    ],
)
async def test_a_quote_that_does_not_hold_is_told_with_reasons(
    counter: Counter, change: str, reasons: list[str]
) -> None:
    mug = await counter.stall.variant(10)
    await counter.stall.code("TEN")
    [cart] = await counter.stall.carts([{mug: 1}], codes=["TEN"])
    quote = await counter.quote(cart)
    await counter.do(change)
    [error] = await counter.refused(cart, quoteId=quote)
    assert (error["__typename"], error["code"], error["field"]) == ("QuoteChangedError", "QUOTE_CHANGED", ["quoteId"])
    told = [one["reason"] for one in error["changes"]]
    assert set(reasons) <= set(told)
    assert error["quotedTotal"] == money("14.00")
    assert error["currentTotal"] != money("14.00")
    again = await counter.bought(cart, quoteId=await counter.quote(cart))
    assert again["order"]["cost"]["total"] == error["currentTotal"]


async def test_a_quote_that_is_too_old_is_told_and_nothing_is_placed(counter: Counter) -> None:
    cart = await counter.stall.cart({await counter.stall.variant(10): 1})
    signer = counter.shop.services.signer
    quote = read(await counter.quote(cart), signer)
    assert quote is not None
    old = replace(quote, expires_at=datetime.now(UTC) - timedelta(seconds=1)).written(signer)
    [error] = await counter.refused(cart, quoteId=old)
    assert (error["__typename"], error["code"], error["field"]) == ("QuoteChangedError", "QUOTE_CHANGED", ["quoteId"])
    assert [one["reason"] for one in error["changes"]] == ["EXPIRED"]
    assert error["quotedTotal"] == error["currentTotal"] == money("15.00")


async def test_other_quantities_are_not_charged_by_an_old_quote(counter: Counter) -> None:
    cart = await counter.stall.cart({await counter.stall.variant(10): 1})
    quote = await counter.quote(cart)
    await counter.do("UPDATE cart_lines SET quantity = 2")
    [error] = await counter.refused(cart, quoteId=quote)
    assert [one["reason"] for one in error["changes"]] == ["STOCK"]
    assert (error["quotedTotal"], error["currentTotal"]) == (money("15.00"), money("25.00"))


async def test_quotes_that_are_none_of_this_cart_s_are_refused(counter: Counter) -> None:
    mug = await counter.stall.variant(10)
    cart, other = await counter.stall.carts([{mug: 1}, {mug: 1}])
    quote, foreign = await counter.quote(cart), await counter.quote(other)
    token = (await counter.bought(other))["accessToken"]
    forged = quote[:60] + ("A" if quote[60] != "A" else "B") + quote[61:]
    for strange in (foreign, token, forged, quote[:-9], "", "nothing", "ü", "A" * 80):
        [error] = await counter.refused(cart, quoteId=strange)
        assert (error["code"], error["field"]) == ("INVALID", ["quoteId"])
    assert (await counter.bought(cart, quoteId=quote))["order"]["cost"]["total"] == money("15.00")


async def test_notes_have_a_length(counter: Counter) -> None:
    mug = await counter.stall.variant(10)
    cart = await counter.stall.cart({mug: 1})
    assert kinds(await counter.refused(cart, note="a" * 1_001)) == [("ValidationError", "TOO_LONG")]
    order = (await counter.bought(cart, note="a" * 1_000))["order"]
    assert kinds((await counter.cancel(order["id"], ADMIN, note="a" * 101))["userErrors"]) == [
        ("ValidationError", "TOO_LONG")
    ]
    assert (await counter.cancel(order["id"], ADMIN, note="a" * 100))["userErrors"] == []


async def test_a_request_that_is_repeated_is_answered_alike_and_done_once(counter: Counter) -> None:
    mug = await counter.stall.variant(10)
    cart = await counter.stall.cart({mug: 1})
    first = await counter.bought(cart, idempotencyKey="the same")
    assert await counter.bought(cart, idempotencyKey="the same") == first
    assert await counter.stall.orders() == 1
    assert kinds(await counter.refused(cart, idempotencyKey="the same", note="another")) == [
        ("ConflictError", "IDEMPOTENCY_KEY_REUSED")
    ]
    # another guest's cart has keys of its own
    other = await counter.stall.cart({mug: 1})
    assert (await counter.bought(other, idempotencyKey="the same"))["order"] != first["order"]
    assert await counter.stall.orders() == 2
