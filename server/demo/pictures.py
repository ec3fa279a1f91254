"""Pictures of the demo's products, drawn when they are asked for: there are no files to store or to ship.

A name is `<kind>-<view>-<colour>-<seed>`; the seed, from 0 to 999, chooses the setting. The same name always gives the
same picture, so browsers and caches may keep it for ever.
"""

import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.demo.drawings import drawings
from server.demo.media import FOLDER, HEIGHT, WIDTH
from server.demo.palette import COLOURS, companion, luminance, mixed

_NAME = re.compile(r"([a-z]{1,20})-(front|detail|pair)-([a-z]{1,20})-(0|[1-9][0-9]{0,2})", re.ASCII)

_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}

_BACKDROPS = ("#e8ddd0", "#d9e0d8", "#dcd9e4", "#ecdacf", "#d6dfe6", "#e6dfc8", "#e5d5d3", "#d3dddc")
_MATERIALS = {
    "wood": "#c39b6c",
    "bark": "#7a5538",
    "metal": "#c2a76a",
    "steel": "#b4b9bf",
    "ink": "#35353b",
    "paper": "#fbf8f1",
    "skin": "#a9713f",
    "leaf": "#6d8f68",
    "fern": "#4c6f52",
}
_INK = "#231f2b"
_WHITE = "#ffffff"
_DARK = 0.12
_LIGHT = 0.7


def picture(name: str) -> str | None:
    """The SVG that `name` describes, or None if it describes nothing."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    kind, view, colour, seed = match.groups()
    if kind not in drawings() or colour not in COLOURS:
        return None
    base = COLOURS[colour]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        '<filter id="s" x="-20%" y="-20%" width="140%" height="140%">'
        f'<feDropShadow dx="10" dy="20" stdDeviation="14" flood-color="{_INK}" flood-opacity=".2"/></filter>'
        f"{_setting(int(seed), base)}{_view(kind, view, base, int(seed))}</svg>"
    )


def _setting(seed: int, base: str) -> str:
    """A wall, and something on it: a disc, an arch, a table, or light from a window."""
    wall = _BACKDROPS[seed % len(_BACKDROPS)]
    if luminance(base) > _LIGHT:
        wall = mixed(wall, "#a08c78", 0.25)
    pale, deep = mixed(wall, _WHITE, 0.4), mixed(wall, _INK, 0.07)
    drawn = (
        f'<circle cx="400" cy="490" r="345" fill="{pale}"/>',
        f'<path fill="{pale}" d="M90 1000 V440 A310 310 0 0 1 710 440 V1000 Z"/>',
        f'<rect y="700" width="800" height="300" fill="{deep}"/><circle cx="600" cy="250" r="150" fill="{pale}"/>',
        f'<path fill="{pale}" d="M0 620 L560 0 H800 V180 L60 1000 H0 Z"/>',
    )[seed // len(_BACKDROPS) % 4]
    return f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{wall}"/>{drawn}'


def _view(kind: str, view: str, base: str, seed: int) -> str:
    match view:
        case "detail":
            x, y = 400 + seed % 7 * 16 - 48, 430 + seed % 5 * 24
            return _placed(kind, base, f"translate(400 500) scale(1.75) translate({-x} {-y})")
        case "pair":
            behind = _placed(kind, companion(base, seed), "translate(20 60) scale(.72)")
            return behind + _placed(kind, base, "translate(196 226) scale(.74)")
        case _:
            return _placed(kind, base, "translate(28 35) scale(.93)")


def _placed(kind: str, base: str, transform: str) -> str:
    drawing = drawings()[kind].format(**_MATERIALS, **_shades(base))
    return f'<g filter="url(#s)"><g transform="{transform}">{drawing}</g></g>'


def _shades(base: str) -> dict[str, str]:
    """On dark things the lines are lighter than the ground, or they would not be seen."""
    dark = luminance(base) < _DARK
    return {
        "c": base,
        "d": mixed(base, _INK, 0.3 if dark else 0.2),
        "e": mixed(base, _WHITE, 0.35) if dark else mixed(base, _INK, 0.45),
        "l": mixed(base, _WHITE, 0.16 if dark else 0.35),
    }


async def demo_picture(request: Request) -> Response:
    """Serves `/media/demo/<name>.svg`."""
    drawn = picture(request.path_params["name"])
    if drawn is None:
        return Response("There is no such picture.", 404, {"X-Content-Type-Options": "nosniff"}, "text/plain")
    return Response(drawn, 200, _HEADERS, "image/svg+xml")


DEMO_PICTURES = Route(f"{FOLDER}/{{name}}.svg", demo_picture)
"""Mount it wherever a demo may have been loaded."""
