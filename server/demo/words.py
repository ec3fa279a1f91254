"""The word lists that generated products are made of."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from server.demo.tables import BadCatalogue, Table, counts, mapping, sequence, text, texts

FILE = Path(__file__).parent / "words.toml"
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Voice:
    """Sentences of descriptions: one opening, and perhaps a middle and an ending."""

    openings: Sequence[str]
    middles: Sequence[str]
    endings: Sequence[str]


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of product of a category. Prices in dollars and weights in grams, lowest and highest."""

    category: str
    picture: str
    voice: Voice
    nouns: Sequence[str]
    materials: Sequence[str]
    styles: Sequence[str]
    colours: Sequence[str]
    option: str
    values: Sequence[str]
    price: Span
    weight: Span


@dataclass(frozen=True, slots=True)
class Words:
    series: Sequence[str]
    lines: Sequence[Line]


@cache
def read_words(path: Path = FILE) -> Words:
    """Raises: BadCatalogue: a list is missing or has something wrong in it."""
    top = Table(path.name, tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal))
    voices = {name: _voice(path, name, value) for name, value in top.required("voices", mapping).items()}
    series = top.required("series", texts)
    lines = [_line(path, value, voices) for value in top.required("lines", sequence)]
    top.finish()
    return Words(series, lines)


def _voice(path: Path, name: str, value: object) -> Voice:
    table = Table(f"{path.name}, voices.{name}", mapping(value))
    voice = Voice(table.required("openings", texts), table.required("middles", texts), table.required("endings", texts))
    table.finish()
    return voice


def _line(path: Path, value: object, voices: dict[str, Voice]) -> Line:
    values = mapping(value)
    table = Table(f"{path.name}, line for {values.get('category', 'no category')}", values)
    voice = table.required("voice", text)
    if voice not in voices:
        raise table.wrong("voice", f"must be one of {', '.join(voices)}")
    line = Line(
        category=table.required("category", text),
        picture=table.required("picture", text),
        voice=voices[voice],
        nouns=table.required("nouns", texts),
        materials=table.required("materials", texts),
        styles=table.required("styles", texts),
        colours=table.required("colours", texts),
        option=table.optional("option", text, ""),
        values=table.optional("values", texts, ()),
        price=_span(table, "price"),
        weight=_span(table, "weight"),
    )
    table.finish()
    return line


def _span(table: Table, name: str) -> Span:
    match table.required(name, counts):
        case (low, high) if low < high:
            return low, high
        case _:
            raise BadCatalogue(table.place, name, "must be the lowest and the highest value")
