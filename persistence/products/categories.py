"""The category tree's read side."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Integer, SelectBase, Text, Uuid, any_, func, literal, select

from domain.products.category import Category, CategoryId
from domain.products.listing import CategoryListing, CategoryScope
from domain.shared.paging import Page, Position, cut
from domain.shared.reading import Wanted
from persistence.database import Database
from persistence.grouping import gathered, keyed
from persistence.mapping import Query
from persistence.paging import ROW_LIMIT, Keyset, WindowPlan, window_values
from persistence.products.listing import Columns
from persistence.products.mappers import CATEGORY
from persistence.products.tables import categories
from persistence.statements import Statement, parameters

BY_NAME = Keyset(categories.c.name_key, categories.c.id, Text())


def _ancestors(columns: Columns) -> SelectBase:
    """For each key its parents, root first, the key behind them."""
    path = (
        select(categories.c.id.label("start"), categories.c.parent_id, literal(0, Integer()).label("distance"))
        .where(categories.c.id == any_(parameters("keys", Uuid())))
        .cte("path", recursive=True)
    )
    above = categories.alias()
    path = path.union_all(
        select(path.c.start, above.c.parent_id, path.c.distance + 1).join(path, above.c.id == path.c.parent_id)
    )
    return (
        select(*columns, path.c.start).join(path, path.c.parent_id == categories.c.id).order_by(path.c.distance.desc())
    )


def _page(columns: Columns, plan: WindowPlan, roots_only: bool) -> SelectBase:  # noqa: FBT001  (a variant has no names)
    inside = (categories.c.parent_id.is_(None),) if roots_only else ()
    return (
        select(*columns, BY_NAME.key)
        .where(*inside, *BY_NAME.between(plan))
        .order_by(*BY_NAME.ordering(plan))
        .limit(ROW_LIMIT)
    )


def _by(key: Column[Any]) -> Query[Category]:
    """Categories by a column, by name where several have the same value, that value behind them."""
    asked = key == any_(parameters("keys", key.type))

    def found(columns: Columns) -> SelectBase:
        return select(*columns, key.label("key")).where(asked).order_by(categories.c.name_key, categories.c.id)

    return Query(CATEGORY, found)


class SqlCategories:
    """Implements `domain.products.reading.CategoryReader`."""

    BY_IDS = _by(categories.c.id)
    BY_SLUGS = _by(categories.c.slug)
    CHILDREN = _by(categories.c.parent_id)
    ANCESTORS = Query(CATEGORY, _ancestors)
    PAGE = Query(CATEGORY, _page)
    COUNTS = Statement(
        select(func.count(), func.count().filter(categories.c.parent_id.is_(None))).select_from(categories)
    )

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_ids(self, ids: Sequence[CategoryId], *, wanted: Wanted = None) -> Mapping[CategoryId, Category]:
        return keyed(await self.BY_IDS.ask(self._database, {"keys": ids}, wanted))

    async def by_slugs(self, slugs: Sequence[str], *, wanted: Wanted = None) -> Mapping[str, Category]:
        return keyed(await self.BY_SLUGS.ask(self._database, {"keys": slugs}, wanted))

    async def children_of(
        self, ids: Sequence[CategoryId], *, wanted: Wanted = None
    ) -> Mapping[CategoryId, Sequence[Category]]:
        return gathered(await self.CHILDREN.ask(self._database, {"keys": ids}, wanted))

    async def ancestors_of(
        self, ids: Sequence[CategoryId], *, wanted: Wanted = None
    ) -> Mapping[CategoryId, Sequence[Category]]:
        return gathered(await self.ANCESTORS.ask(self._database, {"keys": ids}, wanted))

    async def page(self, listing: CategoryListing, *, wanted: Wanted = None) -> Page[Category]:
        window = listing.window
        found, rows = await self.PAGE.ask(
            self._database, window_values(window), wanted, WindowPlan.of(window), listing.roots_only
        )
        placed = [(one, Position(row[-1], one.id)) for one, row in zip(found, rows, strict=True)]
        return cut(window, placed, CategoryScope(listing.roots_only))

    async def counts(self, scopes: Sequence[CategoryScope]) -> Mapping[CategoryScope, int]:
        everything, roots = (await self._database.fetch(self.COUNTS, {}))[0]
        return {scope: roots if scope.roots_only else everything for scope in scopes}
