"""Pages of products, alone and for many categories at once, and how many there are in all."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import CTE, ColumnElement, SelectBase, Text, Uuid, any_, func, select, true
from sqlalchemy.types import Numeric, TypeEngine

from domain.products.listing import ProductSortField
from persistence.mapping import Query
from persistence.paging import ROW_LIMIT, Keyset, WindowPlan
from persistence.products import conditions
from persistence.products.conditions import Shape
from persistence.products.mappers import PRODUCT
from persistence.products.tables import categories, products
from persistence.statements import Statement, parameters

Columns = Sequence[ColumnElement[Any]]


def _by(key: ColumnElement[Any], type_: TypeEngine[Any] | None = None) -> Keyset:
    return Keyset(key, products.c.id, type_ or key.type)


# amounts in cursors are compared as they are: with the column's own precision, a made-up one could overflow
KEYSETS: Mapping[str, Keyset] = {
    ProductSortField.NAME.value: _by(products.c.name_key, Text()),
    ProductSortField.PRICE.value: _by(products.c.price_min, Numeric()),
    ProductSortField.CREATED_AT.value: _by(products.c.created_at),
    ProductSortField.PUBLISHED_AT.value: _by(products.c.published_key),
    ProductSortField.BEST_SELLING.value: _by(products.c.units_sold),
    ProductSortField.RATING.value: _by(products.c.rating_average, Numeric()),
    # without search words nothing is more relevant than what others bought
    ProductSortField.RELEVANCE.value: _by(products.c.units_sold),
}


def _page(columns: Columns, given: Shape, plan: WindowPlan, *inside: ColumnElement[bool]) -> SelectBase:
    """The columns of one page's products, and their sort key behind them."""
    keyset = KEYSETS[plan.sort]
    return (
        select(*columns, keyset.key.label("sort_key"))
        .where(*inside, *conditions.clauses(given), *keyset.between(plan))
        .order_by(*keyset.ordering(plan))
        .limit(ROW_LIMIT)
    )


def _pages_of_categories(columns: Columns, given: Shape, plan: WindowPlan) -> SelectBase:
    """The same page for each of `roots`, as one statement; each root's rows in order, the root behind them."""
    tree = _trees()
    roots = select(func.unnest(parameters("roots", Uuid())).label("root")).cte("roots")
    inside = products.c.category_id.in_(select(tree.c.id).where(tree.c.root == roots.c.root).correlate(roots))
    rows = _page(columns, given, plan, inside).lateral("page")
    return select(*rows.c, roots.c.root).select_from(roots.join(rows, true()))


PAGE = Query(PRODUCT, _page)
PAGES_OF_CATEGORIES = Query(PRODUCT, _pages_of_categories)


@lru_cache(maxsize=1_024)
def count(given: Shape) -> Statement:
    return Statement(select(func.count()).select_from(products).where(*conditions.clauses(given)))


@lru_cache(maxsize=1_024)
def counts_of_categories(given: Shape) -> Statement:
    tree = _trees()
    return Statement(
        select(tree.c.root, func.count())
        .join(products, products.c.category_id == tree.c.id)
        .where(*conditions.clauses(given))
        .group_by(tree.c.root)
    )


def _trees() -> CTE:
    return conditions.subtree(categories.c.id == any_(parameters("roots", Uuid())), "shelves")
