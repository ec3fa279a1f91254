"""The number of SQL statements never depends on the number of rows: for every field that the schema declares."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from graphql import GraphQLObjectType

from schema import root
from schema.rendering import Attribute, Function, Identity, Relation, declaration
from server.graphql.core import core_schema, definition, item_type, without_non_null
from server.wiring import Shop
from tests.conftest import Statements
from tests.graphql.asking import ADMIN, ask

SCHEMA = core_schema(root.build())
# how to come by parents of each type: the more `first` asks for, the more there are
WAYS = {
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
}
WITHOUT_LISTS = {"Query", "Shop", "PageInfo"}
MOST_PER_FIELD = 2


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


FIELDS = [(type_, name, field) for type_, name, field in declared() if type_ not in WITHOUT_LISTS]
LOADING = [one for one in FIELDS if isinstance(declaration(definition(one[2])).source, Relation | Function)]
PLAIN = [one for one in FIELDS if isinstance(declaration(definition(one[2])).source, Attribute | Identity)]


def named(value: object) -> str | None:
    return value if isinstance(value, str) else ""


async def count(shop: Shop, statements: Statements, document: str) -> int:
    statements.clear()
    answer = await ask(shop, document, actor=ADMIN)
    assert answer["errors"] == []
    return len(statements)


def test_there_is_a_way_to_every_type_whose_fields_are_counted() -> None:
    assert {type_ for type_, _, _ in FIELDS} == set(WAYS)
    assert len(LOADING) > 10


@pytest.mark.parametrize(("type_", "name", "field"), LOADING, ids=named)
async def test_what_is_loaded_takes_as_many_statements_for_fifty_parents_as_for_one(
    shop: Shop, statements: Statements, type_: str, name: str, field: Any
) -> None:
    way, asked = WAYS[type_], selected(name, field)
    bare_way = await count(shop, statements, "{ " + way % (50, "__typename") + " }")
    one = await count(shop, statements, "{ " + way % (1, asked) + " }")
    fifty = await count(shop, statements, "{ " + way % (50, asked) + " }")
    # one parent may happen to have nothing to load
    assert one <= fifty <= bare_way + MOST_PER_FIELD


@pytest.mark.parametrize(("type_", "name", "field"), LOADING, ids=named)
async def test_what_is_selected_twice_is_loaded_once(
    shop: Shop, statements: Statements, type_: str, name: str, field: Any
) -> None:
    way, asked = WAYS[type_], selected(name, field)
    once = await count(shop, statements, "{ " + way % (20, asked) + " }")
    twice = await count(shop, statements, "{ " + way % (20, f"{asked} again: {asked}") + " }")
    assert once == twice


@pytest.mark.parametrize(("type_", "name", "field"), PLAIN, ids=named)
async def test_what_is_an_attribute_takes_no_statement_of_its_own(
    shop: Shop, statements: Statements, type_: str, name: str, field: Any
) -> None:
    way = WAYS[type_]
    without = await count(shop, statements, "{ " + way % (20, "__typename") + " }")
    assert await count(shop, statements, "{ " + way % (20, selected(name, field)) + " }") == without


@pytest.mark.parametrize("kind", ["Product", "ProductVariant", "ProductMedia", "Category"])
async def test_nodes_are_read_together(shop: Shop, statements: Statements, kind: str) -> None:
    answer = await ask(shop, "{ " + WAYS[kind] % (50, "id") + " }", actor=ADMIN)
    ids = sorted(_ids(answer["data"]))[:50]
    assert len(ids) == 50
    statements.clear()
    found = await ask(shop, "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }", {"ids": ids}, ADMIN)
    assert found["data"]["nodes"] == [{"id": one, "__typename": kind} for one in ids]
    assert len(statements) == 1


def _ids(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value}
    inside = cast("dict[str, Any]", value).values() if isinstance(value, dict) else cast("list[Any]", value)
    return set[str]().union(*(_ids(one) for one in inside))


@pytest.mark.parametrize("connection", ["products", "categories"])
async def test_nothing_is_counted_unless_somebody_asks(shop: Shop, statements: Statements, connection: str) -> None:
    for asked, counted in (("nodes { id }", False), ("totalCount", True), ("totalCount @skip(if: true)", False)):
        statements.clear()
        await ask(shop, f"{{ {connection}(first: 1) {{ pageInfo {{ hasNextPage }} {asked} }} }}")
        assert any("count(*)" in sql for sql in statements.seen) is counted


async def test_a_deep_page_takes_a_statement_for_each_relation(shop: Shop, statements: Statements) -> None:
    document = """{ products(first: 20) { totalCount nodes { category { parent { slug } ancestors { slug } }
      options { name } media { url } variants { selectedOptions { value } product { name } } } } }"""
    # page, count, categories, parents, ancestors, options, media, variants, selected options, products
    assert await count(shop, statements, document) == 10
