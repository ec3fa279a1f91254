"""The ledger of stock: read a page at a time, written with what it is about."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Integer, SelectBase, Uuid, any_, func, select, true, update

from domain.products.availability import TOPIC as STOCK
from domain.products.inventory import MOST_UNITS, AdjustmentId, InventoryAdjustment, VariantId
from domain.products.ledger import LedgerKey, LedgerScope
from domain.products.product import ProductVariant
from domain.shared.paging import Page, Position, cut
from domain.shared.reading import Wanted
from persistence.database import Database, Transaction
from persistence.grouping import grouped, keyed
from persistence.mapping import Query
from persistence.paging import ROW_LIMIT, Keyset, WindowPlan, window_values
from persistence.products.listing import Columns
from persistence.products.mappers import ADJUSTMENT, VARIANT
from persistence.products.tables import adjustments, variants
from persistence.statements import Statement, inserting, parameter, parameters

ADJUSTMENT_COLUMNS = (
    *("id", "variant_id", "on_hand_delta", "reserved_delta", "reason", "note", "user_id", "created_at"),
)
BY_CREATION = Keyset(adjustments.c.created_at, adjustments.c.id, adjustments.c.created_at.type)


def _by_ids(columns: Columns) -> SelectBase:
    return select(*columns, adjustments.c.id.label("key")).where(adjustments.c.id == any_(parameters("keys", Uuid())))


def _pages(columns: Columns, plan: WindowPlan) -> SelectBase:
    """The same page of each of several ledgers; each one's rows in order, the sort key and the variant behind them."""
    of = select(func.unnest(parameters("keys", Uuid())).label("variant")).cte("of")
    rows = (
        select(*columns, BY_CREATION.key.label("sort_key"))
        .where(adjustments.c.variant_id == of.c.variant, *BY_CREATION.between(plan))
        .order_by(*BY_CREATION.ordering(plan))
        .limit(ROW_LIMIT)
        .lateral("page")
    )
    return select(*rows.c, of.c.variant).select_from(of.join(rows, true()))


class SqlLedger:
    """Implements `domain.products.ledger.LedgerReader`."""

    BY_IDS = Query(ADJUSTMENT, _by_ids)
    PAGES = Query(ADJUSTMENT, _pages)
    COUNTS = Statement(
        select(adjustments.c.variant_id, func.count())
        .where(adjustments.c.variant_id == any_(parameters("keys", Uuid())))
        .group_by(adjustments.c.variant_id)
    )

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_ids(
        self, ids: Sequence[AdjustmentId], *, wanted: Wanted = None
    ) -> Mapping[AdjustmentId, InventoryAdjustment]:
        return keyed(await self.BY_IDS.ask(self._database, {"keys": ids}, wanted))

    async def pages(
        self, keys: Sequence[LedgerKey], *, wanted: Wanted = None
    ) -> Mapping[LedgerKey, Page[InventoryAdjustment]]:
        pages: dict[LedgerKey, Page[InventoryAdjustment]] = {}
        for window, of in grouped((window, variant) for variant, window in keys).items():
            values = {"keys": of, **window_values(window)}
            found, rows = await self.PAGES.ask(self._database, values, wanted, WindowPlan.of(window))
            placed = grouped((row[-1], (one, Position(row[-2], one.id))) for one, row in zip(found, rows, strict=True))
            for variant in of:
                pages[variant, window] = cut(window, placed.get(variant, ()), LedgerScope(variant))
        return pages

    async def counts(self, scopes: Sequence[LedgerScope]) -> Mapping[LedgerScope, int]:
        found = await self._database.fetch(self.COUNTS, {"keys": [scope.variant_id for scope in scopes]})
        return {LedgerScope(VariantId(row[0])): row[1] for row in found}


def _change() -> Statement:
    after = variants.c.on_hand + parameter("delta", Integer())
    return Statement(
        update(variants)
        .where(variants.c.id == parameter("variant", Uuid()), after >= variants.c.reserved, after <= MOST_UNITS)
        .values(on_hand=after)
    )


VARIANTS = VARIANT.reading(None)


class SqlStock:
    """Implements `domain.products.stock_keeping.StockRepository`."""

    CHANGE = _change()
    ONE = Statement(select(*VARIANTS.columns).where(variants.c.id == parameter("variant", Uuid())))
    BOOK = inserting(adjustments, *ADJUSTMENT_COLUMNS)

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def change(self, variant_id: VariantId, delta: int) -> bool:
        await self._transaction.turn(variant_id)
        self._transaction.tell(STOCK, variant_id)
        return await self._transaction.run(self.CHANGE, {"variant": variant_id, "delta": delta}) == 1

    async def variant(self, variant_id: VariantId) -> ProductVariant | None:
        found = await self._transaction.fetch(self.ONE, {"variant": variant_id})
        return next(iter(VARIANTS.objects(found)), None)

    async def book(self, adjustment: InventoryAdjustment) -> None:
        values = {name: getattr(adjustment, name) for name in ADJUSTMENT_COLUMNS}
        await self._transaction.run(self.BOOK, {**values, "reason": adjustment.reason.value})
