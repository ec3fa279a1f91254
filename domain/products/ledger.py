"""How a variant's ledger is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.products.inventory import AdjustmentId, InventoryAdjustment, VariantId
from domain.shared.paging import Order, Page, Window
from domain.shared.reading import Wanted

NEWEST_FIRST = Order("CREATED_AT", datetime, descending=True)


@dataclass(frozen=True, slots=True)
class LedgerScope:
    """The whole ledger of one variant."""

    variant_id: VariantId


LedgerKey = tuple[VariantId, Window]


class LedgerReader(Protocol):
    async def by_ids(
        self, ids: Sequence[AdjustmentId], *, wanted: Wanted = None
    ) -> Mapping[AdjustmentId, InventoryAdjustment]: ...
    async def pages(
        self, keys: Sequence[LedgerKey], *, wanted: Wanted = None
    ) -> Mapping[LedgerKey, Page[InventoryAdjustment]]:
        """One statement for all variants that ask for the same window."""
        ...

    async def counts(self, scopes: Sequence[LedgerScope]) -> Mapping[LedgerScope, int]: ...
