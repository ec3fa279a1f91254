"""By which ways somebody comes to a thing of the owner's.

A rule here is the set of viewers whom it lets pass. A way leads from a document to the thing, step by step; a step that
does not let somebody pass either hides what is behind it, or refuses it with an error.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.graphql.access_rules import BY_ID, Rule

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


def by_node(type_: str, variable: str, inside: str = "%s", path: Path = (), steps: Sequence[Step] = ()) -> list[Way]:
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


def of_user(inside: str, path: Path, *refusals: Step) -> list[Way]:
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


def by_cart(inside: str, path: Path) -> list[Way]:
    """From the cart's id to the owner's cart, and from there on through `inside`."""
    call = 'cartBuyerIdentityUpdate(input: {cartId: $cart, buyerIdentity: {phone: "1234"}, expectedVersion: 0})'
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


def by_order(inside: str, path: Path) -> list[Way]:
    """From the order's id or number, and from lists of orders, to the owner's order, and on through `inside`."""
    called = ", ".join(str(part) for part in path[:1])
    shown, listed = [Step(("order",), Rule.OWNER, hides=True)], [Step(("orders",), Rule.ADMIN)]
    wanted = "query($number: String!) { orders(first: 1, filter: {number: $number}) "
    theirs = [
        *of_user(f"orders(last: 1) {{ nodes {{ {inside} }} }}", ("orders", "nodes", 0, *path)),
        *of_user(f"orders(last: 1) {{ edges {{ node {{ {inside} }} }} }}", ("orders", "edges", 0, "node", *path)),
    ]
    return [
        *theirs,
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
        *by_node("Order", "order", inside, path),
    ]
