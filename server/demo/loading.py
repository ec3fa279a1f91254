"""Fills a shop with the demo: the hand-made catalogue, store settings, and generated products up to a wanted number."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from domain.products.drafts import ProductDraft
from persistence.connections import ConnectionSettings
from persistence.products.bulk import Loader, loading
from server.demo.generator import first_id, generated
from server.demo.reading import read_catalogue
from server.demo.store import furnish

Progress = Callable[[int, int], None]
"""Told how many products are dealt with, and how many there are in all."""

BLOCK = 10_000
"""Generated products are counted in blocks; only those that lack one are made again."""


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What a load did. `products_kept` were in the shop already and were left as they are."""

    categories_added: int
    products_added: int
    products_kept: int
    settings_added: int

    @property
    def changed(self) -> bool:
        return bool(self.categories_added or self.products_added or self.settings_added)


async def load_demo(settings: ConnectionSettings, products: int | None, progress: Progress) -> DemoReport:
    """Add what is missing of the demo. Loading again changes nothing, or continues what was interrupted.

    The hand-made catalogue is always loaded whole, even when `products` is smaller. What somebody edited is left as it
    is, a product that was deleted comes back, and the shop's other products are not counted.

    Raises:
        BadCatalogue: a file of the catalogue cannot be used.
        Unavailable: the database does not answer, or another load is running on it.
    """
    catalogue = read_catalogue()
    made = len(catalogue.products)
    total = max(products or 0, made)
    async with loading(settings) as loader:
        categories = await loader.categories(catalogue.categories)
        by_hand = await loader.products(catalogue.products, lambda done: progress(done, total))
        missing = await _incomplete(loader, total - made)
        there = total - made - sum(len(block) for block in missing)
        by_rule = await loader.products(_products(missing), lambda done: progress(made + there + done, total))
        kept = by_hand.kept + there + by_rule.kept
        report = DemoReport(categories, by_hand.added + by_rule.added, kept, await furnish(settings))
        if report.changed:
            await loader.finish()
    progress(total, total)
    return report


async def _incomplete(loader: Loader, count: int) -> Sequence[range]:
    """The blocks of numbers, of `count` in all, of which the shop lacks a product."""
    blocks = [range(first, min(first + BLOCK, count)) for first in range(0, count, BLOCK)]
    return [
        block
        for block in blocks
        if await loader.count_between(first_id(block.start), first_id(block.stop)) < len(block)
    ]


def _products(blocks: Sequence[range]) -> Iterator[ProductDraft]:
    for block in blocks:
        yield from generated(len(block), block.start)
