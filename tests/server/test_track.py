"""The page on which buyers follow their orders, over HTTP."""

import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from server.graphiql_build import Manifest, is_outdated
from server.tracking_page import tracking_page

WEB = Path(__file__).parents[2] / "web"
SCRIPT = "track-0123456789abcdef.js"
PAGE = "/track/7KQ2-M0XD-94RT"
STYLE = "/track/files/track.css"
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """What a checkout has before anybody has built."""
    (tmp_path / "track").mkdir()
    for name in ("track.html", "track.css"):
        (tmp_path / "track" / name).write_bytes((WEB / "track" / name).read_bytes())
    return tmp_path


def build(web: Path, **more: str) -> None:
    (web / "dist").mkdir()
    (web / "dist/manifest.json").write_text(json.dumps({"inputs": "", "scripts": [], "styles": [], **more}))


@asynccontextmanager
async def visiting(web: Path) -> AsyncGenerator[httpx.AsyncClient]:
    app = Starlette(routes=tracking_page(web))
    app.router.redirect_slashes = False  # as in the shop
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as opened:
        yield opened


def scripts(page: str) -> list[str]:
    return re.findall(r"<script([^>]*)>", page)


@pytest.mark.parametrize("path", [PAGE, "/track/T3JkZXI6MDE4ZjBiZjQtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAw"])
async def test_numbers_and_ids_lead_to_the_page(web: Path, path: str) -> None:
    build(web, tracking=SCRIPT)
    async with visiting(web) as visitor:
        response = await visitor.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert scripts(response.text) == [f' src="../graphiql/dist/{SCRIPT}" defer']
    assert "make web" not in response.text


async def test_what_stands_in_the_address_is_not_repeated(web: Path) -> None:
    async with visiting(web) as visitor:
        assert (await visitor.get("/track/<script>alert(1)")).text == (await visitor.get(PAGE)).text


@pytest.mark.parametrize("built", ["never", "before there was this page"])
async def test_before_a_build_the_page_says_how_to_get_one_and_loads_nothing(web: Path, built: str) -> None:
    if built != "never":
        build(web)
    async with visiting(web) as visitor:
        page = (await visitor.get(PAGE)).text
    assert "<code>make web</code>" in page
    assert scripts(page) == []


async def test_a_finished_build_shows_on_the_next_reload(web: Path) -> None:
    async with visiting(web) as visitor:
        assert scripts((await visitor.get(PAGE)).text) == []
        build(web, tracking=SCRIPT)
        assert len(scripts((await visitor.get(PAGE)).text)) == 1


async def test_without_scripts_the_page_says_what_it_needs(web: Path) -> None:
    async with visiting(web) as visitor:
        page = (await visitor.get(PAGE)).text
    [told] = re.findall(r"<noscript><p>(.*?)</p></noscript>", page)
    assert told.startswith("This page needs JavaScript")


async def test_the_page_may_load_and_call_its_own_origin_only(web: Path) -> None:
    async with visiting(web) as visitor:
        headers = (await visitor.get(PAGE)).headers
    assert set(headers["content-security-policy"].split("; ")) == POLICY
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


async def test_the_style_sheet_has_its_type_and_may_do_nothing(web: Path) -> None:
    async with visiting(web) as visitor:
        response = await visitor.get(STYLE)
    assert response.content == (WEB / "track/track.css").read_bytes()
    assert response.headers["content-type"] == "text/css; charset=utf-8"
    assert response.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/track/", "/track", "/track/files/track.js", "/track/files/..%2ftrack.html"])
async def test_other_addresses_are_not_there(web: Path, path: str) -> None:
    async with visiting(web) as visitor:
        assert (await visitor.get(path)).status_code == 404


async def test_the_page_takes_no_posts(web: Path) -> None:
    async with visiting(web) as visitor:
        assert (await visitor.post(PAGE)).status_code == 405


async def test_the_whole_application_serves_it(client: httpx.AsyncClient) -> None:
    response = await client.get(PAGE)
    assert response.status_code == 200
    assert set(response.headers["content-security-policy"].split("; ")) == POLICY
    assert (await client.get(STYLE)).status_code == 200


def test_the_page_has_nothing_inline_and_nothing_from_elsewhere() -> None:
    page = (WEB / "track/track.html").read_text("utf-8")
    assert re.findall(r'(?:src|href)="([^"]+)"', page) == ["../account/files/account.css", "files/track.css"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|//", page)


@pytest.mark.parametrize("name", ["track.js", "following.js", "steps.js"])
def test_the_scripts_write_text_and_never_markup(name: str) -> None:
    script = (WEB / "track" / name).read_text("utf-8")
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|console\.|localStorage|cookie"
    assert not re.search(forbidden, script)


@pytest.mark.skipif(is_outdated(WEB), reason="web/dist is not built from these files: run `make web`")
def test_the_build_has_the_script_with_the_client_inside() -> None:
    manifest = Manifest.read(WEB)
    assert manifest is not None
    assert manifest.tracking is not None
    script = (WEB / "dist" / manifest.tracking).read_text("utf-8")
    assert "graphql-transport-ws" in script
    assert "orderEvents" in script
