"""The pages that the links in letters about accounts lead to.

All are one HTML page, whose script goes by the last word of the address. Tokens stand in the fragment, which never
reaches us this way; the script sends them to the API when somebody presses the button.
"""

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from domain.users.letters import CONFIRM_EMAIL_PAGE, RESET_PASSWORD_PAGE, VERIFY_EMAIL_PAGE
from server.settings import CHECKOUT

_FOLDER = CHECKOUT / "web" / "account"
_FILES = {"account.js": "text/javascript", "account.css": "text/css"}
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


async def account_page(request: Request) -> Response:
    del request
    return FileResponse(_FOLDER / "account.html", headers=_PAGE_HEADERS, media_type="text/html")


async def account_file(request: Request) -> Response:
    """Serves `/account/files/<name>`, of which there are two."""
    name = request.path_params["name"]
    if name not in _FILES:
        raise HTTPException(404)
    return FileResponse(_FOLDER / name, headers=_FILE_HEADERS, media_type=_FILES[name])


ACCOUNT_PAGES: Sequence[BaseRoute] = (
    *(Route(path, account_page) for path in (VERIFY_EMAIL_PAGE, RESET_PASSWORD_PAGE, CONFIRM_EMAIL_PAGE)),
    Route("/account/files/{name}", account_file),
)
