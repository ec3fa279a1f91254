import re
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from server.account_pages import ACCOUNT_PAGES

WEB = Path(__file__).parents[2] / "web/account"
PAGES = ("/account/verify-email", "/account/reset-password", "/account/confirm-email")
FILES = {"/account/files/account.js": "text/javascript", "/account/files/account.css": "text/css"}
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}

every_page = pytest.mark.parametrize("path", PAGES)
every_file = pytest.mark.parametrize(("path", "media_type"), FILES.items())


@pytest.fixture
async def visitor() -> AsyncGenerator[httpx.AsyncClient]:
    app = Starlette(routes=ACCOUNT_PAGES)
    app.router.redirect_slashes = False  # as in the shop
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as opened:
        yield opened


@every_page
async def test_all_links_lead_to_the_same_page(visitor: httpx.AsyncClient, path: str) -> None:
    response = await visitor.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.content == (WEB / "account.html").read_bytes()


@every_page
async def test_a_page_may_load_and_call_its_own_origin_only(visitor: httpx.AsyncClient, path: str) -> None:
    headers = (await visitor.get(path)).headers
    assert set(headers["content-security-policy"].split("; ")) == POLICY
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@every_file
async def test_files_have_their_type_and_may_do_nothing(visitor: httpx.AsyncClient, path: str, media_type: str) -> None:
    response = await visitor.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert response.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", [*PAGES, *FILES])
async def test_head_says_what_get_says_without_a_body(visitor: httpx.AsyncClient, path: str) -> None:
    head, get = await visitor.head(path), await visitor.get(path)
    assert head.status_code == 200
    assert head.content == b""
    assert dict(head.headers) == dict(get.headers)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "account.html",
        "other.js",
        "ACCOUNT.JS",
        "account.js/",
        "..%2f..%2fpyproject.toml",
        "%2e%2e/account.html",
        "account.js%00",
    ],
)
async def test_other_names_are_not_there(visitor: httpx.AsyncClient, name: str) -> None:
    assert (await visitor.get(f"/account/files/{name}")).status_code == 404


@every_page
async def test_a_page_takes_no_posts(visitor: httpx.AsyncClient, path: str) -> None:
    assert (await visitor.post(path)).status_code == 405


def test_the_page_has_nothing_inline_and_nothing_from_elsewhere() -> None:
    page = (WEB / "account.html").read_text("utf-8")
    assert re.findall(r"<script([^>]*)>", page) == [' src="files/account.js" defer']
    assert re.findall(r'(?:src|href)="([^"]+)"', page) == ["files/account.css", "files/account.js"]
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    for name in ("account.html", "account.js", "account.css"):
        assert "//" not in re.sub(r"^\s*// .*$|; // .*$", "", (WEB / name).read_text("utf-8"), flags=re.MULTILINE)


def test_the_script_writes_text_and_never_markup() -> None:
    script = (WEB / "account.js").read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|console\.|Storage", script)
