"""Random documents that are valid for a schema, with everything that a client can write."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast
from uuid import UUID

from graphql import GraphQLNonNull, GraphQLSchema
from hypothesis import strategies as st

from domain.products.listing import NEWEST_FIRST, ProductSortField, product_order
from domain.shared.paging import Position, encode
from resolvers import global_ids
from server.demo.reading import read_catalogue
from server.graphql.core import item_type, without_non_null
from tests.graphql import crowd, crowd_carts, crowd_orders, crowd_payments, provider_events

DEEPEST = 6
MOST_FIELDS = 45
NEWEST = encode(NEWEST_FIRST, Position(datetime(2026, 3, 1, tzinfo=UTC), UUID(int=1)))
BY_NAME = encode(product_order(ProductSortField.NAME, descending=False), Position("m", UUID(int=1)))
CHANGING = {"Quote": {"id", "expiresAt"}, "Payment": {"clientSecret"}}
"""What two readings give differently: a quote is made anew, and holds from then on; a secret is the provider's."""
INTROSPECTION = (
    "__schema { queryType { name } }",
    '__type(name: "Money") { name fields { name args { name defaultValue } } }',
    '__type(name: "Nothing") { name }',
)


@dataclass(frozen=True, slots=True)
class Written:
    """A document with the values of its variables."""

    text: str
    variables: Mapping[str, Any]


@cache
def pools() -> Mapping[str, Sequence[Any]]:
    """Values for arguments, by the argument's name, after the field's where they fit no other: most can be used."""
    catalogue = read_catalogue()
    drafts = [one for one in catalogue.products if one.status.value == "draft"]
    shown = [one for one in catalogue.products if one.status.value == "active"][:4]
    shelves = catalogue.categories[:4]
    products = [global_ids.encode("Product", one.id) for one in (*shown, drafts[0])]
    variants = [global_ids.encode("ProductVariant", one.variants[-1].id) for one in (*shown[:2], drafts[0])]
    categories = [global_ids.encode("Category", one.id) for one in shelves]
    media = [global_ids.encode("ProductMedia", one.media[0].id) for one in (shown[0], drafts[0])]
    goods = [*products, *variants, *categories, *media, "", "no id", global_ids.encode("Money", UUID(int=5))]
    people = _people()
    return {
        "id": [*goods, *people, *people, *_carts(), *_orders(), *_settings(), *_money()],
        "payment.id": [*_money(), people[1], "no id"],
        "user.id": [*people[:5], people[5], "no id"],
        "cart.id": [*_carts(), *_carts(), people[1], "no id"],
        "ids": [
            *(goods[:3], [*variants, *products], [*categories, "no id", *categories], media, []),
            *(people, people[:4], [*people[4:], *products], _carts(), _orders(), _settings(), _money()),
        ],
        "search": ["person", "PERSON2 shop", "Last3", "%", "", " ", "nobody", "a" * 101, None],
        "role": ["CUSTOMER", "ADMIN", None],
        "slug": [*(one.slug for one in (*shown, drafts[0])), *(one.slug for one in shelves), "", "nothing"],
        "sku": [one.variants[0].sku for one in (*shown, drafts[0])] + ["", "NOTHING"],
        "first": [1, 1, 2, 2, 3, 3, 4, 0, 101, None],
        "last": [1, 2, 3, -1, None],
        "after": [NEWEST, BY_NAME, "broken", "", None],
        "before": [NEWEST, BY_NAME, "broken", None],
        "rootsOnly": [True, False, None],
        "locale": ["de", "en-US", "fr-CH", "xx", "", None],
        "selectedOptions": [
            [{"name": "Size", "value": "M"}],
            [{"name": "Size", "value": "M"}, {"name": "Colour", "value": "Navy"}],
            [{"name": "Size", "value": "none"}],
            [],
            None,
        ],
        "filter": _filters(products, categories),
        **_of_orders(),
        "providerEvents.status": [["RECEIVED"], ["FAILED", "IGNORED"], [], None],
    }


def _of_orders() -> Mapping[str, Sequence[Any]]:
    return {
        "orders.filter": [
            {"status": ["PENDING"]},
            {"placedAfter": "2026-01-01T00:00:00Z"},
            {"email": "A@B.C"},
            {},
            None,
        ],
        "orders.sortBy": [
            *(
                {"field": name, "direction": direction}
                for name in ("PLACED_AT", "TOTAL")
                for direction in ("ASC", "DESC")
            ),
            {"field": "NUMBER"},
            None,
        ],
        "events.after": ["broken", "", None],
        "events.before": ["broken", None],
        "number": ["7KQ2-M0XD-94RT", "", "nothing"],
        "accessToken": ["broken", "", "nothing"],
    }


def _filters(products: Sequence[str], categories: Sequence[str]) -> list[Mapping[str, Any] | None]:
    return [
        {"inStock": True},
        {"inStock": False},
        {"onSale": True},
        {"price": {"min": "20.50", "max": 60}},
        {"price": {"min": 60, "max": 20}},
        {"price": {}},
        {"options": [{"name": "Size", "values": ["S", "M"]}]},
        {"categoryId": categories[1], "onSale": False},
        {"categoryId": "nothing"},
        {"ids": products},
        {"ids": []},
        {"createdAfter": "2026-01-01T00:00:00Z"},
        None,
    ]


def _people() -> list[str]:
    """An administrator, the busy customer and two others, with addresses and sessions of some; and nobody's."""
    return [
        *(global_ids.encode("User", crowd.user_id(number)) for number in (1, 2, 3, 21, 999)),
        *(global_ids.encode("SavedAddress", crowd.address_id(number, 1)) for number in (1, 2, 3, 999)),
        *(global_ids.encode("Session", crowd.session_id(number, 0)) for number in (1, 2, 3, 999)),
    ]


def _carts() -> list[str]:
    """An administrator's, the busy customer's, another one's, two strangers', and nobody's; and lines of some."""
    return [
        *(global_ids.encode("Cart", crowd_carts.cart_id(number)) for number in (1, 2, 3, 61, 62, 999)),
        *(global_ids.encode("CartLine", crowd_carts.line_id(number, 0)) for number in (2, 3, 61)),
    ]


def _money() -> list[str]:
    """Payments and refunds of an administrator's, the busy customer's and others' orders, and what they keep."""
    return [
        *(global_ids.encode("Payment", crowd_payments.payment_id(number, 1)) for number in (1, 2, 3, 4, 62, 999)),
        *(global_ids.encode("Refund", crowd_payments.refund_id(number, 0)) for number in (2, 62, 66, 999)),
        *(global_ids.encode("SavedPaymentMethod", crowd_payments.method_id(number)) for number in (1, 2, 3)),
    ]


def _orders() -> list[str]:
    """The busy customer's, one that was sent in part, another one's, and nobody's; and what belongs to some."""
    return [
        *(global_ids.encode("Order", crowd_orders.order_id(number)) for number in (1, 2, 3, 999)),
        *(global_ids.encode("OrderLine", crowd_orders.line_id(number, 0)) for number in (1, 2, 999)),
        *(global_ids.encode("Fulfillment", crowd_orders.fulfillment_id(number, 0)) for number in (1, 5, 999)),
        *(global_ids.encode("OrderLifecycleEvent", crowd_orders.event_id(number, 1)) for number in (1, 2)),
        global_ids.encode("Fulfillment", crowd_orders.SHIPPED),
    ]


def _settings() -> list[str]:
    return [
        global_ids.encode("DiscountCode", crowd_carts.discount_id(1)),
        global_ids.encode("ShippingRate", crowd_carts.rate_id(1)),
        global_ids.encode("ShippingMethod", crowd_carts.rate_id(2)),
        global_ids.encode("TaxRate", crowd_carts.tax_id(1)),
        global_ids.encode("ProviderEvent", provider_events.event_id(1)),
    ]


# enum values are words in a document and strings in variables, so these are written out both ways
SORTS = [
    {"field": name, **({} if direction is None else {"direction": direction})}
    for name in ("NAME", "PRICE", "CREATED_AT", "PUBLISHED_AT", "BEST_SELLING", "RATING", "RELEVANCE")
    for direction in (None, "ASC", "DESC")
]
STATUSES = [["ACTIVE"], ["DRAFT"], ["DRAFT", "ARCHIVED"], []]
ENUM_FIELDS = {"field", "direction", "status", "role"}


def literal(value: Any, name: str = "") -> str:
    """A JSON value as GraphQL writes it."""
    if isinstance(value, Mapping):
        given = cast("Mapping[str, Any]", value)
        return "{" + ", ".join(f"{key}: {literal(inner, key)}" for key, inner in given.items()) + "}"
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return "[" + ", ".join(literal(item, name) for item in items) + "]"
    return value if name in ENUM_FIELDS and value is not None else json.dumps(value)


@dataclass
class Writer:
    """Writes one document, remembering what it must declare."""

    schema: GraphQLSchema
    draw: Callable[[st.SearchStrategy[Any]], Any]
    variables: dict[str, Any] = field(default_factory=dict[str, Any])
    declared: list[str] = field(default_factory=list[str])
    fragments: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    keys: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    fields: int = 0

    def document(self) -> Written:
        root = self.schema.query_type
        inside = self.selections(root, DEEPEST)
        if self.chance(10):
            inside = inside[:-1] + self.one_of(INTROSPECTION) + " }"
        name = self.one_of(["", " Named"]) if not self.declared else " Named"
        head = f"query{name}({', '.join(self.declared)})" if self.declared else f"query{name}"
        fragments = (f"fragment {called} on {on} {text}" for called, (on, text) in self.fragments.items())
        return Written("\n".join([f"{head} {inside}", *fragments]), self.variables)

    def chance(self, percent: int) -> bool:
        return self.draw(st.integers(1, 100)) <= percent

    def one_of(self, choices: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(choices))

    def selections(self, type_: Any, deep: int) -> str:
        parts = [self.selection(type_, deep) for _ in range(self.draw(st.integers(1, 4)))]
        return "{ " + " ".join(parts) + " }"

    def selection(self, type_: Any, deep: int) -> str:
        kind = self.draw(st.integers(1, 20))
        if kind == 1:
            return "__typename" + self.directive()
        if kind == 2:
            return f"...{self.directive()} {self.selections(type_, deep)}"
        if kind == 3:
            return f"... on {type_.name}{self.directive()} {self.selections(type_, deep)}"
        if kind == 4:
            return f"...{self.fragment(type_, deep)}{self.directive()}"
        if type_.name == "Node" and kind > 6:
            chosen = self.one_of(self.schema.get_possible_types(type_))
            return f"... on {chosen.name}{self.directive()} {self.selections(chosen, deep)}"
        return self.field(type_, deep)

    def fragment(self, type_: Any, deep: int) -> str:
        known = [name for name, (on, _) in self.fragments.items() if on == type_.name]
        if known and self.chance(50):
            return self.one_of(known)
        text = self.selections(type_, deep)  # before it has a name, so that it cannot contain itself
        name = f"F{len(self.fragments)}"
        self.fragments[name] = (type_.name, text)
        return name

    def field(self, type_: Any, deep: int) -> str:
        changing = CHANGING.get(type_.name, ())
        fields: Mapping[str, Any] = {name: one for name, one in type_.fields.items() if name not in changing}
        nested = [name for name, one in fields.items() if _inside(one.type) is not None]
        plain = [name for name in fields if name not in nested]
        self.fields += 1
        enough = deep == 0 or self.fields > MOST_FIELDS
        name = self.one_of(plain if plain and (enough or not nested or self.chance(45)) else nested)
        arguments = self.arguments(name, fields[name].args)
        inner = _inside(fields[name].type)
        inside = "" if inner is None else " { __typename }" if enough else " " + self.selections(inner, deep - 1)
        return f"{self.key(name, arguments)}{arguments}{self.directive()}{inside}"

    def key(self, name: str, arguments: str) -> str:
        """An alias where one is needed to tell a field from the same one with other arguments, or for fun."""
        if not arguments:
            return self.one_of(["", "", "", f"also_{name}: "]) + name
        number = len(self.keys)
        return f"{self.keys.setdefault((name, arguments), f'{name}_{number}')}: {name}"

    def arguments(self, of: str, offered: Mapping[str, Any]) -> str:
        names = [name for name in offered if self.wanted(name, offered[name])]
        if "id" in offered and ("slug" in offered or "sku" in offered) and self.chance(90):
            names = [self.one_of([name for name in offered if name in {"id", "slug", "sku"}])]
        written = [f"{name}: {self.value(of, name, offered[name])}" for name in names]
        return f"({', '.join(written)})" if written else ""

    def wanted(self, name: str, offered: Any) -> bool:
        if isinstance(offered.type, GraphQLNonNull):
            return True
        return self.chance({"first": 85, "last": 6, "after": 12, "before": 12}.get(name, 30))

    def value(self, of: str, name: str, offered: Any) -> str:
        fitting = pools().get(f"{of}.{name}")
        value = self.one_of(fitting or (SORTS if name == "sortBy" else pools()[name]))
        if name == "filter" and fitting is None and value is not None and self.chance(10):
            value = {**value, "status": self.one_of(STATUSES)}
        return self.variable(str(offered.type), value) if self.chance(15) else literal(value, name)

    def variable(self, type_: str, value: Any) -> str:
        name = f"v{len(self.declared)}"
        self.declared.append(f"${name}: {type_}")
        self.variables[name] = value
        return f"${name}"

    def directive(self) -> str:
        if not self.chance(12):
            return ""
        kind, condition = self.one_of(["skip", "include"]), self.chance(50)
        if self.chance(50):
            return f" @{kind}(if: {literal(condition)})"
        name = f"is_{str(condition).lower()}"
        if name not in self.variables:
            self.variables[name] = condition
            self.declared.append(f"${name}: Boolean!")
        return f" @{kind}(if: ${name})"


def _inside(type_: Any) -> Any:
    """The type whose fields are selected in a field of this type; None for scalars and enums."""
    bare, _ = without_non_null(type_)
    item = item_type(bare)
    if item is not None:
        return _inside(item)
    return bare if hasattr(bare, "fields") else None


def documents(schema: GraphQLSchema) -> st.SearchStrategy[Written]:
    return st.composite(lambda draw: Writer(schema, draw).document())()
