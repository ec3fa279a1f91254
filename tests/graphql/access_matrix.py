"""What the matrix of access goes over: by which ways each viewer tries to see what."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLObjectType, is_leaf_type

from schema import root
from server.graphql.core import core_schema, item_type, without_non_null
from tests.graphql import access_paying
from tests.graphql.access_rules import RULES, Rule
from tests.graphql.access_ways import Path, Step, Way, by_cart, by_node, by_order, of_user
from tests.graphql.access_world import Viewer

SCHEMA = core_schema(root.build())

_HAPPENED = "events(last: 1) { nodes { ... on OrderLifecycleEvent { %s } } }"
_SHIPPED = "events(last: 2) { nodes { ... on OrderFulfillmentEvent { %s } } }"
_SETTINGS = [Step((name,), Rule.ADMIN) for name in ("discountCodes", "shippingRates", "taxRates")]
_TOLD = [Step(("providerEvents",), Rule.ADMIN)]
_STOCK = Step(("inventory",), Rule.ADMIN)
_BY_SKU = "query($sku: String!) { productVariant(sku: $sku) { %s } }"
_IN_PRODUCT = "query($slug: String!, $sku: String!) { product(slug: $slug) { variant(sku: $sku) { %s } } }"

WAYS: Mapping[str, Sequence[Way]] = {
    "Query": [Way("query", "query($user: ID!) { node(id: $user) { __typename } %s }", ())],
    "User": [*of_user("%s", ()), *by_node("User", "user")],
    "SavedAddress": [
        *of_user("addresses { %s }", ("addresses", 0)),
        *of_user("defaultAddress { %s }", ("defaultAddress",)),
        *by_node("SavedAddress", "address"),
        Way(
            "result of userAddressUpdate",
            "mutation($address: ID!) { userAddressUpdate(input: {id: $address}) { address { %s } } }",
            ("userAddressUpdate", "address"),
            [Step(("userAddressUpdate", "address"), Rule.OWNER_ALONE, hides=True)],
        ),
        Way(
            "user in the result of userAddressUpdate",
            "mutation($address: ID!) { userAddressUpdate(input: {id: $address}) { user { addresses { %s } } } }",
            ("userAddressUpdate", "user", "addresses", 0),
            [Step(("userAddressUpdate", "user"), Rule.OWNER_ALONE, hides=True)],
        ),
    ],
    "Session": [
        *of_user("sessions { %s }", ("sessions", 0), Step(("sessions",), Rule.OWNER_ALONE)),
        *by_node("Session", "session"),
    ],
    "ProductVariant": [
        Way("productVariant", _BY_SKU, ("productVariant",)),
        Way("product", _IN_PRODUCT, ("product", "variant")),
        *by_node("ProductVariant", "variant"),
    ],
    "Inventory": [
        Way(
            "productVariant",
            _BY_SKU % "inventory { %s }",
            ("productVariant", "inventory"),
            [Step(("productVariant", "inventory"), Rule.ADMIN)],
        ),
        Way(
            "product",
            _IN_PRODUCT % "inventory { %s }",
            ("product", "variant", "inventory"),
            [Step(("product", "variant", "inventory"), Rule.ADMIN)],
        ),
        *by_node("ProductVariant", "variant", "inventory { %s }", ("inventory",), [_STOCK]),
    ],
    "InventoryAdjustment": [
        Way(
            "nodes of productVariant",
            _BY_SKU % "inventory { adjustments(first: 1) { nodes { %s } } }",
            ("productVariant", "inventory", "adjustments", "nodes", 0),
            [Step(("productVariant", "inventory"), Rule.ADMIN)],
        ),
        Way(
            "edges of productVariant",
            _BY_SKU % "inventory { adjustments(first: 1) { edges { node { %s } } } }",
            ("productVariant", "inventory", "adjustments", "edges", 0, "node"),
            [Step(("productVariant", "inventory"), Rule.ADMIN)],
        ),
        *by_node("InventoryAdjustment", "adjustment"),
    ],
    "Cart": [
        *of_user("cart { %s }", ("cart",)),
        *by_node("Cart", "cart"),
        *by_cart("%s", ()),
    ],
    "CartLine": [
        *of_user("cart { lines { %s } }", ("cart", "lines", 0)),
        *by_node("CartLine", "line"),
        *by_node("Cart", "cart", "lines { %s }", ("lines", 0)),
        *by_cart("lines { %s }", ("lines", 0)),
        *by_cart("problems { line { %s } }", ("problems", 0, "line")),
    ],
    "Order": [
        *by_order("%s", ()),
        Way(
            "productVariant",
            _BY_SKU % "inventory { adjustments(first: 1) { nodes { order { %s } } } }",
            ("productVariant", "inventory", "adjustments", "nodes", 0, "order"),
            [Step(("productVariant", "inventory"), Rule.ADMIN)],
        ),
        *by_node("OrderLifecycleEvent", "event", "order { %s }", ("order",)),
        *access_paying.TO_ORDERS,
        *by_node("OrderFulfillmentEvent", "shipped", "order { %s }", ("order",)),
        *by_node("Fulfillment", "shipment", "order { %s }", ("order",)),
    ],
    "OrderLine": [
        *by_order("lines { %s }", ("lines", 0)),
        *by_node("OrderLine", "bought"),
        *by_node("Fulfillment", "shipment", "lines { orderLine { %s } }", ("lines", 0, "orderLine")),
        *access_paying.TO_LINES,
    ],
    "Fulfillment": [
        *by_order("fulfillments { %s }", ("fulfillments", 0)),
        *by_node("Fulfillment", "shipment"),
        *by_node("OrderFulfillmentEvent", "shipped", "fulfillment { %s }", ("fulfillment",)),
    ],
    "OrderFulfillmentEvent": [
        *by_order(_SHIPPED, ("events", "nodes", 0)),
        *by_node("OrderFulfillmentEvent", "shipped"),
    ],
    "OrderLifecycleEvent": [
        *by_order(_HAPPENED, ("events", "nodes", 0)),
        *by_node("OrderLifecycleEvent", "event"),
    ],
    "DiscountCode": [
        Way("nodes", "{ discountCodes(last: 3) { nodes { %s } } }", ("discountCodes", "nodes", 0), _SETTINGS[:1]),
        Way(
            "edges",
            "{ discountCodes(last: 3) { edges { node { %s } } } }",
            ("discountCodes", "edges", 0, "node"),
            _SETTINGS[:1],
        ),
        *by_node("DiscountCode", "code"),
        Way(
            "result of discountCodeUpdate",
            "mutation($code: ID!) { discountCodeUpdate(input: {id: $code}) { discountCode { %s } } }",
            ("discountCodeUpdate", "discountCode"),
            [Step(("discountCodeUpdate", "discountCode"), Rule.ADMIN, hides=True)],
        ),
    ],
    "ShippingRate": [
        Way("shippingRates", "{ shippingRates { %s } }", ("shippingRates", 0), _SETTINGS[1:2]),
        *by_node("ShippingRate", "rate"),
    ],
    "TaxRate": [Way("taxRates", "{ taxRates { %s } }", ("taxRates", 0), _SETTINGS[2:]), *by_node("TaxRate", "tax")],
    **access_paying.WAYS,
    "ProviderEvent": [
        Way("nodes", "{ providerEvents(first: 1) { nodes { %s } } }", ("providerEvents", "nodes", 0), _TOLD),
        Way(
            "edges",
            "{ providerEvents(first: 1) { edges { node { %s } } } }",
            ("providerEvents", "edges", 0, "node"),
            _TOLD,
        ),
        *by_node("ProviderEvent", "told"),
    ],
}
OTHER_WAYS = {
    ("Cart", "order"): [
        Way(
            "cart",
            "query($placed: ID!) { cart(id: $placed) { %s } }",
            ("cart",),
            [Step(("cart",), Rule.OWNER, hides=True)],
        ),
        *by_node("Cart", "placed"),
    ],
    ("Payment", "clientSecret"): access_paying.TO_SECRETS,
}
"""Ways to what an open cart, or a payment that is captured, does not have."""


def ways(type_: str, field: str) -> Sequence[Way]:
    return OTHER_WAYS.get((type_, field), WAYS[type_])


CELLS = [
    (type_, field, way)
    for type_, rules in RULES.items()
    if type_ not in {"Mutation", "Subscription"}
    for field in rules
    for way in ways(type_, field)
]
ROWS = [
    (type_, way, [field for field in rules if way in ways(type_, field)])
    for type_, rules in RULES.items()
    if type_ not in {"Mutation", "Subscription"}
    for way in [*WAYS[type_], *(one for (of, _), other in OTHER_WAYS.items() if of == type_ for one in other)]
]
"""The same by ways, with all the fields to which each leads."""
_ARGUMENTS = {"user": "(id: $user)", "users": "(first: 1)", "orders": "(last: 1)", "discountCodes": "(last: 1)"}
_ARGUMENTS["providerEvents"] = "(first: 1)"
_STEADY = {("Cart", "quote"): "quote { total { amount } }"}
"""Without what each reading gives differently."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What somebody gets: the field, or nothing below `missing`; with `code`, an error there that says why."""

    missing: Path | None = None
    code: str | None = None

    @property
    def is_shown(self) -> bool:
        return self.missing is None


def expected(type_: str, field: str, way: Way, viewer: Viewer) -> Outcome:
    steps = [*way.steps, Step((*way.path, field), RULES[type_][field])]
    for step in steps:
        # of what is one's own, one is the owner
        as_owner = way.own and viewer is not Viewer.ANONYMOUS and Viewer.OWNER in step.rule.viewers
        if not as_owner and viewer not in step.rule.viewers:
            code = "UNAUTHENTICATED" if viewer is Viewer.ANONYMOUS else "FORBIDDEN"
            return Outcome(step.path, None if step.hides else code)
    return Outcome()


def bare(type_: Any) -> Any:
    inner, _ = without_non_null(type_)
    item = item_type(inner)
    return inner if item is None else bare(item)


def leaves(type_: Any) -> Iterator[str]:
    """The fields of an object type that need neither arguments nor a selection, and are for whoever gets to it."""
    rules = RULES.get(type_.name, {})
    narrower = {name for name, rule in rules.items() if Rule.EVERYBODY in rules.values() and rule is not Rule.EVERYBODY}
    return (name for name, field in type_.fields.items() if name not in narrower and is_leaf_type(bare(field.type)))


def selected(type_: str, field: str) -> str:
    """The field, with everything of what it shows that is no object."""
    if (type_, field) in _STEADY:
        return _STEADY[type_, field]
    object_type = SCHEMA.type_map[type_]
    assert isinstance(object_type, GraphQLObjectType)
    inner = bare(object_type.fields[field].type)
    call = field + (_ARGUMENTS.get(field, "") if type_ == "Query" else "")
    if is_leaf_type(inner):
        return call
    if inner.name.endswith("Connection"):
        return f"{call} {{ nodes {{ {' '.join(leaves(bare(inner.fields['nodes'].type)))} }} }}"
    return f"{call} {{ {' '.join(leaves(inner))} }}"


def found(data: Any, path: Path) -> Any:
    """What stands there; None as soon as there is nothing on the way."""
    for step in path:
        data = data[step] if data else None
    return data
