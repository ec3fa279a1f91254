"""What sells best: by this figure BEST_SELLING sorts, and RELEVANCE where no words are searched for.

It is the units that were sold of a product, of all its variants together. What a product had sold when it came into the
shop is part of it, and stays.
"""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from domain.products.inventory import VariantId


class SalesRanking(Protocol):
    """Each sale counts once, however often it is told of, and can be taken back.

    The products have not changed by it, and are not dated anew.
    """

    async def count(self, sale: UUID, sold: Mapping[VariantId, int]) -> None:
        """Add what was sold of each variant; those that are not in the catalogue any more count for nothing."""
        ...

    async def take_back(self, sale: UUID) -> None:
        """Take off exactly what the sale was counted for, which is nothing if it was not; never below zero."""
        ...
