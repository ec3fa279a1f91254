"""What is refused for its size, before anything of it is executed."""

import pytest

from domain.shared.ids import uuid7
from domain.users.user import Actor, UserId, UserRole
from schema.root import build
from server.graphql.engine import Engine
from server.graphql.request import GraphQLRequest, RequestRefused

ENGINE = Engine(build())
STRICT = Engine(build(), suggest=False)
ADMIN = Actor(UserId(uuid7()), UserRole.ADMIN)
CUSTOMER = Actor(UserId(uuid7()), UserRole.CUSTOMER)


def refused(document: str, variables: dict[str, object] | None = None, actor: Actor | None = None) -> list[object]:
    """The limits that stand in the way of a document."""
    try:
        ENGINE.prepare(GraphQLRequest(document, variables=variables or {}), actor=actor or Actor())
    except RequestRefused as refusal:
        return [(error.extensions or {}).get("limit") or (error.extensions or {})["code"] for error in refusal.errors]
    return []


def nested(levels: int) -> str:
    return '{ category(slug: "a") ' + "{ parent " * levels + "{ name }" + " }" * levels + " }"


def test_the_depth_that_is_allowed_is_exact() -> None:
    assert refused(nested(8)) == []
    assert refused(nested(9)) == ["depth"]


def test_depth_is_counted_through_fragments() -> None:
    chain = "".join(f"fragment F{i} on Category {{ parent {{ ...F{i + 1} }} }} " for i in range(9))
    document = '{ category(slug: "a") { ...F0 } } ' + chain + "fragment F9 on Category { name }"
    assert refused(document) == ["depth"]


def test_introspection_may_be_deep_where_suggestions_are_given_and_nowhere_else() -> None:
    deep = "{ __schema { types { fields { type " + "{ ofType " * 8 + "{ name }" + " }" * 8 + " } } } }"
    assert refused(deep) == []
    with pytest.raises(RequestRefused) as refusal:
        STRICT.prepare(GraphQLRequest(deep))
    assert [(error.extensions or {})["limit"] for error in refusal.value.errors] == ["depth"]


@pytest.mark.parametrize(
    ("document", "limit"),
    [
        ("{ " + " ".join(f"a{i}: __typename" for i in range(20)) + " }", None),
        ("{ " + " ".join(f"a{i}: __typename" for i in range(21)) + " }", "root_fields"),
        ("{ shop { " + " ".join(f"a{i}: name" for i in range(30)) + " } }", None),
        ("{ shop { " + " ".join(f"a{i}: name" for i in range(31)) + " } }", "aliases"),
        ("{ shop { " + "name @skip(if: false) " * 20 + "} }", None),
        ("{ shop { " + "name @skip(if: false) " * 21 + "} }", "directives"),
        (
            "{ " + "...F " * 7 + "} fragment F on Query { a: shop { name } b: shop { name } c: shop { name } }",
            "root_fields",
        ),
        ("{ shop { name } } " + " ".join(f"fragment F{i} on Shop {{ name }}" for i in range(51)), "fragments"),
        ("{ shop { " + "name " * 1_000 + "} }", "GRAPHQL_PARSE_FAILED"),
    ],
)
def test_each_limit_is_exact_and_named(document: str, limit: str | None) -> None:
    assert refused(document) == ([] if limit is None else [limit])


def test_what_fragments_multiply_is_counted_without_being_expanded() -> None:
    doubling = " ".join(f"fragment F{i} on Category {{ ...F{i + 1} ...F{i + 1} }}" for i in range(40))
    document = '{ category(slug: "a") { ...F0 } } ' + doubling + " fragment F40 on Category { name }"
    assert refused(document) == ["selections"]


def test_a_fragment_that_spreads_itself_is_refused_by_validation() -> None:
    assert refused("{ shop { ...F } } fragment F on Shop { name ...F }") == ["GRAPHQL_VALIDATION_FAILED"]


def test_a_page_costs_its_objects_as_often_as_it_may_have_them() -> None:
    page = "query($n: Int) { products(first: $n) { nodes { category { name } variants { price { amount } } } } }"
    # the root, then for each product: its page, itself, its category, a variant and its price
    assert (
        ENGINE.prepare(GraphQLRequest(page, variables={"n": 100})).plan.root.cost(
            ENGINE.prepare(GraphQLRequest(page, variables={"n": 100})).variables
        )
        == 1 + 100 * 5
    )


@pytest.mark.parametrize(("actor", "most"), [(Actor(), 10), (CUSTOMER, 51), (ADMIN, 100)])
def test_how_much_an_operation_may_cost_depends_on_who_asks(actor: Actor, most: int) -> None:
    pages = "query($n: Int!) { categories(first: $n) { nodes { products(first: 48) { nodes { name } } } } }"
    assert refused(pages, {"n": most}, actor) == []
    assert refused(pages, {"n": most + 1}, actor) == (["cost"] if most < 100 else [])


def test_pages_within_pages_are_refused_when_they_multiply() -> None:
    document = "{ categories(first: 100) { nodes { products(first: 100) { nodes { name } } } } }"
    assert refused(document) == ["cost"]
    assert refused(document, actor=ADMIN) == ["cost"]
