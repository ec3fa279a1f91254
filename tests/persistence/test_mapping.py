"""Objects with no more in them than somebody will look at."""

import ast
import inspect
import textwrap
from collections.abc import AsyncGenerator, Sequence
from dataclasses import fields
from itertools import combinations
from typing import Any

import pytest

from persistence.connections import ConnectionSettings, connect
from persistence.database import Database
from persistence.mapping import Mapper
from persistence.products.categories import SqlCategories
from persistence.products.mappers import CATEGORY, MEDIA, PRODUCT, VARIANT
from persistence.products.readers import SqlMedia, SqlProducts, SqlVariants

MAPPERS: Sequence[Mapper[Any]] = (CATEGORY, PRODUCT, VARIANT, MEDIA)
TABLES = ("categories", "products", "product_variants", "product_media")


def names(mapper: Mapper[Any]) -> list[str]:
    return [one.name for one in fields(mapper.made)]


@pytest.fixture(scope="module")
async def database(demo_url: str) -> AsyncGenerator[Database]:
    opened = Database(ConnectionSettings(demo_url, statement_timeout_ms=60_000))
    await opened.open()
    yield opened
    await opened.close()


async def read(database: Database, mapper: Mapper[Any], wanted: frozenset[str] | None) -> dict[Any, Any]:
    connection = await connect(database.settings)
    table = TABLES[MAPPERS.index(mapper)]
    ids = [row[0] for row in await connection.fetch(f"SELECT id FROM {table} ORDER BY id LIMIT 5")]
    await connection.close()
    if mapper is CATEGORY:
        return dict(await SqlCategories(database).by_ids(ids, wanted=wanted))
    readers = {PRODUCT: SqlProducts, VARIANT: SqlVariants, MEDIA: SqlMedia}
    return dict(await readers[mapper](database).by_ids(ids, staff=True, wanted=wanted))


@pytest.mark.parametrize("mapper", MAPPERS, ids=lambda mapper: mapper.made.__name__)
async def test_what_is_read_in_part_is_part_of_the_whole(database: Database, mapper: Mapper[Any]) -> None:
    whole = await read(database, mapper, None)
    assert len(whole) == 5
    for wanted in (frozenset(some) for size in (0, 1, 2) for some in combinations(names(mapper), size)):
        part = await read(database, mapper, wanted)
        assert part.keys() == whole.keys()
        for id_, one in part.items():
            assert type(one) is mapper.made
            there = {name for name in names(mapper) if hasattr(one, name)}
            assert there == wanted | {"id"}
            assert all(getattr(one, name) == getattr(whole[id_], name) for name in there)


def properties() -> list[tuple[Mapper[Any], str, property]]:
    return [
        (mapper, name, member)
        for mapper in MAPPERS
        for name, member in inspect.getmembers(mapper.made)
        if isinstance(member, property)
    ]


@pytest.mark.parametrize(
    ("mapper", "name", "member"), properties(), ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_mapper_knows_what_each_property_looks_at(mapper: Mapper[Any], name: str, member: property) -> None:
    source = ast.parse(textwrap.dedent(inspect.getsource(member.fget or (lambda: None))))
    looked_at = {
        node.attr
        for node in ast.walk(source)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    }
    assert looked_at
    assert looked_at <= {*mapper.properties[name]} <= {*names(mapper)}


def test_there_are_properties_to_look_into() -> None:
    assert len(properties()) >= 4


def test_what_is_mapped_is_frozen() -> None:
    for mapper in MAPPERS:
        [one] = mapper.reading(frozenset()).objects([[1]])
        with pytest.raises(AttributeError):
            one.id = 2
