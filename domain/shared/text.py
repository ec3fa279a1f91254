"""Text that others wrote, where it must not do more than be read."""

import re
import unicodedata

_BREAKING = frozenset({"Cc", "Zl", "Zp"})
"""Controls and separators: all of what any program takes for the end of a line is among them."""
_STEERING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What turns the direction of the text after it, and surrogates, which no encoding can write."""


def one_line(text: str) -> str:
    """`text` without line breaks, other controls and marks of direction; white space is one blank each.

    Joiners stay: Persian words and many emoji need them.
    """
    spaced = (" " if unicodedata.category(sign) in _BREAKING else sign for sign in _STEERING.sub("", text))
    return " ".join("".join(spaced).split())
