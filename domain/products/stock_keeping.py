"""Counting what is on the shelves: every change is booked in the variant's ledger, in the same transaction."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.products.inventory import (
    LONGEST_NOTE,
    MOST_UNITS,
    AdjustmentId,
    InventoryAdjustment,
    InventoryReason,
    VariantId,
    checked,
)
from domain.products.product import ProductVariant
from domain.shared.clock import Clock
from domain.shared.errors import InvalidInput, NotFound, UserErrorCode
from domain.shared.ids import uuid7
from domain.shared.text import one_line
from domain.shared.work import Begin, Once, Work


class StockRepository(Protocol):
    async def change(self, variant_id: VariantId, delta: int) -> bool:
        """Add `delta` to what is on hand, unless that were fewer units than are reserved, or too many to count."""
        ...

    async def variant(self, variant_id: VariantId) -> ProductVariant | None: ...
    async def book(self, adjustment: InventoryAdjustment) -> None: ...


class StockWork(Work, Protocol):
    @property
    def stock(self) -> StockRepository: ...


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody counted, and why it differs."""

    variant_id: VariantId
    delta: int
    reason: InventoryReason
    note: str | None


@dataclass(frozen=True, slots=True)
class StockKeeping:
    begin: Begin[StockWork]
    clock: Clock

    async def adjust(self, change: Change, user_id: UUID | None, once: Once | None = None) -> ProductVariant:
        """Change what is on hand, and book it.

        Raises:
            InvalidInput: the change cannot be made.
            NotFound: there is no such variant.
        """
        checked(change.delta, change.reason)
        note = one_line(change.note or "") or None
        if note is not None and len(note) > LONGEST_NOTE:
            raise InvalidInput("note", f"must have at most {LONGEST_NOTE} characters.", UserErrorCode.TOO_LONG)
        async with self.begin(once) as work:
            changed = await work.stock.change(change.variant_id, change.delta)
            variant = await work.stock.variant(change.variant_id)
            if variant is None:
                raise NotFound("variantId", "variant")
            if not changed:
                raise _out_of_range(variant)
            await work.stock.book(
                InventoryAdjustment(
                    id=AdjustmentId(uuid7()),
                    variant_id=change.variant_id,
                    on_hand_delta=change.delta,
                    reserved_delta=0,
                    reason=change.reason,
                    note=note,
                    order_id=None,
                    user_id=user_id,
                    created_at=self.clock(),
                )
            )
            await work.commit(variant)
        return variant


def _out_of_range(variant: ProductVariant) -> InvalidInput:
    stock = variant.inventory
    problem = (
        f"must leave at least the {stock.reserved:,} units that are reserved for orders, and at most {MOST_UNITS:,}; "
        f"{stock.on_hand:,} are on hand."
    )
    return InvalidInput("delta", problem, UserErrorCode.OUT_OF_RANGE)
