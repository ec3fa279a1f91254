"""Counts what is sold of products, each sale once."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import BigInteger, Select, Uuid, any_, column, func, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.products.inventory import VariantId
from persistence.database import Transaction
from persistence.products.tables import products, sales, variants
from persistence.statements import Statement, parameter, parameters

SALE = parameter("sale", Uuid())
VARIANTS = parameters("variants", Uuid())


def _locking(of: Select[tuple[UUID]]) -> Statement:
    """The products, by rising id: two sales of the same ones wait for each other, but never for ever.

    Whoever waited must count anew, so it is a statement of its own.
    """
    locked = select(products.c.id).where(products.c.id.in_(of)).order_by(products.c.id)
    return Statement(locked.with_for_update(key_share=True, of=products))


def _count() -> Statement:
    sold = (
        func.unnest(VARIANTS, parameters("units", BigInteger()))
        .table_valued(column("variant_id", Uuid()), column("units", BigInteger()))
        .render_derived(name="sold")
    )
    of_products = (
        select(SALE, variants.c.product_id, func.sum(sold.c.units))
        .join_from(sold, variants, variants.c.id == sold.c.variant_id)
        .group_by(variants.c.product_id)
    )
    counted = (
        insert(sales)
        .from_select(["order_id", "product_id", "units"], of_products)
        .on_conflict_do_nothing()
        .returning(sales.c.product_id, sales.c.units)
        .cte("counted")
    )
    return Statement(
        update(products)
        .where(products.c.id == counted.c.product_id)
        .values(units_sold=products.c.units_sold + counted.c.units)
    )


def _take_back() -> Statement:
    taken = sales.delete().where(sales.c.order_id == SALE).returning(sales.c.product_id, sales.c.units).cte("taken")
    return Statement(
        update(products)
        .where(products.c.id == taken.c.product_id)
        .values(units_sold=func.greatest(products.c.units_sold - taken.c.units, 0))
    )


class SqlRanking:
    """Implements `domain.products.ranking.SalesRanking`."""

    LOCK_SOLD = _locking(select(variants.c.product_id).where(variants.c.id == any_(VARIANTS)))
    LOCK_COUNTED = _locking(select(sales.c.product_id).where(sales.c.order_id == SALE))
    COUNT = _count()
    TAKE_BACK = _take_back()

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def count(self, sale: UUID, sold: Mapping[VariantId, int]) -> None:
        values = {"sale": sale, "variants": list(sold), "units": list(sold.values())}
        await self._transaction.fetch(self.LOCK_SOLD, values)
        await self._transaction.run(self.COUNT, values)

    async def take_back(self, sale: UUID) -> None:
        await self._transaction.fetch(self.LOCK_COUNTED, {"sale": sale})
        await self._transaction.run(self.TAKE_BACK, {"sale": sale})
