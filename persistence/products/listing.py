"""Pages of products, alone and for many categories at once, and how many there are in all."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import CTE, ColumnElement, SelectBase, Text, Uuid, any_, func, select, true
from sqlalchemy.types import TypeEngine

from domain.products.listing import ProductSortField
from persistence.paging import ROW_LIMIT, Keyset, WindowPlan
from persistence.products import conditions
from persistence.products.conditions import Shape
from persistence.products.rows import PRODUCT_COLUMNS
from persistence.products.tables import categories, products
from persistence.statements import Statement, parameters


def _by(key: ColumnElement[Any], type_: TypeEngine[Any] | None = None) -> Keyset:
    return Keyset(key, products.c.id, type_ or key.type)


KEYSETS: Mapping[str, Keyset] = {
    ProductSortField.NAME.value: _by(products.c.name_key, Text()),
    ProductSortField.PRICE.value: _by(products.c.price_min),
    ProductSortField.CREATED_AT.value: _by(products.c.created_at),
    ProductSortField.PUBLISHED_AT.value: _by(products.c.published_key),
    ProductSortField.BEST_SELLING.value: _by(products.c.units_sold),
    ProductSortField.RATING.value: _by(products.c.rating_average),
    # without search words nothing is more relevant than what others bought
    ProductSortField.RELEVANCE.value: _by(products.c.units_sold),
}


@lru_cache(maxsize=1_024)
def page(given: Shape, plan: WindowPlan) -> Statement:
    """One page of all products that match: their columns, then the sort key."""
    return Statement(_page(given, plan))


@lru_cache(maxsize=1_024)
def pages_of_categories(given: Shape, plan: WindowPlan) -> Statement:
    """The same page for each of `roots`, as one statement: root, columns, sort key; each root's rows in order."""
    tree = _trees()
    roots = select(func.unnest(parameters("roots", Uuid())).label("root")).cte("roots")
    inside = products.c.category_id.in_(select(tree.c.id).where(tree.c.root == roots.c.root))
    rows = _page(given, plan, inside).lateral("page")
    return Statement(select(roots.c.root, *rows.c).select_from(roots.join(rows, true())))


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


def _page(given: Shape, plan: WindowPlan, *inside: ColumnElement[bool]) -> SelectBase:
    keyset = KEYSETS[plan.sort]
    return (
        select(*PRODUCT_COLUMNS, keyset.key.label("sort_key"))
        .where(*inside, *conditions.clauses(given), *keyset.between(plan))
        .order_by(*keyset.ordering(plan))
        .limit(ROW_LIMIT)
    )


def _trees() -> CTE:
    return conditions.subtree(categories.c.id == any_(parameters("roots", Uuid())), "shelves")
