"""The shop itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Shop:
    """Its name and the one currency (ISO 4217) that all its prices are in."""

    name: str
    currency_code: str

    @property
    def currencies(self) -> Sequence[str]:
        return (self.currency_code,)


class ShopReader(Protocol):
    async def shop(self) -> Shop: ...
