"""The number of SQL statements never depends on the number of rows: for every field that the schema declares."""

import json
from collections.abc import Iterator
from typing import Any, cast

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, is_required_input_field

from domain.users.user import ANONYMOUS, Actor
from resolvers import global_ids
from schema import root
from schema.rendering import Attribute, Function, Identity, Relation, Result, declaration
from server.demo.reading import read_catalogue
from server.graphql.core import core_schema, definition, item_type, resolver, without_non_null
from server.wiring import Shop
from tests.conftest import Statements
from tests.graphql import crowd, crowd_carts, crowd_orders, crowd_payments, provider_events
from tests.graphql.asking import ADMIN, ask

SCHEMA = core_schema(root.build())
STOCK = "products(first: %d) { nodes { variants { inventory { adjustments(first: 2)"
CARTS = "users(first: %d) { nodes { cart"
ORDERS = "orders(first: %d) { nodes {"
EVENTS = f"{ORDERS} events(first: 2)"
PAYMENTS = f"{ORDERS} payments"
PAID, PAID_BACK = f"{ORDERS} events(first: 3)", f"{ORDERS} events(first: 8)"
LATEST = f"{ORDERS} events(last: 5)"
# how to come by parents of each type: the more `first` asks for, the more there are
WAYS = {
    "User": "users(first: %d) { nodes { %s } }",
    "UserConnection": "users(first: %d) { %s }",
    "UserEdge": "users(first: %d) { edges { %s } }",
    "SavedAddress": "users(first: %d) { nodes { addresses { %s } } }",
    "Address": "users(first: %d) { nodes { addresses { address { %s } } } }",
    "Product": "products(first: %d) { nodes { %s } }",
    "Category": "categories(first: %d) { nodes { %s } }",
    "ProductVariant": "products(first: %d) { nodes { variants { %s } } }",
    "ProductMedia": "products(first: %d) { nodes { media { %s } } }",
    "ProductConnection": "categories(first: %d) { nodes { products(first: 2) { %s } } }",
    "Money": "products(first: %d) { nodes { variants { price { %s } } } }",
    "MoneyRange": "products(first: %d) { nodes { priceRange { %s } } }",
    "ProductOption": "products(first: %d) { nodes { options { %s } } }",
    "SelectedOption": "products(first: %d) { nodes { variants { selectedOptions { %s } } } }",
    "Seo": "products(first: %d) { nodes { seo { %s } } }",
    "Inventory": "products(first: %d) { nodes { variants { inventory { %s } } } }",
    "ProductEdge": "products(first: %d) { edges { %s } }",
    "CategoryEdge": "categories(first: %d) { edges { %s } }",
    "CategoryConnection": "categories(first: %d) { %s }",
    "InventoryAdjustment": f"{STOCK} {{ nodes {{ %s }} }} }} }} }} }}",
    "InventoryAdjustmentConnection": f"{STOCK} {{ %s }} }} }} }} }}",
    "InventoryAdjustmentEdge": f"{STOCK} {{ edges {{ %s }} }} }} }} }} }}",
    "DiscountCode": "discountCodes(first: %d) { nodes { %s } }",
    "DiscountCodeConnection": "discountCodes(first: %d) { %s }",
    "DiscountCodeEdge": "discountCodes(first: %d) { edges { %s } }",
    # there are few of these, which are read all at once
    "ShippingRate": "all%d: shippingRates { %s }",
    "TaxRate": "all%d: taxRates { %s }",
    "Cart": f"{CARTS} {{ %s }} }} }}",
    "CartLine": f"{CARTS} {{ lines {{ %s }} }} }} }}",
    "BuyerIdentity": f"{CARTS} {{ buyerIdentity {{ %s }} }} }} }}",
    "Cost": f"{CARTS} {{ cost {{ %s }} }} }} }}",
    "TaxLine": f"{CARTS} {{ cost {{ taxLines {{ %s }} }} }} }} }}",
    "CartDiscountCode": f"{CARTS} {{ discountCodes {{ %s }} }} }} }}",
    "Quote": f"{CARTS} {{ quote {{ %s }} }} }} }}",
    "CartProblem": f"{CARTS} {{ problems {{ %s }} }} }} }}",
    "ShippingMethod": f"{CARTS} {{ shippingMethods {{ %s }} }} }} }}",
    "Order": f"{ORDERS} %s }} }}",
    "OrderConnection": "users(first: %d) { nodes { orders(first: 2) { %s } } }",
    "OrderEdge": "orders(first: %d) { edges { %s } }",
    "OrderLine": f"{ORDERS} lines {{ %s }} }} }}",
    "ShippingMethodSnapshot": f"{ORDERS} shippingMethod {{ %s }} }} }}",
    "OrderLifecycleEvent": f"{EVENTS} {{ nodes {{ ... on OrderLifecycleEvent {{ %s }} }} }} }} }}",
    "OrderAvailableAction": f"{ORDERS} availableActions {{ %s }} }} }}",
    "Payment": f"{PAYMENTS} {{ %s }} }} }}",
    "PaymentMethodDetails": f"{PAYMENTS} {{ method {{ %s }} }} }} }}",
    "PaymentFailure": f"{PAYMENTS} {{ failure {{ %s }} }} }} }}",
    "PaymentNextAction": f"{PAYMENTS} {{ nextAction {{ %s }} }} }} }}",
    "SavedPaymentMethod": "users(first: %d) { nodes { paymentMethods { %s } } }",
    "Refund": f"{ORDERS} refunds {{ %s }} }} }}",
    "RefundLine": f"{ORDERS} refunds {{ lines {{ %s }} }} }} }}",
    "OrderPaymentEvent": f"{PAID} {{ nodes {{ ... on OrderPaymentEvent {{ %s }} }} }} }} }}",
    "OrderRefundEvent": f"{PAID_BACK} {{ nodes {{ ... on OrderRefundEvent {{ %s }} }} }} }} }}",
    "Fulfillment": f"{ORDERS} fulfillments {{ %s }} }} }}",
    "FulfillmentLine": f"{ORDERS} fulfillments {{ lines {{ %s }} }} }} }}",
    "Tracking": f"{ORDERS} fulfillments {{ tracking {{ %s }} }} }} }}",
    "OrderFulfillmentEvent": f"{LATEST} {{ nodes {{ ... on OrderFulfillmentEvent {{ %s }} }} }} }} }}",
    "OrderEventConnection": f"{EVENTS} {{ %s }} }} }}",
    "ProviderEvent": "providerEvents(first: %d) { nodes { %s } }",
    "ProviderEventConnection": "providerEvents(first: %d) { %s }",
    "ProviderEventEdge": "providerEvents(first: %d) { edges { %s } }",
    "OrderEventEdge": f"{EVENTS} {{ edges {{ %s }} }} }} }}",
}
WITHOUT_LISTS = {"Query", "Shop", "PageInfo"}
MOST_PER_FIELD = {"Cart": 4, "Order": 4}
"""Statements, of a type's fields: a cart is reckoned up from offers, shipping rates, taxes and codes; what can be done
with an order depends on its lines, fulfilments, payments and refunds. Two elsewhere."""
# of what nobody but its owner sees, the owner asks for many by their ids; there is one user whose sessions one sees
SESSIONS = [global_ids.encode("Session", crowd.session_id(2, index)) for index in range(crowd.MANY)]
PLACED = range(crowd.PEOPLE + 1, crowd_orders.ORDERS + 1)
PLACED_CARTS = [global_ids.encode("Cart", crowd_orders.placed_cart_id(number)) for number in PLACED]
DECLINED = [global_ids.encode("Payment", crowd_payments.payment_id(number, 0)) for number in PLACED]
MYSELF = global_ids.encode("User", crowd.user_id(2))
FOR_THE_OWNER = {
    # those that have ended: for others, the provider is asked
    ("Payment", "clientSecret"): ("nodes(ids: %s) { ... on Payment { %s } }", DECLINED),
    ("Cart", "order"): ("nodes(ids: %s) { ... on Cart { %s } }", PLACED_CARTS),
    ("User", "sessions"): ("nodes(ids: %s) { ... on User { %s } }", [MYSELF] * crowd.MANY),
    **{
        ("Session", name): ("nodes(ids: %s) { ... on Session { %s } }", SESSIONS)
        for name in cast("GraphQLObjectType", SCHEMA.type_map["Session"]).fields
    },
}


def declared() -> Iterator[tuple[str, str, Any]]:
    for name, type_ in SCHEMA.type_map.items():
        if not name.startswith("__") and isinstance(type_, GraphQLObjectType):
            yield from ((name, field, declared) for field, declared in type_.fields.items())


def bare(type_: Any) -> Any:
    inner, _ = without_non_null(type_)
    item = item_type(inner)
    return inner if item is None else bare(item)


def selected(name: str, field: Any) -> str:
    """The field with something selected below it that costs nothing more."""
    inner = bare(field.type)
    if not hasattr(inner, "fields"):
        return name
    return f"{name} {{ nodes {{ id }} }}" if inner.name.endswith("Connection") else f"{name} {{ __typename }}"


def reached(from_: Any, known: set[str]) -> set[str]:
    """The names of all types that `from_` leads to."""
    if from_.name not in known and hasattr(from_, "fields"):
        known.add(from_.name)
        possible = () if isinstance(from_, GraphQLObjectType) else SCHEMA.get_possible_types(from_)
        for inner in (*possible, *(bare(field.type) for field in from_.fields.values())):
            reached(inner, known)
    return known


# why something is not allowed is an error as mutations answer it: what is below it was loaded already
ERRORS = {"UserError"}
READ = reached(SCHEMA.query_type, set(ERRORS)) - ERRORS
FIELDS = [(type_, name, field) for type_, name, field in declared() if type_ in READ - WITHOUT_LISTS]
LOADING = [one for one in FIELDS if isinstance(declaration(definition(one[2])).source, Relation | Function)]
PLAIN = [one for one in FIELDS if isinstance(declaration(definition(one[2])).source, Attribute | Identity)]


def way(type_: str, name: str, parents: int, asked: str) -> tuple[str, Actor]:
    """A document that asks for something of so many parents, and who may ask it."""
    if (type_, name) in FOR_THE_OWNER:
        document, ids = FOR_THE_OWNER[type_, name]
        return "{ " + document % (json.dumps(ids[:parents]), asked) + " }", crowd.BUSY
    return "{ " + WAYS[type_] % (parents, asked) + " }", ADMIN


def named(value: object) -> str | None:
    return value if isinstance(value, str) else ""


async def count(shop: Shop, statements: Statements, document: str, actor: Actor = ADMIN) -> int:
    statements.clear()
    answer = await ask(shop, document, actor=actor)
    assert answer["errors"] == []
    return len(statements)


def test_there_is_a_way_to_every_type_whose_fields_are_counted() -> None:
    owned = {type_ for type_, _ in FOR_THE_OWNER}
    assert {type_ for type_, _, _ in FIELDS} == WAYS.keys() | owned
    assert len(LOADING) > 10


@pytest.mark.parametrize(("type_", "name", "field"), LOADING, ids=named)
async def test_what_is_loaded_takes_as_many_statements_for_fifty_parents_as_for_one(
    crowded: Shop, statements: Statements, type_: str, name: str, field: Any
) -> None:
    asked = selected(name, field)
    bare_way = await count(crowded, statements, *way(type_, name, 50, "__typename"))
    one = await count(crowded, statements, *way(type_, name, 1, asked))
    fifty = await count(crowded, statements, *way(type_, name, 50, asked))
    # one parent may happen to have nothing to load
    assert one <= fifty <= bare_way + MOST_PER_FIELD.get(type_, 2)


@pytest.mark.parametrize(("type_", "name", "field"), LOADING, ids=named)
async def test_what_is_selected_twice_is_loaded_once(
    crowded: Shop, statements: Statements, type_: str, name: str, field: Any
) -> None:
    asked = selected(name, field)
    once = await count(crowded, statements, *way(type_, name, 20, asked))
    twice = await count(crowded, statements, *way(type_, name, 20, f"{asked} again: {asked}"))
    assert once == twice


@pytest.mark.parametrize(("type_", "name", "field"), PLAIN, ids=named)
async def test_what_is_an_attribute_takes_no_statement_of_its_own(
    crowded: Shop, statements: Statements, type_: str, name: str, field: Any
) -> None:
    without = await count(crowded, statements, *way(type_, name, 20, "__typename"))
    assert await count(crowded, statements, *way(type_, name, 20, selected(name, field))) == without


# What mutations answer has one parent, and no lists of parents below it that queries do not reach as well.
DONE = [one for one in declared() if one[0] not in READ and one[0] not in {"Mutation", "Subscription"}]
MUTATIONS = cast("GraphQLObjectType", SCHEMA.mutation_type).fields
PAYLOADS = [(name, field) for name, answer in MUTATIONS.items() for field in bare(answer.type).fields]
WHAT_WENT_WRONG = "userErrors { __typename code message field ... on NotFoundError { id } }"
CART = f'cartId: "{global_ids.encode("Cart", crowd_carts.cart_id(2))}"'
METHOD = global_ids.encode("ShippingMethod", crowd_carts.rate_id(1))
DISCOUNT = global_ids.encode("DiscountCode", crowd_carts.discount_id(1))
TAX = global_ids.encode("TaxRate", crowd_carts.tax_id(1))
TOLD = global_ids.encode("ProviderEvent", provider_events.event_id(1))
RATE = 'rate: "0.05", includedInPrice: true'
ORDER = global_ids.encode("Order", crowd_orders.order_id(1))
SHIPMENT = global_ids.encode("Fulfillment", crowd_orders.SHIPPED)
VARIANT = global_ids.encode("ProductVariant", read_catalogue().products[0].variants[0].id)
# each can be sent again and again: it finds everything as it should be
REPEATABLE = {
    "emailVerificationRequest": ("{}", crowd.BUSY),
    "userAddressUpdate": (
        f'{{ id: "{global_ids.encode("SavedAddress", crowd.address_id(2, 1))}", makeDefault: true }}',
        crowd.BUSY,
    ),
    "userRoleSet": (f'{{ userId: "{MYSELF}", role: CUSTOMER }}', crowd.STAFF),
    "userUpdate": ("{}", crowd.BUSY),
    "cartCreate": ("{}", crowd.BUSY),
    "cartBuyerIdentityUpdate": (f'{{ {CART}, buyerIdentity: {{ phone: "1" }} }}', crowd.BUSY),
    "cartShippingMethodSelect": (f'{{ {CART}, shippingMethodId: "{METHOD}" }}', crowd.BUSY),
    "fulfillmentUpdate": (f'{{ id: "{SHIPMENT}", location: "York" }}', crowd.STAFF),
    "orderAccessTokenRevoke": (f'{{ orderId: "{ORDER}" }}', crowd.STAFF),
    "orderNoteAdd": (f'{{ orderId: "{ORDER}", note: "Once more." }}', crowd.STAFF),
    "inventoryAdjust": (f'{{ variantId: "{VARIANT}", delta: 1, reason: CORRECTION }}', crowd.STAFF),
    "discountCodeUpdate": (f'{{ id: "{DISCOUNT}", active: true }}', crowd.STAFF),
    "providerEventReplay": (f'{{ id: "{TOLD}" }}', crowd.STAFF),
    "taxRateSet": (f'{{ id: "{TAX}", title: "Tax 1", countryCode: "GB", {RATE} }}', crowd.STAFF),
}


EXAMPLES = {"Int": "1", "Decimal": '"1"', "CountryCode": '"GB"', "CurrencyCode": '"USD"'}
"""Of scalars that are no text."""


def example(type_: Any) -> str:
    """Something of an input's type, with nothing in it that could be of use."""
    inner, _ = without_non_null(type_)
    if isinstance(inner, GraphQLInputObjectType):
        needed = [name for name, field in inner.fields.items() if is_required_input_field(field)]
        return "{ " + ", ".join(f"{name}: {example(inner.fields[name].type)}" for name in needed) + " }"
    if isinstance(inner, GraphQLEnumType):
        return next(iter(inner.values))
    item = item_type(inner)
    return f"[{example(item)}]" if item is not None else EXAMPLES.get(inner.name, '"x"')


def asked_of(payload: Any, field: str) -> str:
    return WHAT_WENT_WRONG if field == "userErrors" else selected(field, payload.fields[field])


@pytest.mark.parametrize(("type_", "name", "field"), DONE, ids=named)
def test_what_only_mutations_answer_is_there_when_they_are_done(type_: str, name: str, field: Any) -> None:
    source = declaration(definition(field)).source
    assert isinstance(source, Attribute | Result | Function), f"{type_}.{name} is loaded"
    assert not (isinstance(source, Function) and resolver(definition(field)).is_async)


@pytest.mark.parametrize(("mutation", "field"), PAYLOADS, ids=named)
async def test_to_say_why_nothing_was_done_takes_no_statement(
    crowded: Shop, statements: Statements, mutation: str, field: str
) -> None:
    offered = MUTATIONS[mutation]
    start = f"mutation {{ {mutation}(input: {example(offered.args['input'].type)})"
    without = await count(crowded, statements, f"{start} {{ __typename }} }}", ANONYMOUS)
    asked = asked_of(bare(offered.type), field)
    assert await count(crowded, statements, f"{start} {{ {asked} }} }}", ANONYMOUS) == without


@pytest.mark.parametrize(("mutation", "field"), [one for one in PAYLOADS if one[0] in REPEATABLE], ids=named)
async def test_to_say_what_was_done_takes_no_statement(
    crowded: Shop, statements: Statements, mutation: str, field: str
) -> None:
    sent, actor = REPEATABLE[mutation]
    start = f"mutation {{ {mutation}(input: {sent})"
    answer = await ask(crowded, f"{start} {{ userErrors {{ message }} }} }}", actor=actor)
    assert answer == {"data": {mutation: {"userErrors": []}}, "errors": []}
    without = await count(crowded, statements, f"{start} {{ __typename }} }}", actor)
    asked = asked_of(bare(MUTATIONS[mutation].type), field)
    assert await count(crowded, statements, f"{start} {{ {asked} }} }}", actor) == without


TOGETHER = {
    **dict.fromkeys(["Product", "ProductVariant", "ProductMedia", "Category", "User", "SavedAddress"], 1),
    **dict.fromkeys(["Payment", "SavedPaymentMethod"], 1),
    **dict.fromkeys(["Cart", "OrderLine", "OrderLifecycleEvent", "OrderPaymentEvent", "OrderRefundEvent"], 2),
    "Refund": 2,
    **dict.fromkeys(["DiscountCode", "InventoryAdjustment", "Order", "ProviderEvent"], 1),
    **dict.fromkeys(["Fulfillment", "OrderFulfillmentEvent"], 2),
}
"""Statements, of which the second finds a cart's lines, or whose the orders are that such things belong to."""


@pytest.mark.parametrize("kind", TOGETHER)
async def test_nodes_are_read_together(crowded: Shop, statements: Statements, kind: str) -> None:
    answer = await ask(crowded, "{ " + WAYS[kind] % (50, "id") + " }", actor=ADMIN)
    ids = sorted(_ids(answer["data"]))[:50]
    assert len(ids) == 50
    statements.clear()
    found = await ask(crowded, "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }", {"ids": ids}, ADMIN)
    assert found["data"]["nodes"] == [{"id": one, "__typename": kind} for one in ids]
    assert len(statements) == TOGETHER[kind]


def _ids(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value}
    inside = cast("dict[str, Any]", value).values() if isinstance(value, dict) else cast("list[Any]", value)
    return set[str]().union(*(_ids(one) for one in inside))


@pytest.mark.parametrize("connection", ["products", "categories", "users", "discountCodes", "orders", "providerEvents"])
async def test_nothing_is_counted_unless_somebody_asks(crowded: Shop, statements: Statements, connection: str) -> None:
    for asked, counted in (("nodes { id }", False), ("totalCount", True), ("totalCount @skip(if: true)", False)):
        statements.clear()
        await ask(crowded, f"{{ {connection}(first: 1) {{ pageInfo {{ hasNextPage }} {asked} }} }}", actor=ADMIN)
        assert any("count(*)" in sql for sql in statements.seen) is counted


async def test_a_deep_page_takes_a_statement_for_each_relation(shop: Shop, statements: Statements) -> None:
    document = """{ products(first: 20) { totalCount nodes { category { parent { slug } ancestors { slug } }
      options { name } media { url } variants { selectedOptions { value } product { name } } } } }"""
    # page, count, categories, parents, ancestors, options, media, variants, selected options, products
    assert await count(shop, statements, document) == 10
