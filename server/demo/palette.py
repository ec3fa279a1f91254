"""The colours that pictures can be painted in, by the slug of what a variant calls them."""

from collections.abc import Mapping

COLOURS: Mapping[str, str] = {
    "amber": "#c98a2b",
    "black": "#2d2c31",
    "blue": "#3f6fb0",
    "blush": "#e6bfb3",
    "brass": "#c2a04f",
    "burgundy": "#74283a",
    "camel": "#bd9263",
    "charcoal": "#47494f",
    "chocolate": "#5a3d30",
    "clay": "#b98468",
    "copper": "#b26b49",
    "coral": "#e5765f",
    "cream": "#efe5d0",
    "denim": "#5b7696",
    "emerald": "#2f7a5c",
    "forest": "#34523f",
    "graphite": "#5c5f66",
    "green": "#5a8f5f",
    "grey": "#9b9c9e",
    "indigo": "#38426f",
    "ink": "#2b3448",
    "ivory": "#f3ecdc",
    "lavender": "#a79cc6",
    "lilac": "#c0aed1",
    "moss": "#707a47",
    "mustard": "#d1a038",
    "natural": "#dccdb0",
    "navy": "#2a3a5c",
    "oak": "#c39b6c",
    "oatmeal": "#d6c7ae",
    "ochre": "#c48a35",
    "olive": "#7b7a4a",
    "orange": "#dd8a3c",
    "pearl": "#e4e1dc",
    "pink": "#dd9aa6",
    "plum": "#6b4460",
    "red": "#b6413b",
    "rose": "#cf8b8b",
    "rust": "#ac5637",
    "sage": "#9dad90",
    "sand": "#d9bf97",
    "silver": "#b9bdc3",
    "sky": "#93b6cf",
    "slate": "#66737f",
    "stone": "#b5ab9c",
    "tan": "#b17f52",
    "teal": "#2f7377",
    "terracotta": "#c26d4d",
    "walnut": "#7a5538",
    "white": "#f7f5f0",
}

_COMPANIONS = ("#e9dcc3", "#8d9a7d", "#b98468", "#66737f", "#d1a038", "#3d4a66")


def mixed(colour: str, other: str, share: float) -> str:
    """`colour` with a share (0 to 1) of `other` in it; both are `#rrggbb`."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def luminance(colour: str) -> float:
    """From 0 (black) to 1 (white), by the weights of sRGB."""
    red, green, blue = (channel / 255 for channel in _channels(colour))
    return 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2


def companion(colour: str, seed: int) -> str:
    """Another colour that goes with it, and can be told from it."""
    candidates = [other for other in _COMPANIONS if abs(luminance(other) - luminance(colour)) > 1 / 8]
    return candidates[seed % len(candidates)]


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
