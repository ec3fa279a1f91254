"""What carts come to in the real shop: quotes, problems, ways of shipping, taxes and discount codes."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.carts import quotes
from domain.pricing.discounts import DiscountKind
from domain.shared.clock import now
from server.wiring import Shop
from tests import sql
from tests.graphql.market import (
    ABROAD,
    BELOW,
    BESIDE,
    COURIER,
    FERRY,
    GOODS,
    HOME,
    LAST,
    MUG,
    PEN,
    POST,
    SOFA,
    TOP,
    CartJson,
    books,
    cart_of,
    change,
    discount,
    method,
    money,
    problems,
    read,
    ready,
    send,
)

NEVER = [("ValidationError", "DISCOUNT_NOT_APPLICABLE", ["code"])]
CALIFORNIA = {"line1": "1 Main Street", "city": "Fresno", "countryCode": "US", "region": "california"}


@pytest.fixture
async def changing(market: Shop) -> AsyncGenerator[Shop]:
    """Whose variants and rates get back what they had."""
    yield market
    for change_back in (
        f"UPDATE product_variants SET price = 10, on_hand = 1000 WHERE id = '{MUG}'",
        f"UPDATE products SET status = 'active' WHERE id = '{GOODS}'",
        "UPDATE shipping_rates SET active = true",
    ):
        await sql.run(market.database, change_back)


async def again(shop: Shop, cart: CartJson) -> CartJson:
    found = await read(shop, cart["id"])
    assert found is not None
    return found


def cost(cart: CartJson) -> dict[str, Any]:
    amounts = ("subtotal", "discount", "shipping", "tax", "total")
    return {name: cart["cost"][name]["amount"] for name in amounts}


# Quotes and problems


async def test_a_cart_is_quoted_once_nothing_is_missing(market: Shop) -> None:
    cart = await cart_of(market)
    steps = [
        ("cartLinesAdd", {"lines": [{"variantId": (await cart_of(market, (MUG, 1)))["lines"][0]["variant"]["id"]}]}),
        ("cartBuyerIdentityUpdate", {"buyerIdentity": {"email": "ann@shop.example"}}),
        ("cartShippingAddressSet", {"address": HOME}),
        ("cartShippingMethodSelect", {"shippingMethodId": method(POST)}),
    ]
    missing = [["CART_EMPTY"], ["CART_INCOMPLETE"] * 2, ["CART_INCOMPLETE"], ["CART_INCOMPLETE"], []]
    for (name, given), told in zip(steps, missing, strict=False):
        assert (problems(cart), cart["quote"]) == (told, None)
        cart = await change(market, name, cart, given)
    assert problems(cart) == []
    assert cart["quote"]["total"] == cart["cost"]["total"] == {"amount": "15.00"}


async def test_a_quote_holds_for_a_quarter_of_an_hour_from_when_it_is_read(market: Shop) -> None:
    cart = await ready(market, (MUG, 2))
    before = now().replace(microsecond=0)
    shown = (await again(market, cart))["quote"]
    assert before + quotes.VALID <= datetime.fromisoformat(shown["expiresAt"]) <= now() + quotes.VALID
    quote = quotes.read(shown["id"], market.services.signer)
    assert quote is not None
    assert quote.total.amount == money(shown["total"]["amount"]).amount
    assert quote.expires_at == datetime.fromisoformat(shown["expiresAt"])
    assert [price.amount for price in quote.prices.values()] == [money("10").amount]


async def test_a_price_that_changes_is_told_until_the_line_is_touched_and_charged_at_once(changing: Shop) -> None:
    cart = await ready(changing, (MUG, 2))
    await sql.run(changing.database, f"UPDATE product_variants SET price = 12.50 WHERE id = '{MUG}'")
    shown = await again(changing, cart)
    line = {"id": cart["lines"][0]["id"]}
    told = "Mug, M costs 12.50 now; it was 10.00."
    assert shown["problems"] == [{"code": "QUOTE_CHANGED", "message": told, "line": line}]
    assert shown["lines"][0]["unitPrice"] == {"amount": "12.50"}
    assert (shown["version"], shown["quote"]["total"]) == (cart["version"], {"amount": "30.00"})
    touched = await change(changing, "cartLinesUpdate", cart, {"lines": [{"lineId": line["id"], "quantity": 1}]})
    assert (problems(touched), touched["quote"]["total"]) == ([], {"amount": "17.50"})


async def test_stock_that_is_gone_is_in_the_way_until_there_is_more(changing: Shop) -> None:
    cart = await ready(changing, (MUG, 3))
    for left, told in ((2, ["INSUFFICIENT_STOCK"]), (3, []), (0, ["INSUFFICIENT_STOCK"])):
        await sql.run(changing.database, f"UPDATE product_variants SET on_hand = {left} WHERE id = '{MUG}'")
        shown = await again(changing, cart)
        assert problems(shown) == told
        assert (shown["quote"] is None) is bool(told)


async def test_what_is_taken_from_sale_stays_in_the_cart_and_in_the_way(changing: Shop) -> None:
    cart = await ready(changing, (MUG, 1))
    await sql.run(changing.database, f"UPDATE products SET status = 'archived' WHERE id = '{GOODS}'")
    shown = await again(changing, cart)
    assert (problems(shown), shown["quote"]) == (["NOT_AVAILABLE"], None)
    assert shown["lines"][0]["variant"] == cart["lines"][0]["variant"]
    line = cart["lines"][0]["id"]
    fewer = await change(changing, "cartLinesUpdate", cart, {"lines": [{"lineId": line, "quantity": 2}]})
    assert problems(fewer) == ["NOT_AVAILABLE"]
    empty = await change(changing, "cartLinesRemove", cart, {"lineIds": [line]})
    assert problems(empty) == ["CART_EMPTY"]


async def test_a_variant_that_is_deleted_leaves_the_carts(market: Shop) -> None:
    await sql.run(
        market.database,
        "INSERT INTO product_variants (id, product_id, title, price) "
        f"SELECT md5('gone')::uuid, product_id, 'Gone', 1 FROM product_variants WHERE id = '{MUG}'",
    )
    gone = await sql.value(market.database, "SELECT md5('gone')::uuid")
    cart = await cart_of(market, (MUG, 1), (gone, 1), (PEN, 1))
    await sql.run(market.database, "DELETE FROM product_variants WHERE id = :id", id=gone)
    shown = await again(market, cart)
    assert [line["id"] for line in shown["lines"]] == [cart["lines"][0]["id"], cart["lines"][2]["id"]]
    assert shown["totalQuantity"] == 2


# Shipping


async def test_ways_of_shipping_are_those_that_go_there_the_cheapest_first(market: Shop) -> None:
    cart = await cart_of(market, (MUG, 1))
    assert cart["shippingMethods"] == []
    for address, methods in ((HOME, [POST, COURIER]), (ABROAD, [FERRY]), ({**HOME, "countryCode": "FR"}, [])):
        shown = await change(market, "cartShippingAddressSet", cart, {"address": address})
        assert [one["id"] for one in shown["shippingMethods"]] == [method(one) for one in methods]


async def test_a_parcel_that_gets_too_heavy_is_not_taken_any_more(market: Shop) -> None:
    cart = await ready(market, (MUG, 6))
    assert cart["quote"] is not None
    heavy = await change(
        market, "cartLinesUpdate", cart, {"lines": [{"lineId": cart["lines"][0]["id"], "quantity": 7}]}
    )
    assert [one["id"] for one in heavy["shippingMethods"]] == [method(COURIER)]
    assert (heavy["shippingMethod"], heavy["quote"], problems(heavy)) == (None, None, ["SHIPPING_NOT_AVAILABLE"])
    assert heavy["cost"]["shipping"] == {"amount": "0.00"}
    light = await change(
        market, "cartLinesUpdate", cart, {"lines": [{"lineId": cart["lines"][0]["id"], "quantity": 6}]}
    )
    assert light["shippingMethod"]["id"] == method(POST)


async def test_another_address_can_put_the_chosen_way_out_of_question(market: Shop) -> None:
    cart = await ready(market, (MUG, 1))
    shown = await change(market, "cartShippingAddressSet", cart, {"address": ABROAD})
    assert (problems(shown), shown["quote"]) == (["SHIPPING_NOT_AVAILABLE"], None)


async def test_shipping_is_free_from_a_hundred_on_after_discounts(market: Shop) -> None:
    await discount(market, "CENT", DiscountKind.FIXED_AMOUNT, "0.01")
    cart = await ready(market, (LAST, 1))
    assert cart["cost"]["shipping"] == {"amount": "0.00"}
    assert cart["shippingMethod"]["price"] == {"amount": "0.00"}
    dearer = await change(market, "cartDiscountCodeApply", cart, {"code": "cent"})
    assert cost(dearer) == {
        "subtotal": "100.00",
        "discount": "0.01",
        "shipping": "5.00",
        "tax": dearer["cost"]["tax"]["amount"],
        "total": "104.99",
    }
    free = await change(market, "cartDiscountCodeRemove", cart, {"code": "CENT"})
    assert free["cost"]["shipping"] == {"amount": "0.00"}


async def test_a_rate_that_is_switched_off_is_offered_no_more(changing: Shop) -> None:
    cart = await ready(changing, (MUG, 1))
    await sql.run(changing.database, f"UPDATE shipping_rates SET active = false WHERE id = '{POST}'")
    assert problems(await again(changing, cart)) == ["SHIPPING_NOT_AVAILABLE"]


# Taxes


@pytest.mark.parametrize(
    ("address", "taxes", "total", "included"),
    [
        (HOME, [("VAT", "0.200000", "2.50")], "15.00", True),
        (ABROAD, [], "10.00", False),
        (CALIFORNIA, [("Federal", "0.010000", "0.10"), ("State", "0.072500", "0.73")], "10.83", False),
        ({**CALIFORNIA, "region": "Nevada"}, [("Federal", "0.010000", "0.10")], "10.10", False),
        ({**CALIFORNIA, "region": None}, [("Federal", "0.010000", "0.10")], "10.10", False),
    ],
)
async def test_taxes_are_those_of_the_country_and_the_region(
    market: Shop, address: dict[str, Any], taxes: Sequence[tuple[str, str, str]], total: str, *, included: bool
) -> None:
    cart = await ready(market, (MUG, 1))
    shown = (await change(market, "cartShippingAddressSet", cart, {"address": address}))["cost"]
    found = [(line["title"], line["rate"], line["amount"]["amount"]) for line in shown["taxLines"]]
    assert (found, shown["total"]["amount"], shown["taxIncluded"]) == (list(taxes), total, included)
    assert sum(money(amount).units for _, _, amount in taxes) == money(shown["tax"]["amount"]).units


# Codes


async def apply(shop: Shop, cart: CartJson, code: str) -> tuple[str | None, str]:
    """What it takes off, or why nothing."""
    reply = await send(shop, "cartDiscountCodeApply", {"cartId": cart["id"], "code": code})
    if reply.errors:
        assert reply.refused == NEVER
        return None, reply.payload["userErrors"][0]["message"]
    [shown] = [one for one in reply.done["cart"]["discountCodes"] if one["code"] == code.strip().upper()]
    assert (shown["applicable"], shown["reason"]) == (True, None)
    return shown["amount"]["amount"], ""


async def test_codes_take_off_what_they_promise_and_shares_add_up(market: Shop) -> None:
    await discount(market, "QUARTER", DiscountKind.PERCENTAGE, "25")
    await discount(market, "TENNER", DiscountKind.FIXED_AMOUNT, "10")
    await discount(market, "PORTO", DiscountKind.FREE_SHIPPING, "0")
    cart = await ready(market, (MUG, 3), (PEN, 1))
    assert await apply(market, cart, "tenner") == ("10.00", "")
    assert await apply(market, cart, "Quarter") == ("8.13", "")
    assert await apply(market, cart, " porto ") == ("5.00", "")
    shown = await again(market, cart)
    assert cost(shown) == {
        "subtotal": "32.50",
        "discount": "18.13",
        "shipping": "0.00",
        "tax": shown["cost"]["tax"]["amount"],
        "total": "14.37",
    }
    assert sum(money(line["discount"]["amount"]).units for line in shown["lines"]) == 1_813
    assert sum(money(line["total"]["amount"]).units for line in shown["lines"]) == 1_437


async def test_a_code_needs_its_minimum_before_any_discount(market: Shop) -> None:
    await discount(market, "THIRTY", DiscountKind.PERCENTAGE, "10", minimum_subtotal=money("30"))
    cart = await cart_of(market, (MUG, 2))
    amount, why = await apply(market, cart, "THIRTY")
    assert (amount, "$10.00 is missing" in why) == (None, True)
    line = cart["lines"][0]["id"]
    await change(market, "cartLinesUpdate", cart, {"lines": [{"lineId": line, "quantity": 3}]})
    assert await apply(market, cart, "THIRTY") == ("3.00", "")
    fewer = await change(market, "cartLinesUpdate", cart, {"lines": [{"lineId": line, "quantity": 2}]})
    [code] = fewer["discountCodes"]
    assert (code["applicable"], code["amount"], fewer["cost"]["discount"]["amount"]) == (False, None, "0.00")
    assert "$10.00 is missing" in code["reason"]


async def test_a_code_holds_in_its_time(market: Shop) -> None:
    at, hour = now(), timedelta(hours=1)
    windows = {"EARLY": (at + hour, None), "LATE": (at - 2 * hour, at - hour), "TIMELY": (at - hour, at + hour)}
    for code, (starts_at, ends_at) in windows.items():
        await discount(market, code, DiscountKind.PERCENTAGE, "10", starts_at=starts_at, ends_at=ends_at)
    cart = await cart_of(market, (MUG, 1))
    assert "not valid yet" in (await apply(market, cart, "EARLY"))[1]
    assert "no longer valid" in (await apply(market, cart, "LATE"))[1]
    assert await apply(market, cart, "TIMELY") == ("1.00", "")


async def test_a_code_that_is_used_up_or_switched_off_holds_no_more(market: Shop) -> None:
    code = await discount(market, "ONCE", DiscountKind.PERCENTAGE, "10", usage_limit=1)
    cart, late = await cart_of(market, (MUG, 1)), await cart_of(market, (MUG, 1))
    assert await apply(market, cart, "ONCE") == ("1.00", "")
    await sql.run(market.database, "UPDATE discount_codes SET times_used = 1 WHERE id = :id", id=code.id)
    assert "used up" in (await apply(market, late, "ONCE"))[1]
    assert "used up" in (await again(market, cart))["discountCodes"][0]["reason"]
    await sql.run(
        market.database, "UPDATE discount_codes SET times_used = 0, active = false WHERE id = :id", id=code.id
    )
    assert "not active" in (await again(market, cart))["discountCodes"][0]["reason"]
    assert "not active" in (await apply(market, late, "ONCE"))[1]


@pytest.mark.parametrize(
    ("shelves", "amount"), [((TOP,), "1.00"), ((BELOW,), "1.00"), ((BESIDE,), "50.00"), ((TOP, BESIDE), "51.00")]
)
async def test_a_code_is_for_its_categories_and_all_below_them(market: Shop, shelves: Any, amount: str) -> None:
    code = f"SHELF-{'-'.join(str(shelf.int) for shelf in shelves)}"
    await discount(market, code, DiscountKind.PERCENTAGE, "10", *shelves)
    cart = await cart_of(market, (MUG, 1), (SOFA, 1))
    assert await apply(market, cart, code) == (amount, "")


async def test_a_code_for_other_goods_is_refused_and_changes_nothing(market: Shop) -> None:
    await discount(market, "SOFAS", DiscountKind.PERCENTAGE, "10", BESIDE)
    cart = await cart_of(market, (MUG, 1))
    before = await books(market)
    assert "among the goods" in (await apply(market, cart, "SOFAS"))[1]
    assert "no such code" in (await apply(market, cart, "NEVER-MADE"))[1]
    assert await books(market) == before
