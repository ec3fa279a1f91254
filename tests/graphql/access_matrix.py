"""What the matrix of access goes over: by which ways each viewer tries to see what.

A rule here is the set of viewers whom it lets pass. A way leads from a document to a thing of the owner's, step by
step; a step that does not let somebody pass either hides what is behind it, or refuses it with an error.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLObjectType, is_leaf_type

from schema import root
from server.graphql.core import core_schema, item_type, without_non_null
from tests.graphql.access_rules import BY_ID, RULES, Rule
from tests.graphql.access_world import Viewer

SCHEMA = core_schema(root.build())
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """At `path` the rule is asked. Where it `hides`, there is nothing for others, and no error that tells of it."""

    path: Path
    rule: Rule
    hides: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """`document` has a place for what is selected of the thing at `path`; `own`: each viewer finds their own there."""

    name: str
    document: str
    path: Path
    steps: Sequence[Step] = ()
    own: bool = False


def _by_node(type_: str, variable: str, inside: str = "%s", path: Path = (), steps: Sequence[Step] = ()) -> list[Way]:
    known = [(BY_ID[type_], True)] if type_ in BY_ID else []
    spread = f"... on {type_} {{ {inside} }}"
    ways: list[Way] = []
    for name, call, place in (
        ("node", f"node(id: ${variable})", ("node",)),
        ("nodes", f"nodes(ids: [${variable}])", ("nodes", 0)),
    ):
        there = [Step(place, rule, hides) for rule, hides in known]
        below = [Step((*place, *step.path), step.rule, step.hides) for step in steps]
        document = f"query(${variable}: ID!) {{ {call} {{ {spread} }} }}"
        ways.append(Way(name, document, (*place, *path), [*there, *below]))
    return ways


def _of_user(inside: str, path: Path, *refusals: Step) -> list[Way]:
    """Every way to the owner as a user, and from there on through `inside` to what is at `path` of the user."""

    def way(name: str, document: str, place: Path, *first: Step, own: bool = False) -> Way:
        later = [Step((*place, *step.path), step.rule, step.hides) for step in refusals]
        called = ", ".join([name, *(str(part) for part in path[:1])])
        return Way(called, document.replace("USER", inside), (*place, *path), [*first, *later], own=own)

    signed_in = Step(("me",), Rule.SIGNED_IN, hides=True)
    listed = "query($email: String!) { users(search: $email, first: 1) "
    role = "mutation($user: ID!) { userRoleSet(input: {userId: $user, role: CUSTOMER}) { user { USER } } }"
    return [
        way("me", "{ me { USER } }", ("me",), signed_in, own=True),
        way("user", "query($user: ID!) { user(id: $user) { USER } }", ("user",), Step(("user",), Rule.ADMIN)),
        way("users, nodes", listed + "{ nodes { USER } } }", ("users", "nodes", 0), Step(("users",), Rule.ADMIN)),
        way(
            "users, edges",
            listed + "{ edges { node { USER } } } }",
            ("users", "edges", 0, "node"),
            Step(("users",), Rule.ADMIN),
        ),
        way(
            "result of userUpdate",
            "mutation { userUpdate(input: {}) { user { USER } } }",
            ("userUpdate", "user"),
            Step(("userUpdate", "user"), Rule.SIGNED_IN, hides=True),
            own=True,
        ),
        way(
            "result of userRoleSet",
            role,
            ("userRoleSet", "user"),
            Step(("userRoleSet", "user"), Rule.ADMIN, hides=True),
        ),
    ]


def _by_cart(inside: str, path: Path) -> list[Way]:
    """From the cart's id to the owner's cart, and from there on through `inside`."""
    call = "cartBuyerIdentityUpdate(input: {cartId: $cart, buyerIdentity: {}, expectedVersion: 0})"
    place = ("cartBuyerIdentityUpdate", "userErrors", 0, "cart")
    conflict = f"{call} {{ userErrors {{ ... on CartVersionConflictError {{ cart {{ {inside} }} }} }} }}"
    called = ", ".join(str(part) for part in path[:1])
    return [
        Way(
            f"cart {called}",
            f"query($cart: ID!) {{ cart(id: $cart) {{ {inside} }} }}",
            ("cart", *path),
            [Step(("cart",), Rule.OWNER, hides=True)],
        ),
        Way(
            f"conflict in cartBuyerIdentityUpdate {called}",
            f"mutation($cart: ID!) {{ {conflict} }}",
            (*place, *path),
            [Step(place, Rule.OWNER_ALONE, hides=True)],
        ),
    ]


def _by_order(inside: str, path: Path) -> list[Way]:
    """From the order's id or number, and from lists of orders, to the owner's order, and on through `inside`."""
    called = ", ".join(str(part) for part in path[:1])
    shown, listed = [Step(("order",), Rule.OWNER, hides=True)], [Step(("orders",), Rule.ADMIN)]
    wanted = "query($number: String!) { orders(filter: {number: $number}) "
    of_user = [
        *_of_user(f"orders(last: 1) {{ nodes {{ {inside} }} }}", ("orders", "nodes", 0, *path)),
        *_of_user(f"orders(last: 1) {{ edges {{ node {{ {inside} }} }} }}", ("orders", "edges", 0, "node", *path)),
    ]
    return [
        *of_user,
        Way(f"order {called}", f"query($order: ID!) {{ order(id: $order) {{ {inside} }} }}", ("order", *path), shown),
        Way(
            f"order by number {called}",
            f"query($number: String!) {{ order(number: $number) {{ {inside} }} }}",
            ("order", *path),
            shown,
        ),
        Way(
            f"orders, nodes {called}", f"{wanted} {{ nodes {{ {inside} }} }} }}", ("orders", "nodes", 0, *path), listed
        ),
        Way(
            f"orders, edges {called}",
            f"{wanted} {{ edges {{ node {{ {inside} }} }} }} }}",
            ("orders", "edges", 0, "node", *path),
            listed,
        ),
        *_by_node("Order", "order", inside, path),
    ]


_HAPPENED = "events(last: 1) { nodes { ... on OrderLifecycleEvent { %s } } }"
_SHIPPED = "events(last: 2) { nodes { ... on OrderFulfillmentEvent { %s } } }"
_SETTINGS = [Step((name,), Rule.ADMIN) for name in ("discountCodes", "shippingRates", "taxRates")]
_TOLD = [Step(("providerEvents",), Rule.ADMIN)]
_STOCK = Step(("inventory",), Rule.ADMIN)
_BY_SKU = "query($sku: String!) { productVariant(sku: $sku) { %s } }"
_IN_PRODUCT = "query($slug: String!, $sku: String!) { product(slug: $slug) { variant(sku: $sku) { %s } } }"

WAYS: Mapping[str, Sequence[Way]] = {
    "Query": [Way("query", "query($user: ID!) { node(id: $user) { __typename } %s }", ())],
    "User": [*_of_user("%s", ()), *_by_node("User", "user")],
    "SavedAddress": [
        *_of_user("addresses { %s }", ("addresses", 0)),
        *_of_user("defaultAddress { %s }", ("defaultAddress",)),
        *_by_node("SavedAddress", "address"),
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
        *_of_user("sessions { %s }", ("sessions", 0), Step(("sessions",), Rule.OWNER_ALONE)),
        *_by_node("Session", "session"),
    ],
    "ProductVariant": [
        Way("productVariant", _BY_SKU, ("productVariant",)),
        Way("product", _IN_PRODUCT, ("product", "variant")),
        *_by_node("ProductVariant", "variant"),
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
        *_by_node("ProductVariant", "variant", "inventory { %s }", ("inventory",), [_STOCK]),
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
        *_by_node("InventoryAdjustment", "adjustment"),
    ],
    "Cart": [
        *_of_user("cart { %s }", ("cart",)),
        *_by_node("Cart", "cart"),
        *_by_cart("%s", ()),
    ],
    "CartLine": [
        *_of_user("cart { lines { %s } }", ("cart", "lines", 0)),
        *_by_node("CartLine", "line"),
        *_by_node("Cart", "cart", "lines { %s }", ("lines", 0)),
        *_by_cart("lines { %s }", ("lines", 0)),
        *_by_cart("problems { line { %s } }", ("problems", 0, "line")),
    ],
    "Order": [
        *_by_order("%s", ()),
        Way(
            "productVariant",
            _BY_SKU % "inventory { adjustments(first: 1) { nodes { order { %s } } } }",
            ("productVariant", "inventory", "adjustments", "nodes", 0, "order"),
            [Step(("productVariant", "inventory"), Rule.ADMIN)],
        ),
        *_by_node("OrderLifecycleEvent", "event", "order { %s }", ("order",)),
        *_by_node("OrderFulfillmentEvent", "shipped", "order { %s }", ("order",)),
        *_by_node("Fulfillment", "shipment", "order { %s }", ("order",)),
    ],
    "OrderLine": [
        *_by_order("lines { %s }", ("lines", 0)),
        *_by_node("OrderLine", "bought"),
        *_by_node("Fulfillment", "shipment", "lines { orderLine { %s } }", ("lines", 0, "orderLine")),
    ],
    "Fulfillment": [
        *_by_order("fulfillments { %s }", ("fulfillments", 0)),
        *_by_node("Fulfillment", "shipment"),
        *_by_node("OrderFulfillmentEvent", "shipped", "fulfillment { %s }", ("fulfillment",)),
    ],
    "OrderFulfillmentEvent": [
        *_by_order(_SHIPPED, ("events", "nodes", 0)),
        *_by_node("OrderFulfillmentEvent", "shipped"),
    ],
    "OrderLifecycleEvent": [
        *_by_order(_HAPPENED, ("events", "nodes", 0)),
        *_by_node("OrderLifecycleEvent", "event"),
    ],
    "DiscountCode": [
        Way("nodes", "{ discountCodes(last: 1) { nodes { %s } } }", ("discountCodes", "nodes", 0), _SETTINGS[:1]),
        Way(
            "edges",
            "{ discountCodes(last: 1) { edges { node { %s } } } }",
            ("discountCodes", "edges", 0, "node"),
            _SETTINGS[:1],
        ),
        *_by_node("DiscountCode", "code"),
        Way(
            "result of discountCodeUpdate",
            "mutation($code: ID!) { discountCodeUpdate(input: {id: $code}) { discountCode { %s } } }",
            ("discountCodeUpdate", "discountCode"),
            [Step(("discountCodeUpdate", "discountCode"), Rule.ADMIN, hides=True)],
        ),
    ],
    "ShippingRate": [
        Way("shippingRates", "{ shippingRates { %s } }", ("shippingRates", 0), _SETTINGS[1:2]),
        *_by_node("ShippingRate", "rate"),
    ],
    "TaxRate": [Way("taxRates", "{ taxRates { %s } }", ("taxRates", 0), _SETTINGS[2:]), *_by_node("TaxRate", "tax")],
    "ProviderEvent": [
        Way("nodes", "{ providerEvents(first: 1) { nodes { %s } } }", ("providerEvents", "nodes", 0), _TOLD),
        Way(
            "edges",
            "{ providerEvents(first: 1) { edges { node { %s } } } }",
            ("providerEvents", "edges", 0, "node"),
            _TOLD,
        ),
        *_by_node("ProviderEvent", "told"),
    ],
}
OF_PLACED_CARTS = {
    ("Cart", "order"): [
        Way(
            "cart",
            "query($placed: ID!) { cart(id: $placed) { %s } }",
            ("cart",),
            [Step(("cart",), Rule.OWNER, hides=True)],
        ),
        *_by_node("Cart", "placed"),
    ]
}
"""Ways to what an open cart does not have."""


def ways(type_: str, field: str) -> Sequence[Way]:
    return OF_PLACED_CARTS.get((type_, field), WAYS[type_])


CELLS = [
    (type_, field, way)
    for type_, rules in RULES.items()
    if type_ not in {"Mutation", "Subscription"}
    for field in rules
    for way in ways(type_, field)
]
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
        passes = viewer if not way.own or viewer is Viewer.ANONYMOUS else Viewer.OWNER
        if passes not in step.rule.viewers:
            code = "UNAUTHENTICATED" if viewer is Viewer.ANONYMOUS else "FORBIDDEN"
            return Outcome(step.path, None if step.hides else code)
    return Outcome()


def bare(type_: Any) -> Any:
    inner, _ = without_non_null(type_)
    item = item_type(inner)
    return inner if item is None else bare(item)


def leaves(type_: Any) -> Iterator[str]:
    """The fields of an object type that need neither arguments nor a selection."""
    return (name for name, field in type_.fields.items() if is_leaf_type(bare(field.type)))


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
