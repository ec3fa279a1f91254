"""What goes wrong in one place: named with its path, null as near as may be, and nothing else is lost."""

import asyncio
from typing import Any

import pytest

from domain.shared.errors import Unavailable
from resolvers.context import context
from schema import root
from server.graphql.engine import Engine
from server.graphql.request import GraphQLRequest
from server.graphql.run import MOST_ERRORS
from server.wiring import Shop
from tests.graphql.asking import ADMIN, ask, breaking, codes

LOST = Unavailable("The database does not answer right now; try again in a moment.")


async def test_a_list_that_cannot_be_null_takes_its_parents_with_it(shop: Shop) -> None:
    readers, broken = breaking(shop.readers, "media", "of_products", LOST)
    answer = await ask(
        shop, '{ shop { name } a: product(slug: "merino-crew-sweater") { name media { id } } }', readers=readers
    )
    assert answer["data"] == {"shop": {"name": "Souk"}, "a": None}
    assert codes(answer) == ["SERVICE_UNAVAILABLE"]
    assert answer["errors"][0]["path"] == ["a", "media"]
    assert broken.calls == 1


async def test_a_relation_that_may_be_null_is_null_alone(shop: Shop) -> None:
    readers, _ = breaking(shop.readers, "categories", "by_ids", LOST)
    answer = await ask(shop, "{ products(first: 3) { nodes {\n  name category { name } } } }", readers=readers)
    nodes: list[dict[str, Any]] = answer["data"]["products"]["nodes"]
    assert [one["category"] for one in nodes] == [None] * 3
    assert all(one["name"] for one in nodes)
    assert answer["errors"][0]["path"] == ["products", "nodes", 0, "category"]
    assert answer["errors"][0]["locations"] == [{"line": 2, "column": 8}]


async def test_a_failure_below_a_list_empties_it_up_to_the_nearest_nullable_place(shop: Shop) -> None:
    readers, _ = breaking(shop.readers, "variants", "selected_options", LOST)
    document = "{ shop { name } products(first: 2) { nodes { variants { selectedOptions { name } } } } }"
    answer = await ask(shop, document, readers=readers)
    assert answer["data"] is None
    assert set(codes(answer)) == {"SERVICE_UNAVAILABLE"}
    assert answer["errors"][0]["path"] == ["products", "nodes", 0, "variants", 0, "selectedOptions"]


async def test_what_is_unexpected_is_masked(shop: Shop) -> None:
    readers, _ = breaking(shop.readers, "categories", "by_slugs", KeyError("password of /etc"))
    answer = await ask(shop, '{ category(slug: "shoes") { id } shop { name } }', readers=readers)
    assert answer["data"] == {"category": None, "shop": {"name": "Souk"}}
    assert codes(answer) == ["INTERNAL_SERVER_ERROR"]
    assert "password" not in str(answer)


async def test_no_more_errors_are_told_than_are_of_use(shop: Shop) -> None:
    document = '{ products(first: 100) { nodes { variants { price { formatted(locale: "xx") } } } } }'
    answer = await ask(shop, document, actor=ADMIN)
    assert answer["data"] is None
    assert len(answer["errors"]) == MOST_ERRORS
    assert set(codes(answer)) == {"BAD_USER_INPUT"}


async def test_a_query_that_takes_too_long_ends_with_a_timeout(shop: Shop) -> None:
    released = asyncio.Event()

    async def never(*_: object, **__: object) -> object:
        await released.wait()
        return {}

    readers, broken = breaking(shop.readers, "categories", "by_slugs", never)
    engine = Engine(root.build(), seconds=0.05)
    prepared = engine.prepare(GraphQLRequest('{ category(slug: "shoes") { id } }'))
    answer = await engine.execute(prepared, context(shop.services, readers, "http://shop.example", ADMIN))
    released.set()
    assert answer.data is None
    assert [(error.extensions or {})["code"] for error in answer.errors] == ["TIMEOUT"]
    assert broken.calls == 1


@pytest.mark.parametrize(
    ("document", "variables", "code"),
    [
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ shop {", {}, "GRAPHQL_PARSE_FAILED"),
        ("query($n: Int!) { products(first: $n) { totalCount } }", {}, "BAD_USER_INPUT"),
        ("query($n: Int) { products(first: $n) { totalCount } }", {"n": "x"}, "BAD_USER_INPUT"),
        ("query($x: Boolean = true) { shop @include(if: $x) { name } }", {"x": None}, "BAD_USER_INPUT"),
        ("query A { shop { name } } query B { shop { name } }", {}, "OPERATION_RESOLUTION_FAILURE"),
        ("{ products(sortBy: {field: COLOUR}) { totalCount } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ('{ products(filter: {createdAfter: "2026-01-01"}) { totalCount } }', {}, "GRAPHQL_VALIDATION_FAILED"),
        (
            "query($f: ProductFilter) { products(filter: $f) { totalCount } }",
            {"f": {"createdAfter": "2026-01-01"}},
            "BAD_USER_INPUT",
        ),
        (
            "query($f: ProductFilter) { products(filter: $f) { totalCount } }",
            {"f": {"price": {"min": True}}},
            "BAD_USER_INPUT",
        ),
        ("{ " + "a" * 10_001 + " }", {}, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_what_cannot_be_executed_is_refused_with_a_code(
    shop: Shop, document: str, variables: dict[str, Any], code: str
) -> None:
    answer = await ask(shop, document, variables)
    assert "data" not in answer
    assert codes(answer) == [code]


BAD_WINDOWS = ["first: 0", "first: -1", "first: 101", "last: 0", "first: 1, last: 1", 'after: "x"', 'before: ""']
OTHER_SORT = 'first: 2, sortBy: {field: NAME}, after: "WyJSQVRJTkc6QVNDIiwiMSIsIjAiXQ"'


@pytest.mark.parametrize("arguments", [*BAD_WINDOWS, OTHER_SORT, "filter: {price: {min: 9, max: 1}}"])
async def test_arguments_that_make_no_sense_are_the_fields_error(shop: Shop, arguments: str) -> None:
    answer = await ask(shop, f"{{ products({arguments}) {{ totalCount }} }}")
    assert answer["data"] is None
    assert codes(answer) == ["BAD_USER_INPUT"]
    assert answer["errors"][0]["path"] == ["products"]


@pytest.mark.parametrize("price", ['"24.5"', "24.5", '"24.50"'])
async def test_a_price_may_be_text_or_a_number(shop: Shop, price: str) -> None:
    found = await ask(shop, f"{{ products(filter: {{price: {{max: {price}}}}}) {{ totalCount }} }}")
    exact = await ask(shop, '{ products(filter: {price: {max: "24.5"}}) { totalCount } }')
    assert found == exact
    assert exact["data"]["products"]["totalCount"] > 0
