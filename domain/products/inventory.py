"""What is in stock of one variant."""

from dataclasses import dataclass
from enum import Enum


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
