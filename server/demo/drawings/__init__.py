"""What pictures can show: SVG drawings on a sheet of 800 by 1000, waiting for their colours.

A drawing in `*.toml` names its colours in braces: {c} the product's own, {d} darker, {e} for lines on it, {l} lighter;
{wood}, {bark}, {metal}, {steel}, {ink}, {paper}, {skin} (tan leather), {leaf} and {fern} are the same in every picture.
It may begin with one of the `parts` of its file.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from server.demo.tables import Table, mapping, text

FOLDER = Path(__file__).parent


@cache
def drawings() -> Mapping[str, str]:
    """All drawings, by the kind of product they show."""
    found: dict[str, str] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        top = Table(path.name, tomllib.loads(path.read_text(encoding="utf-8")))
        parts = _texts(top, "parts")
        for kind, drawing in _texts(top, "drawings").items():
            first = next((part for part in parts if drawing.startswith(f"{{{part}}}")), None)
            found[kind] = drawing if first is None else drawing.replace(f"{{{first}}}", parts[first], 1)
        top.finish()
    return found


def _texts(top: Table, name: str) -> Mapping[str, str]:
    entries = top.optional(name, mapping, {})
    table = Table(f"{top.place}, {name}", entries)
    return {key: table.required(key, text) for key in entries}
