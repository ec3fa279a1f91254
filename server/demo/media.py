"""Which pictures a product of the demo has."""

from collections.abc import Callable, Sequence
from uuid import UUID
from zlib import crc32

from domain.products.drafts import MediaDraft
from domain.products.product import MediaId

FOLDER = "/media/demo"
WIDTH = 800
HEIGHT = 1000
SEEDS = 1_000
MOST = 4
# nobody puts two of these side by side
_SINGLE = frozenset({"bedding"})


def picture_name(kind: str, view: str, colour: str, seed: int) -> str:
    return f"{kind}-{view}-{colour}-{seed}"


def colour_slug(colour: str) -> str:
    return colour.lower().replace(" ", "-")


def draw_media(
    name: str, kind: str, colours: Sequence[str], view: str, identity: Callable[[str], UUID]
) -> tuple[MediaDraft, ...]:
    """One picture from the front per colour (three at most), then one in `view`. `identity` makes ids from places."""
    seed = crc32(name.encode()) % SEEDS
    last = "detail" if kind in _SINGLE else view
    shown = [("front", colour) for colour in colours[: MOST - 1]] + [(last, colours[0])]
    return tuple(
        MediaDraft(
            id=MediaId(identity(str(place))),
            location=f"{FOLDER}/{picture_name(kind, look, colour_slug(colour), seed)}.svg",
            alt=_alt(name, look, colour.lower()),
            width=WIDTH,
            height=HEIGHT,
        )
        for place, (look, colour) in enumerate(shown)
    )


def _alt(name: str, view: str, colour: str) -> str:
    match view:
        case "detail":
            return f"Close-up of the {name} in {colour}"
        case "pair":
            return f"Two of the {name} side by side, the one in front in {colour}"
        case _:
            return f"{name} in {colour}, seen from the front"
