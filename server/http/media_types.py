"""Media types: which one an answer gets, and which ones a body may have."""

from enum import Enum
from functools import lru_cache
from typing import NamedTuple


class MediaType(Enum):
    """What we can answer with. When a client has no preference, the first one wins."""

    JSON = "application/json"
    RESPONSE = "application/graphql-response+json"
    HTML = "text/html"
    EVENTS = "text/event-stream"

    def __init__(self, name: str) -> None:
        self.content_type = f"{name}; charset=utf-8".encode()

    @property
    def refusal_status(self) -> int:
        """Of a request that was understood and cannot be executed.

        A proxy may have made an `application/json` answer with 4xx, so under that type the specification asks for 200.
        """
        return 400 if self is MediaType.RESPONSE else 200


class Range(NamedTuple):
    """One entry of an Accept header."""

    kind: str
    quality: float
    position: int

    def precision(self, media_type: MediaType) -> int:
        """How exactly it means this type; 0: not at all. Pages and streams are for those who ask for them by name."""
        if self.kind == media_type.value:
            return 3
        if media_type in {MediaType.HTML, MediaType.EVENTS}:
            return 0
        return {"application/*": 2, "*/*": 1}.get(self.kind, 0)


@lru_cache(maxsize=256)
def preferred(accept: bytes, *, page: bool = False) -> MediaType | None:
    """The type to answer with, or None when nothing we have is acceptable; HTML only where there is a `page`.

    Quality decides, then the order in which the client names types.
    """
    ranges = [_range(part, position) for position, part in enumerate(accept.decode("latin-1").split(","))]
    best: MediaType | None = None
    best_rank = (0.0, 0)
    for media_type in MediaType:
        rank = _rank(media_type, ranges)
        if rank is not None and rank > best_rank and (page or media_type is not MediaType.HTML):
            best, best_rank = media_type, rank
    return best


def _rank(media_type: MediaType, ranges: list[Range]) -> tuple[float, int] | None:
    """Later entries rank lower; the most precise entry speaks for the type, even when it says no."""
    meant = [(one.precision(media_type), -one.position, one.quality) for one in ranges if one.precision(media_type)]
    if not meant:
        return None
    _, position, quality = max(meant)
    return (quality, position) if quality > 0 else None


def _range(text: str, position: int) -> Range:
    kind, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = 1.0
    for parameter in parameters:
        name, _, value = (part.strip() for part in parameter.partition("="))
        if name == "q":
            quality = _quality(value)
        elif name == "charset" and value.strip('"') not in {"utf-8", "utf8"}:
            quality = 0.0
    return Range(kind, quality, position)


def _quality(text: str) -> float:
    """Nonsense counts as 0: what cannot be read is not wished."""
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0


@lru_cache(maxsize=256)
def is_json(content_type: bytes) -> bool:
    """Whether a body of this type is JSON in UTF-8."""
    kind, *parameters = (part.strip().lower() for part in content_type.split(b";"))
    if kind != b"application/json":
        return False
    charsets = [part.partition(b"=")[2].strip(b' "') for part in parameters if part.startswith(b"charset")]
    return all(charset in {b"utf-8", b"utf8"} for charset in charsets)
