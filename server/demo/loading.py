"""Fills a shop with the demo: the hand-made catalogue, and generated products up to a wanted number."""

from collections.abc import Callable
from dataclasses import dataclass

from persistence.database import ConnectionSettings
from persistence.products.bulk import loading
from server.demo.reading import read_catalogue

Progress = Callable[[int, int], None]
"""Told how many products are dealt with, and how many there are in all."""


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What a load did. `products_kept` were in the shop already and were left as they are."""

    categories_added: int
    products_added: int
    products_kept: int

    @property
    def changed(self) -> bool:
        return bool(self.categories_added or self.products_added)


async def load_demo(settings: ConnectionSettings, products: int | None, progress: Progress) -> DemoReport:
    """Add what is missing of the demo. Loading again changes nothing, or continues what was interrupted.

    Raises:
        BadCatalogue: a file of the catalogue cannot be used.
        Unavailable: the database does not answer, or another load is running on it.
    """
    catalogue = read_catalogue()
    total = max(products or 0, len(catalogue.products))
    async with loading(settings) as loader:
        categories_added = await loader.categories(catalogue.categories)
        made = await loader.products(catalogue.products, lambda done: progress(done, total))
        report = DemoReport(categories_added, made.added, made.kept)
        if report.changed:
            await loader.finish()
        return report
