"""A small shop to buy in, and mutations about carts, stock and store settings as clients send them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from graphql import GraphQLInputObjectType

from domain.pricing.discounts import DiscountCode, DiscountCodeId, DiscountKind
from domain.pricing.shipping import ShippingRate, ShippingRateId
from domain.pricing.taxes import TaxRate, TaxRateId
from domain.products.category import CategoryId
from domain.products.inventory import VariantId
from domain.shared.clock import now
from domain.shared.ids import uuid7
from domain.shared.money import Money
from domain.users.user import ANONYMOUS, Actor
from resolvers import global_ids
from server.graphql.core import item_type, without_non_null
from server.graphql.engine import Answer
from server.graphql.request import GraphQLRequest
from server.wiring import Shop
from tests import sql
from tests.graphql.accounts.mutations import Reply, input_type
from tests.graphql.asking import data
from tests.people import Person

CURRENCY = "USD"
GOODS, DRAFTS, TOP, BELOW, BESIDE = (UUID(int=number) for number in range(1, 6))
MUG, PEN, LAST, SOFA, DRAFT = (VariantId(UUID(int=number)) for number in range(11, 16))
"""A mug for 10.00 of 300 g, a pen for 2.50 that is not counted, the last one of something for 100.00, a sofa of 60 kg
that is in another category, and what is not for sale."""
STOCK = f"""
INSERT INTO categories (id, name, slug) VALUES ('{TOP}', 'Top', 'top'), ('{BESIDE}', 'Beside', 'beside');
INSERT INTO categories (id, name, slug, parent_id) VALUES ('{BELOW}', 'Below', 'below', '{TOP}');
INSERT INTO products (id, name, slug, category_id, status, published_at) VALUES
  ('{GOODS}', 'Mug', 'mug', '{BELOW}', 'active', now()), ('{DRAFTS}', 'Draft', 'draft', NULL, 'draft', NULL),
  ('{TOP}', 'Sofa', 'sofa', '{BESIDE}', 'active', now());
INSERT INTO product_variants (id, product_id, title, price, tracked, on_hand, weight_grams) VALUES
  ('{MUG}', '{GOODS}', 'M', 10, true, 1000, 300), ('{PEN}', '{GOODS}', 'Pen', 2.50, false, 0, NULL),
  ('{LAST}', '{GOODS}', 'Last', 100, true, 1, 1), ('{SOFA}', '{TOP}', 'Red', 500, true, 50, 60000),
  ('{DRAFT}', '{DRAFTS}', 'M', 1, true, 10, 1);
"""
POST, COURIER, FERRY = (ShippingRateId(UUID(int=number)) for number in range(21, 24))
HOME = {"line1": "1 High Street", "city": "Leeds", "countryCode": "GB"}
ABROAD = {"line1": "1 Hohe Straße", "city": "Köln", "countryCode": "DE"}

CART = (
    "cart { id version totalQuantity currencyCode lines { id quantity variant { id } unitPrice { amount } "
    "subtotal { amount } discount { amount } total { amount } } buyerIdentity { email phone user { id } } "
    "shippingAddress { line1 city countryCode region phone } billingAddress { line1 city countryCode } "
    "shippingMethods { id name price { amount } } shippingMethod { id name price { amount } } "
    "discountCodes { code applicable reason amount { amount } } cost { subtotal { amount } discount { amount } "
    "shipping { amount } tax { amount } total { amount } taxIncluded taxLines { title rate amount { amount } } } "
    "quote { id total { amount } expiresAt } problems { code message line { id } } }"
)
SELECTIONS = {
    "inventoryAdjust": "productVariant { id inventory { onHand reserved available } }",
    "discountCodeCreate": "discountCode { id code kind value active timesUsed startsAt endsAt usageLimit "
    "usageLimitPerUser minimumSubtotal { amount currencyCode } categories { id } }",
    "shippingRateSet": "shippingRate { id name description countries price { amount } freeAbove { amount } "
    "maxWeightGrams minDays maxDays active }",
    "taxRateSet": "taxRate { id title countryCode region rate includedInPrice active }",
}
SELECTIONS["discountCodeUpdate"] = SELECTIONS["discountCodeCreate"]
ERRORS = (
    "userErrors { __typename code message field ... on NotFoundError { id } "
    "... on CartVersionConflictError { cart { id version totalQuantity lines { id } } } }"
)
WATCHED = (
    *("carts", "cart_lines", "discount_codes", "discount_code_categories", "shipping_rates", "tax_rates"),
    *("inventory_adjustments", "product_variants", "idempotency_keys", "users", "sessions", "outbox"),
)
EVERYTHING = " UNION ALL ".join(f"SELECT '{table}', t::text FROM {table} t" for table in WATCHED) + " ORDER BY 1, 2"

Given = Mapping[str, Any]
CartJson = Mapping[str, Any]


def variant(identity: VariantId, quantity: int | None = None) -> dict[str, Any]:
    """A line as it is sent."""
    line: dict[str, Any] = {"variantId": global_ids.encode("ProductVariant", identity)}
    return line if quantity is None else {**line, "quantity": quantity}


def method(rate: ShippingRateId) -> str:
    return global_ids.encode("ShippingMethod", rate)


async def send(shop: Shop, name: str, given: Given, who: Person | Actor = ANONYMOUS) -> Reply:
    """One mutation. Paths of its errors are checked to lead into its input."""
    answer = await answered(shop, name, given, who)
    if answer.errors:
        raise AssertionError(answer.errors)
    return reply_of(name, answer)


async def answered(shop: Shop, name: str, given: Given, who: Person | Actor = ANONYMOUS) -> Answer:
    selection = SELECTIONS.get(name, CART)
    document = f"mutation($input: {input_type(name)}!) {{ {name}(input: $input) {{ {selection} {ERRORS} }} }}"
    actor = who if isinstance(who, Actor) else who.actor
    request = GraphQLRequest(document, None, {"input": given})
    return await shop.execute(shop.engine.prepare(request, actor=actor), actor)


def reply_of(name: str, answer: Answer) -> Reply:
    assert answer.data is not None
    reply = Reply(answer.data[name], answer.extensions.get("idempotency") == {"replayed": True})
    for _, _, path in reply.errors:
        assert path is None or leads_into(input_type(name), path), f"{name} has no input {path}"
    return reply


def leads_into(type_: Any, path: Sequence[str]) -> bool:
    """Whether there is such a place in an input: a list as a whole, or one of its items by its number."""
    inner, _ = without_non_null(type_)
    item = item_type(inner)
    if item is not None:
        return not path or (path[0].isdecimal() and leads_into(item, path[1:]))
    if not path:
        return True
    if not isinstance(inner, GraphQLInputObjectType) or path[0] not in inner.fields:
        return False
    return leads_into(inner.fields[path[0]].type, path[1:])


async def cart_of(shop: Shop, *lines: tuple[VariantId, int], who: Person | Actor = ANONYMOUS) -> CartJson:
    """A new cart with these lines; of somebody signed in, the open one with these, too."""
    sent = {"lines": [variant(identity, quantity) for identity, quantity in lines]}
    return (await send(shop, "cartCreate", sent, who)).done["cart"]


async def change(shop: Shop, name: str, cart: CartJson, given: Given, who: Person | Actor = ANONYMOUS) -> CartJson:
    """The cart after a mutation that must be done."""
    return (await send(shop, name, {"cartId": cart["id"], **given}, who)).done["cart"]


async def read(shop: Shop, cart_id: str, who: Person | Actor = ANONYMOUS) -> CartJson | None:
    actor = who if isinstance(who, Actor) else who.actor
    selection = CART.removeprefix("cart ")
    return (await data(shop, f"query($id: ID!) {{ cart(id: $id) {selection} }}", {"id": cart_id}, actor))["cart"]


async def ready(shop: Shop, *lines: tuple[VariantId, int], who: Person | Actor = ANONYMOUS) -> CartJson:
    """A cart that can be placed: the post brings it to HOME."""
    cart = await cart_of(shop, *lines, who=who)
    await change(shop, "cartBuyerIdentityUpdate", cart, {"buyerIdentity": {"email": "ann@shop.example"}}, who)
    await change(shop, "cartShippingAddressSet", cart, {"address": HOME}, who)
    return await change(shop, "cartShippingMethodSelect", cart, {"shippingMethodId": method(POST)}, who)


STEPS: Mapping[str, Callable[[CartJson], Given]] = {
    "cartLinesAdd": lambda _: {"lines": [variant(PEN, 3)]},
    "cartLinesUpdate": lambda cart: {"lines": [{"lineId": cart["lines"][0]["id"], "quantity": 5}]},
    "cartLinesRemove": lambda cart: {"lineIds": [cart["lines"][0]["id"]]},
    "cartBuyerIdentityUpdate": lambda _: {"buyerIdentity": {"email": "Ben@Shop.Example", "phone": " 12  34 "}},
    "cartShippingAddressSet": lambda _: {"address": ABROAD},
    "cartBillingAddressSet": lambda _: {"address": ABROAD},
    "cartShippingMethodSelect": lambda _: {"shippingMethodId": method(COURIER)},
    "cartDiscountCodeApply": lambda _: {"code": " steps "},
    "cartDiscountCodeRemove": lambda _: {"code": " entered "},
}
"""Every mutation about a cart, with what it may be sent about one of `stepping`."""


async def stepping(shop: Shop, who: Person | Actor = ANONYMOUS) -> CartJson:
    """A cart that is ready, with two mugs, and with a code in it."""
    cart = await ready(shop, (MUG, 2), who=who)
    return await change(shop, "cartDiscountCodeApply", cart, {"code": "ENTERED"}, who)


def steady(shown: Mapping[str, Any]) -> Mapping[str, Any]:
    """A payload or a cart without the quote's id and end, which every reading gives anew."""
    if "cart" in shown:
        return {**shown, "cart": shown["cart"] and steady(shown["cart"])}
    return {**shown, "quote": shown["quote"] and shown["quote"]["total"]}


async def place(shop: Shop, cart: CartJson) -> None:
    """As if it had become an order."""
    found = global_ids.of_type("Cart", cart["id"])
    await sql.run(shop.database, "UPDATE carts SET order_id = gen_random_uuid() WHERE id = :cart", cart=found)


async def books(shop: Shop) -> Mapping[str, Sequence[str]]:
    """All rows of what these mutations change."""
    found: dict[str, list[str]] = {table: [] for table in WATCHED}
    for table, row in await sql.rows(shop.database, EVERYTHING):
        found[table].append(row)
    return found


def places(cart: CartJson) -> list[tuple[str, int]]:
    """The variants in it and how many units of each, in the order of its lines."""
    return [(line["variant"]["id"], line["quantity"]) for line in cart["lines"]]


def sent_places(*lines: tuple[VariantId, int]) -> list[tuple[str, int]]:
    return [(global_ids.encode("ProductVariant", identity), quantity) for identity, quantity in lines]


def problems(cart: CartJson) -> list[str]:
    return [problem["code"] for problem in cart["problems"]]


# The shop


def money(amount: str) -> Money:
    return Money.of(Decimal(amount), CURRENCY)


def rate(identity: ShippingRateId, name: str, price: str, *countries: str, **more: Any) -> ShippingRate:
    limits: dict[str, Any] = {"free_above": None, "max_weight_grams": None, "min_days": 1, "max_days": 3, **more}
    return ShippingRate(identity, name, None, frozenset(countries), money(price), **limits, active=True)


def tax(title: str, country: str, fraction: str, region: str | None = None, *, included: bool = False) -> TaxRate:
    return TaxRate(TaxRateId(uuid7()), title, country, region, Decimal(fraction), included, active=True)


async def discount(shop: Shop, code: str, kind: DiscountKind, value: str, *shelves: UUID, **more: Any) -> DiscountCode:
    """One that holds from now on, with `more` of what a code can have."""
    at = now()
    made = DiscountCode(
        id=DiscountCodeId(uuid7()),
        code=code,
        kind=kind,
        value=Decimal(value),
        minimum_subtotal=None,
        usage_limit=None,
        usage_limit_per_user=None,
        times_used=0,
        starts_at=at,
        ends_at=None,
        active=True,
        category_ids=frozenset(map(CategoryId, shelves)),
        created_at=at,
    )
    return await shop.services.store_settings.create_discount(replace(made, **more))


async def furnish(shop: Shop) -> None:
    """Have all of it in an empty shop, with ways of shipping and taxes."""
    await sql.run(shop.database, *filter(str.strip, STOCK.split(";\n")))
    for code in ("STEPS", "ENTERED"):
        await discount(shop, code, DiscountKind.PERCENTAGE, "10")
    settings = shop.services.store_settings
    post = rate(POST, "Post", "5", "GB", free_above=money("100"), max_weight_grams=2_000)
    for one in (post, rate(COURIER, "Courier", "12", "GB", "US"), rate(FERRY, "Ferry", "30", "DE")):
        await settings.set_shipping_rate(one, is_new=True)
    for one in (
        tax("VAT", "GB", "0.2", included=True),
        tax("Federal", "US", "0.01"),
        tax("State", "US", "0.0725", "California"),
    ):
        await settings.set_tax_rate(one, is_new=True)
