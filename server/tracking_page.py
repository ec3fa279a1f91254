"""The page on which a buyer follows an order: `/track/<its number or id>`.

The order's token stands in the fragment, which never reaches us this way; the script, which `make web` builds, sends it
to the API. Whether it is built is looked up per request, so that a finished build shows on the next reload.
"""

from collections.abc import Sequence
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from domain.orders.order import TRACKING_PAGE
from server.graphiql_build import Manifest, is_being_built

_COMMON_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_FILE_HEADERS = {
    **_COMMON_HEADERS,
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
}
_PAGE_HEADERS = {
    **_COMMON_HEADERS,
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_SCRIPT = '<script src="../graphiql/dist/{}" defer></script>'
_NOTICE = '<p class="notice">This page cannot follow orders yet: {}</p>'
_MISSING = "its script is not built. Run <code>make web</code> (it needs npm, and a minute), and reload this page."
_BUILDING = "its script is being built right now. Reload this page in a minute."


def tracking_page(web: Path) -> Sequence[BaseRoute]:
    """The page and its style sheet from the folder `web`. GraphiQL's files, among which its script is, stand beside."""

    def page(request: Request) -> Response:  # reads files, and is run off the event loop for that
        del request
        manifest = Manifest.read(web)
        script = manifest and manifest.tracking
        content = Template((web / "track/track.html").read_text("utf-8")).substitute(
            script=_SCRIPT.format(script) if script else "",
            notice="" if script else _NOTICE.format(_BUILDING if is_being_built(web) else _MISSING),
        )
        return HTMLResponse(content, headers=_PAGE_HEADERS)

    async def style(request: Request) -> Response:
        del request
        return FileResponse(web / "track/track.css", headers=_FILE_HEADERS, media_type="text/css")

    return (
        Route(f"{TRACKING_PAGE}/{{reference}}", page),
        Route(f"{TRACKING_PAGE}/files/track.css", style),
    )
