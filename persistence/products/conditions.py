"""Product filters as SQL.

A filter is split into its shape (which conditions are given), for which a statement is compiled once, and its values.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, DateTime, Numeric, String, Uuid, and_, any_, exists, not_, or_, select

from domain.products.listing import ProductFilter
from persistence.products.tables import categories, products, variant_options, variants
from persistence.statements import parameter, parameters

Clause = ColumnElement[bool]
Shape = tuple[str, ...]
"""The names of the conditions that a filter gives, in the order of the tables below."""

FOR_SALE = or_(not_(variants.c.tracked), variants.c.on_hand > variants.c.reserved)
ON_SALE = variants.c.compare_at_price > variants.c.price


@dataclass(frozen=True, slots=True)
class Condition:
    """How one condition is written, and its value in a filter (None when it is not given)."""

    name: str
    value: Callable[[ProductFilter], object]
    clause: Callable[[], Clause]


def subtree(start: Clause, name: str) -> CTE:
    """The categories matching `start` as `root`, each with all that stands below it as `id`."""
    tree = select(categories.c.id.label("root"), categories.c.id).where(start).cte(name, recursive=True)
    below = categories.alias()
    return tree.union(select(tree.c.root, below.c.id).join(tree, below.c.parent_id == tree.c.id))


def _in_category() -> Clause:
    tree = subtree(categories.c.id == parameter("category_id", Uuid()), "wanted")
    return products.c.category_id.in_(select(tree.c.id))


def _some_variant(*conditions: Clause) -> Clause:
    return exists().where(variants.c.product_id == products.c.id, *conditions)


PRODUCT_CONDITIONS = (
    Condition(
        "statuses",
        lambda f: [status.value for status in f.statuses],
        lambda: products.c.status == any_(parameters("statuses", String())),
    ),
    Condition("ids", lambda f: f.ids, lambda: products.c.id == any_(parameters("ids", Uuid()))),
    Condition("category_id", lambda f: f.category_id, _in_category),
    Condition("sold_out", lambda f: True if f.in_stock is False else None, lambda: not_(_some_variant(FOR_SALE))),
    Condition("full_price", lambda f: True if f.on_sale is False else None, lambda: not_(_some_variant(ON_SALE))),
    Condition(
        "created_after",
        lambda f: f.created_after,
        lambda: products.c.created_at > parameter("created_after", DateTime(timezone=True)),
    ),
    Condition(
        "updated_after",
        lambda f: f.updated_after,
        lambda: products.c.updated_at > parameter("updated_after", DateTime(timezone=True)),
    ),
)
# bounds are compared as they are: with the column's own precision, 24.00001 would be 24
VARIANT_CONDITIONS = (
    Condition(
        "price_from", lambda f: f.price and f.price.min, lambda: variants.c.price >= parameter("price_from", Numeric())
    ),
    Condition(
        "price_to", lambda f: f.price and f.price.max, lambda: variants.c.price <= parameter("price_to", Numeric())
    ),
    Condition("in_stock", lambda f: f.in_stock or None, lambda: FOR_SALE),
    Condition("on_sale", lambda f: f.on_sale or None, lambda: ON_SALE),
)


def shape(wanted: ProductFilter) -> Shape:
    given = (c.name for c in (*PRODUCT_CONDITIONS, *VARIANT_CONDITIONS) if c.value(wanted) is not None)
    return (*given, *(f"option_{number}" for number, _ in enumerate(wanted.options)))


def values(wanted: ProductFilter) -> Mapping[str, Any]:
    plain = {c.name: c.value(wanted) for c in (*PRODUCT_CONDITIONS, *VARIANT_CONDITIONS)}
    chosen = {
        key: value
        for number, option in enumerate(wanted.options)
        for key, value in ((f"option_{number}", option.name), (f"option_{number}_values", option.values))
    }
    return plain | chosen


def clauses(given: Shape) -> list[Clause]:
    """The conditions of a shape. Those on variants hold for one and the same variant."""
    on_product = [c.clause() for c in PRODUCT_CONDITIONS if c.name in given]
    on_variant = [c.clause() for c in VARIANT_CONDITIONS if c.name in given]
    on_variant += [_has_option(name) for name in given if name.startswith("option_")]
    return [*on_product, _some_variant(*on_variant)] if on_variant else on_product


def _has_option(name: str) -> Clause:
    chosen = variant_options.alias()
    return exists().where(
        and_(
            chosen.c.variant_id == variants.c.id,
            chosen.c.name == parameter(name, String()),
            chosen.c.value == any_(parameters(f"{name}_values", String())),
        )
    )
