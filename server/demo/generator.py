"""Products made by rule, as many as wanted: the same ones on every machine, one at a time.

The product with a given number does not depend on how many there are, so a shop can grow later. Ids have the layout of
UUIDv7 and rise with the number, which keeps inserts at the end of every index on them.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import TypeVar
from uuid import UUID

from domain.products.drafts import ProductDraft, VariantDraft
from domain.products.inventory import VariantId
from domain.products.product import ProductId, ProductOption, ProductStatus, Seo
from server.demo import dates
from server.demo.identity import ean13
from server.demo.media import draw_media
from server.demo.variants import LOW_STOCK_THRESHOLD, ONLY_TITLE
from server.demo.words import Line, Words, read_words

SEED = 7
NO_SEO = Seo(None, None)
# 2024-01-01, one millisecond per product: no product that somebody adds has an id of that time
_FIRST_MILLISECOND = 1_704_067_200_000
_RANDOM_BITS = 74
_SOLD_OUT = 0.05
_ON_SALE = 0.15
_BARCODED = 0.6
_GONE = 0.05
_LOW = 0.12
# how many sizes and colours a product comes in, eight variants at most; drawn with equal chances
_SIZED = ((1, 1), (2, 1), (3, 1), (3, 1), (4, 1), (5, 1), (2, 2), (2, 3), (3, 2), (4, 2))
_PLAIN = (1, 1, 2, 2, 3, 4)
# most prices are round; some end as price tags do
_ENDINGS = (0, 0, 0, 0, 50, 95, 99)
_STATUSES = (*[ProductStatus.ACTIVE] * 48, ProductStatus.DRAFT, ProductStatus.ARCHIVED)

T = TypeVar("T")


def first_id(number: int) -> UUID:
    """The lowest id that the generated product with `number` could have; those of lower numbers are below it."""
    return UUID(int=_stamped(number, 0))


def generated(count: int, first: int = 0, seed: int = SEED) -> Iterator[ProductDraft]:
    """The products numbered from `first`, `count` of them."""
    words = read_words()
    for number in range(first, first + count):
        yield _Maker(words, number, Random(seed << 40 | number)).product()  # noqa: S311 (nobody has to guess these)


@dataclass(frozen=True, slots=True)
class _Price:
    """In cents, the same for all variants but for a surcharge on the larger ones."""

    cents: int
    before: int | None
    cost: int
    step: int


class _Maker:
    """One product. Only `Random.random` and `getrandbits` are used, whose results no Python version changes."""

    __slots__ = ("_bits", "_line", "_number", "_random", "_words")

    def __init__(self, words: Words, number: int, random: Random) -> None:
        self._random: Callable[[], float] = random.random
        self._bits = random.getrandbits
        self._words = words
        self._number = number
        self._line = self._pick(words.lines)

    def product(self) -> ProductDraft:
        line = self._line
        series, style = self._pick(self._words.series), self._pick(line.styles)
        material, noun = self._pick(line.materials), self._pick(line.nouns)
        name = f"{series} {style} {material} {noun}"
        sizes, colours = self._choices()
        options, rows = _matrix(line, sizes, colours)
        sold = int(2_500 * self._random() ** 5)
        reviews = sold // 9
        status = self._pick(_STATUSES)
        published = dates.NEWEST - timedelta(seconds=int(self._random() * dates.YEAR.total_seconds()))
        return ProductDraft(
            id=ProductId(self._id()),
            name=name,
            slug=f"{_slug(series)}-{_slug(style)}-{_slug(material)}-{_slug(noun)}-{self._number + 1}",
            description=self._description(series, style.lower(), material.lower(), noun.lower()),
            status=status,
            category=line.category,
            seo=NO_SEO,
            options=options,
            variants=self._variants(rows),
            media=draw_media(name, line.picture, colours, self._pick(("detail", "pair")), lambda _: self._id()),
            units_sold=sold,
            rating_average=_cents(330 + int(165 * self._random() ** 0.5)) if reviews else Decimal(0),
            rating_count=reviews,
            created_at=published - dates.PREPARED,
            published_at=None if status is ProductStatus.DRAFT else published,
        )

    def _pick(self, items: Sequence[T]) -> T:
        return items[int(self._random() * len(items))]

    def _id(self) -> UUID:
        return UUID(int=_stamped(self._number, self._bits(_RANDOM_BITS)))

    def _choices(self) -> tuple[Sequence[str], Sequence[str]]:
        """Neighbouring sizes, and colours in the order of the line."""
        line = self._line
        if not line.values:
            return (), self._run(line.colours, self._pick(_PLAIN))
        sizes, colours = self._pick(_SIZED)
        return self._run(line.values, sizes), self._run(line.colours, colours)

    def _run(self, items: Sequence[str], length: int) -> Sequence[str]:
        start = int(self._random() * max(1, len(items) - length + 1))
        return items[start : start + length]

    def _description(self, series: str, style: str, material: str, noun: str) -> str:
        voice = self._line.voice
        sentences = [self._pick(voice.openings)]
        if self._random() < 2 / 3:
            sentences.append(self._pick(voice.middles))
        if self._random() < 1 / 2:
            sentences.append(self._pick(voice.endings))
        filled = " ".join(sentences).format(series=series, style=style, material=material, noun=noun)
        return filled[0].upper() + filled[1:]

    def _price(self) -> _Price:
        low, high = self._line.price
        # even steps on a logarithmic scale: there are more cheap things than dear ones
        dollars = int(low * (high / low) ** self._random())
        cents = dollars * 100 + self._pick(_ENDINGS)
        before = int(dollars * (1.15 + 0.5 * self._random()) + 1) * 100 if self._random() < _ON_SALE else None
        step = 0 if self._random() < 2 / 3 else max(1, dollars // 10) * 100
        return _Price(cents, before, int(cents * (0.3 + 0.2 * self._random())), step)

    def _variants(self, rows: Sequence[tuple[tuple[str, ...], int]]) -> tuple[VariantDraft, ...]:
        price = self._price()
        sold_out = self._random() < _SOLD_OUT
        barcoded = self._random() < _BARCODED
        low, high = self._line.weight
        weight = low + int((high - low) * self._random())
        code = f"S{self._number + 1:07}"
        return tuple(
            self._variant(code, values, price, size, 0 if sold_out else self._stock(), weight, barcoded=barcoded)
            for values, size in rows
        )

    def _variant(
        self, code: str, values: tuple[str, ...], price: _Price, size: int, stock: int, weight: int, *, barcoded: bool
    ) -> VariantDraft:
        sku = "-".join((code, *map(_sku, values)))
        surcharge = price.step * size
        return VariantDraft(
            id=VariantId(self._id()),
            title=" / ".join(values) or ONLY_TITLE,
            sku=sku,
            barcode=ean13(sku) if barcoded else None,
            price=_cents(price.cents + surcharge),
            compare_at_price=None if price.before is None else _cents(price.before + surcharge),
            cost_price=_cents(price.cost),
            weight_grams=weight + weight // 10 * size,
            tracked=True,
            on_hand=stock,
            low_stock_threshold=LOW_STOCK_THRESHOLD,
            values=values,
        )

    def _stock(self) -> int:
        chance = self._random()
        if chance < _GONE:
            return 0
        if chance < _GONE + _LOW:
            return 1 + int(LOW_STOCK_THRESHOLD * self._random())
        return LOW_STOCK_THRESHOLD + 1 + int(180 * self._random())


def _matrix(
    line: Line, sizes: Sequence[str], colours: Sequence[str]
) -> tuple[tuple[ProductOption, ...], Sequence[tuple[tuple[str, ...], int]]]:
    """The options that leave a choice, and for each variant its values and the rank of its size."""
    options: list[ProductOption] = []
    if len(sizes) > 1:
        options.append(ProductOption(line.option, sizes))
    if len(colours) > 1:
        options.append(ProductOption("Colour", colours))
    rows = [
        ((size,) * (len(sizes) > 1) + (colour,) * (len(colours) > 1), rank)
        for rank, size in enumerate(sizes or ("",))
        for colour in colours
    ]
    return tuple(options), rows


def _stamped(number: int, random: int) -> int:
    return (_FIRST_MILLISECOND + number) << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & (1 << 62) - 1


@lru_cache(maxsize=1 << 16)
def _cents(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


@lru_cache(maxsize=4_096)
def _slug(words: str) -> str:
    plain = words.lower().replace("é", "e").replace("ê", "e").replace("'", "")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


@lru_cache(maxsize=4_096)
def _sku(value: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "-", value.upper()).strip("-")
