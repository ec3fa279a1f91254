"""What is in stock of one variant, and why that changed."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NewType
from uuid import UUID

from domain.shared.errors import InvalidInput, UserErrorCode

VariantId = NewType("VariantId", UUID)
AdjustmentId = NewType("AdjustmentId", UUID)

MOST_UNITS = 1_000_000_000
"""Of one variant: the column takes twice as many."""
LONGEST_NOTE = 500


class StockStatus(Enum):
    """How much of a variant is left, as buyers are told."""

    IN_STOCK = "IN_STOCK"
    LOW_STOCK = "LOW_STOCK"
    OUT_OF_STOCK = "OUT_OF_STOCK"


@dataclass(frozen=True, slots=True)
class Inventory:
    """Units on the shelf and those promised to placed orders: `0 <= reserved <= on_hand`."""

    tracked: bool
    on_hand: int
    reserved: int
    low_stock_threshold: int
    variant_id: VariantId

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved

    @property
    def for_sale(self) -> bool:
        return not self.tracked or self.on_hand > self.reserved

    @property
    def status(self) -> StockStatus:
        if not self.for_sale:
            return StockStatus.OUT_OF_STOCK
        if self.tracked and self.available <= self.low_stock_threshold:
            return StockStatus.LOW_STOCK
        return StockStatus.IN_STOCK


class InventoryReason(Enum):
    """Why units came, went, or were promised."""

    RECEIVED = "received"
    CORRECTION = "correction"
    DAMAGED = "damaged"
    RESERVED = "reserved"
    RELEASED = "released"
    SHIPPED = "shipped"
    RETURNED = "returned"


BY_HAND = frozenset({InventoryReason.RECEIVED, InventoryReason.CORRECTION, InventoryReason.DAMAGED})
"""The reasons that people give. The others belong to orders, which keep the books themselves."""


@dataclass(frozen=True, slots=True)
class InventoryAdjustment:
    """One row of a variant's ledger: what changed on the shelf, and what of it is promised."""

    id: AdjustmentId
    variant_id: VariantId
    on_hand_delta: int
    reserved_delta: int
    reason: InventoryReason
    note: str | None
    order_id: UUID | None
    user_id: UUID | None
    created_at: datetime

    @property
    def delta(self) -> int:
        """Of promised units where only those changed, of those on the shelf otherwise."""
        return self.on_hand_delta or self.reserved_delta


def checked(delta: int, reason: InventoryReason) -> None:
    """Raises: InvalidInput: nothing changes by it, or the reason does not go with it."""
    if reason not in BY_HAND:
        raise InvalidInput("reason", "must be RECEIVED, CORRECTION or DAMAGED: orders book the others themselves.")
    if delta == 0 or abs(delta) > MOST_UNITS:
        problem = f"must be from -{MOST_UNITS:,} to {MOST_UNITS:,}, and not 0."
        raise InvalidInput("delta", problem, UserErrorCode.OUT_OF_RANGE)
    if reason is InventoryReason.RECEIVED and delta < 0:
        raise InvalidInput("delta", "must be above 0 for what was received.", UserErrorCode.OUT_OF_RANGE)
    if reason is InventoryReason.DAMAGED and delta > 0:
        raise InvalidInput("delta", "must be below 0 for what was damaged.", UserErrorCode.OUT_OF_RANGE)
