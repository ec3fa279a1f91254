"""The category tree's read side."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from sqlalchemy import Integer, String, Text, Uuid, any_, func, literal, select

from domain.products.category import Category, CategoryId
from domain.products.listing import CategoryListing, CategoryScope
from domain.shared.paging import Page, Position, cut
from persistence.database import Database
from persistence.paging import ROW_LIMIT, Keyset, WindowPlan, window_values
from persistence.products import rows
from persistence.products.rows import CATEGORY_COLUMNS, grouped, keyed
from persistence.products.tables import categories
from persistence.statements import Statement, parameters

IDS = parameters("ids", Uuid())


def _ancestors() -> Statement:
    """For each id its parents, root first."""
    path = (
        select(categories.c.id.label("start"), categories.c.parent_id, literal(0, Integer()).label("distance"))
        .where(categories.c.id == any_(IDS))
        .cte("path", recursive=True)
    )
    above = categories.alias()
    path = path.union_all(
        select(path.c.start, above.c.parent_id, path.c.distance + 1).join(path, above.c.id == path.c.parent_id)
    )
    return Statement(
        select(path.c.start, *CATEGORY_COLUMNS)
        .join(path, path.c.parent_id == categories.c.id)
        .order_by(path.c.distance.desc())
    )


BY_NAME = Keyset(categories.c.name_key, categories.c.id, Text())


@lru_cache(maxsize=64)
def _page(plan: WindowPlan, *, roots_only: bool) -> Statement:
    inside = (categories.c.parent_id.is_(None),) if roots_only else ()
    return Statement(
        select(*CATEGORY_COLUMNS, BY_NAME.key)
        .where(*inside, *BY_NAME.between(plan))
        .order_by(*BY_NAME.ordering(plan))
        .limit(ROW_LIMIT)
    )


class SqlCategories:
    """Implements `domain.products.reading.CategoryReader`."""

    BY_IDS = Statement(select(*CATEGORY_COLUMNS).where(categories.c.id == any_(IDS)))
    BY_SLUGS = Statement(select(*CATEGORY_COLUMNS).where(categories.c.slug == any_(parameters("slugs", String()))))
    CHILDREN = Statement(
        select(*CATEGORY_COLUMNS)
        .where(categories.c.parent_id == any_(IDS))
        .order_by(categories.c.name_key, categories.c.id)
    )
    ANCESTORS = _ancestors()
    COUNTS = Statement(
        select(func.count(), func.count().filter(categories.c.parent_id.is_(None))).select_from(categories)
    )

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_ids(self, ids: Sequence[CategoryId]) -> Mapping[CategoryId, Category]:
        found = await self._database.fetch(self.BY_IDS, {"ids": ids})
        return keyed(found, rows.category, lambda category: category.id)

    async def by_slugs(self, slugs: Sequence[str]) -> Mapping[str, Category]:
        found = await self._database.fetch(self.BY_SLUGS, {"slugs": slugs})
        return keyed(found, rows.category, lambda category: category.slug)

    async def children_of(self, ids: Sequence[CategoryId]) -> Mapping[CategoryId, Sequence[Category]]:
        found = await self._database.fetch(self.CHILDREN, {"ids": ids})
        return grouped((CategoryId(row["parent_id"]), rows.category(row)) for row in found)

    async def ancestors_of(self, ids: Sequence[CategoryId]) -> Mapping[CategoryId, Sequence[Category]]:
        found = await self._database.fetch(self.ANCESTORS, {"ids": ids})
        return grouped((CategoryId(row[0]), rows.category(row[1:])) for row in found)

    async def page(self, wanted: CategoryListing) -> Page[Category]:
        statement = _page(WindowPlan.of(wanted.window), roots_only=wanted.roots_only)
        found = await self._database.fetch(statement, window_values(wanted.window))
        placed = [(rows.category(row[:-1]), Position(row[-1], row[0])) for row in found]
        return cut(wanted.window, placed, CategoryScope(wanted.roots_only))

    async def counts(self, scopes: Sequence[CategoryScope]) -> Mapping[CategoryScope, int]:
        everything, roots = (await self._database.fetch(self.COUNTS, {}))[0]
        return {scope: roots if scope.roots_only else everything for scope in scopes}
