"""What the matrix of access goes over, stated by hand and apart from the table that the server looks into.

A rule here is the set of viewers whom it lets pass. A way leads from a document to a thing of the owner's, step by
step; a step that does not let somebody pass either hides what is behind it, or refuses it with an error.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from graphql import GraphQLObjectType, is_leaf_type

from schema import root
from server.graphql.core import core_schema, item_type, without_non_null
from tests.graphql.access_world import Viewer

SCHEMA = core_schema(root.build())
Path = tuple[str | int, ...]


class Rule(Enum):
    """Whom it lets pass, and what `@auth` calls it."""

    EVERYBODY = (frozenset({Viewer.ANONYMOUS, Viewer.OWNER, Viewer.OTHER, Viewer.ADMIN}), None)
    SIGNED_IN = (frozenset({Viewer.OWNER, Viewer.OTHER, Viewer.ADMIN}), "SIGNED_IN")
    OWNER = (frozenset({Viewer.OWNER, Viewer.ADMIN}), "OWNER")
    OWNER_ALONE = (frozenset({Viewer.OWNER}), "OWNER")
    ADMIN = (frozenset({Viewer.ADMIN}), "ADMIN")

    @property
    def viewers(self) -> frozenset[Viewer]:
        return self.value[0]

    @property
    def shown_as(self) -> str | None:
        return self.value[1]


def each(rule: Rule, fields: str) -> Mapping[str, Rule]:
    return dict.fromkeys(fields.split(), rule)


RULES: Mapping[str, Mapping[str, Rule]] = {
    "Query": each(Rule.ADMIN, "user users"),
    "User": {
        **each(Rule.OWNER, "id email firstName lastName role emailVerified"),
        **each(Rule.OWNER, "addresses defaultAddress createdAt updatedAt"),
        **each(Rule.OWNER_ALONE, "sessions"),
    },
    "SavedAddress": each(Rule.OWNER, "id address isDefault createdAt"),
    "Session": each(Rule.OWNER_ALONE, "id current userAgent ipAddress createdAt lastUsedAt expiresAt"),
    "ProductVariant": each(Rule.ADMIN, "costPrice inventory"),
    "Inventory": each(Rule.ADMIN, "tracked onHand reserved available lowStockThreshold"),
    "Mutation": {
        **each(Rule.EVERYBODY, "userRegister userLogin tokenRefresh emailVerify passwordResetRequest passwordReset"),
        **each(Rule.EVERYBODY, "userEmailChangeConfirm"),
        **each(Rule.SIGNED_IN, "userLogout sessionRevoke emailVerificationRequest userPasswordChange userUpdate"),
        **each(Rule.SIGNED_IN, "userEmailChangeRequest userDelete userAddressCreate"),
        # their target is the viewer's own, or it is not there
        **each(Rule.SIGNED_IN, "userAddressUpdate userAddressDelete"),
        **each(Rule.ADMIN, "userRoleSet"),
    },
}
PUBLIC = {"Category", "Product", "ProductMedia"}
"""What has a global id, belongs to nobody and asks for no role."""
BY_ID = {"User": Rule.OWNER, "SavedAddress": Rule.OWNER, "Session": Rule.OWNER_ALONE}
"""To whom a thing is there at all, when it is asked for by its id."""


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
}
CELLS = [
    (type_, field, way)
    for type_, rules in RULES.items()
    if type_ != "Mutation"
    for field in rules
    for way in WAYS[type_]
]
_ARGUMENTS = {"user": "(id: $user)", "users": "(first: 1)"}


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
