import hashlib
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import OperationDefinitionNode, parse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.graphiql import GraphiQL, read_examples
from server.graphiql_build import is_outdated

WEB = Path(__file__).parents[2] / "web"
SCRIPT, STYLE = "graphiql-0123456789abcdef.js", "graphiql-fedcba9876543210.css"


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """Return what a checkout has before anybody has built."""
    for folder in ("src", "examples"):
        (tmp_path / folder).mkdir()
    (tmp_path / "src/explorer.js").write_text("'use strict';")
    (tmp_path / "src/explorer.css").write_text("body { margin: 0 }")
    (tmp_path / "libraries.json").write_bytes((WEB / "libraries.json").read_bytes())
    return tmp_path


@pytest.fixture
def built(web: Path) -> Path:
    build(web)
    return web


def build(web: Path) -> None:
    (web / "dist").mkdir()
    (web / "dist" / SCRIPT).write_text("window.GraphiQL = {};")
    (web / "dist" / STYLE).write_text("a { color: red }")
    (web / "dist/manifest.json").write_text(json.dumps({"inputs": "", "scripts": [SCRIPT], "styles": [STYLE]}))


async def get(web: Path, path: str = "/graphql", **headers: str) -> httpx.Response:
    graphiql = GraphiQL(web)

    def page(_: Request) -> Response:
        return graphiql.page()

    app = Starlette(routes=[Route("/graphql", page), graphiql.files()])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://souk.test") as visitor:
        return await visitor.get(path, headers=headers)


def urls(page: str) -> list[str]:
    return re.findall(r'<(?:script|link)[^>]+(?:src|href)="([^"]+)"', page)


def config(page: str) -> dict[str, Any]:
    blocks = re.findall(r'<script type="application/json" id="config">(.*?)</script>', page, re.DOTALL)
    return json.loads(blocks[0])


async def test_before_a_build_the_page_tells_how_to_get_one(web: Path) -> None:
    page = (await get(web)).text
    assert "<code>make web</code> (it needs npm" in page
    assert "need not be restarted" in page


async def test_before_a_build_the_libraries_come_from_a_cdn_with_their_version_and_hash(web: Path) -> None:
    page = (await get(web)).text
    foreign = re.findall(r'(?:src|href)="https://cdn\.jsdelivr\.net/npm/[^"]+@\d+\.\d+\.\d+/[^"]+"([^>]*)>', page)
    assert len(foreign) == len(json.loads((WEB / "libraries.json").read_text()))
    assert all('integrity="sha384-' in rest and 'crossorigin="anonymous"' in rest for rest in foreign)


async def test_before_a_build_the_policy_allows_nothing_foreign_but_these_files(web: Path) -> None:
    response = await get(web)
    policy = response.headers["content-security-policy"]
    assert set(re.findall(r"https://[^ ;]+", policy)) == {url for url in urls(response.text) if "://" in url}
    assert "'unsafe-eval'" not in policy


async def test_an_unfinished_build_is_reported_with_the_place_of_its_log(web: Path) -> None:
    (web / ".build").mkdir()
    (web / ".build/log").write_text("npm error")
    page = (await get(web)).text
    assert "did not finish" in page
    assert "web/.build/log" in page
    assert str(web) not in page


async def test_a_finished_build_shows_on_the_next_reload(web: Path) -> None:
    assert "make web" in (await get(web)).text
    build(web)
    assert "make web" not in (await get(web)).text
    assert (await get(web, f"/graphiql/dist/{SCRIPT}")).text == "window.GraphiQL = {};"


async def test_after_a_build_the_page_refers_to_its_own_files_only(built: Path) -> None:
    response = await get(built)
    own = [url for url in urls(response.text) if not url.startswith("data:")]
    assert own == [
        f"/graphiql/dist/{STYLE}",
        f"/graphiql/dist/{SCRIPT}",
        "/graphiql/src/explorer.css",
        "/graphiql/src/explorer.js",
    ]
    assert [(await get(built, url)).status_code for url in own] == [200] * 4
    assert "://" not in response.text
    assert "://" not in response.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/graphql", f"/graphiql/dist/{SCRIPT}", "/graphiql/src/explorer.js"])
async def test_page_and_files_carry_security_headers(built: Path, path: str) -> None:
    headers = (await get(built, path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_the_page_runs_no_inline_script(built: Path) -> None:
    response = await get(built)
    scripts = re.findall(r"<script([^>]*)>", response.text)
    assert all("src=" in script or 'type="application/json"' in script for script in scripts)
    assert "script-src 'self';" in response.headers["content-security-policy"]


async def test_the_configuration_has_the_endpoint_and_every_example_in_order(web: Path) -> None:
    (web / "examples/02-later.graphql").write_text("{ later }")
    (web / "examples/01-first.graphql").write_text("query First($id: ID!) { node(id: $id) { id } }")
    (web / "examples/01-first.json").write_text('{"id": "x"}')
    assert config((await get(web)).text) == {
        "endpoint": "/graphql",
        "examples": [
            {
                "name": "01-first",
                "query": "query First($id: ID!) { node(id: $id) { id } }",
                "variables": '{"id": "x"}',
            },
            {"name": "02-later", "query": "{ later }", "variables": None},
        ],
    }


async def test_an_example_cannot_end_the_block_it_stands_in(web: Path) -> None:
    hostile = "# </script><script>alert(1)</script> <!-- &amp; $notice \u2028\n{ shop { name } }"
    (web / "examples/01-hostile.graphql").write_text(hostile)
    page = (await get(web)).text
    assert "alert(1)<" not in page
    assert "<!--" not in page
    assert config(page)["examples"][0]["query"] == hostile


async def test_a_script_is_sent_as_a_script_and_a_style_sheet_as_a_style_sheet(built: Path) -> None:
    assert (await get(built, f"/graphiql/dist/{SCRIPT}")).headers["content-type"] == "text/javascript; charset=utf-8"
    assert (await get(built, f"/graphiql/dist/{STYLE}")).headers["content-type"] == "text/css; charset=utf-8"


async def test_names_with_a_hash_are_kept_for_good_and_others_are_asked_about(built: Path) -> None:
    assert (await get(built, f"/graphiql/dist/{SCRIPT}")).headers[
        "cache-control"
    ] == "public, max-age=31536000, immutable"
    first = await get(built, "/graphiql/src/explorer.js")
    assert first.headers["cache-control"] == "no-cache"
    again = await get(built, "/graphiql/src/explorer.js", **{"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "dist/../libraries.json",
        "dist/%2e%2e/libraries.json",
        "dist/..%2flibraries.json",
        "dist/%2fetc%2fpasswd",
        "dist//etc/passwd",
        "dist/link.js",
        "dist/",
        "dist/missing.js",
        "src/..%5clibraries.json",
        "examples/secret.graphql",
        "libraries.json",
    ],
)
async def test_nothing_outside_the_two_folders_is_served(built: Path, path: str) -> None:
    (built / "dist/link.js").symlink_to(built / "libraries.json")
    assert (await get(built, f"/graphiql/{path}")).status_code == 404


async def test_files_of_a_missing_build_are_not_found(web: Path) -> None:
    assert (await get(web, f"/graphiql/dist/{SCRIPT}")).status_code == 404


def test_every_shipped_example_is_one_explained_operation_whose_variables_it_declares() -> None:
    examples = read_examples(WEB / "examples")
    assert len(examples) >= 6
    for example in examples:
        assert re.match(r"\d\d-[a-z-]+$", example.name)
        assert example.query.startswith("# ")
        operations = [node for node in parse(example.query).definitions if isinstance(node, OperationDefinitionNode)]
        assert len(operations) == 1
        assert operations[0].name is not None
        declared = {variable.variable.name.value for variable in operations[0].variable_definitions or ()}
        assert set(json.loads(example.variables or "{}")) <= declared


def test_the_pinned_libraries_are_the_locked_packages() -> None:
    packages = json.loads((WEB / "package-lock.json").read_text())["packages"]
    for library in json.loads((WEB / "libraries.json").read_text()):
        assert packages[f"node_modules/{library['package']}"]["version"] == library["version"]


def test_every_locked_package_has_its_hash_and_no_address() -> None:
    packages = json.loads((WEB / "package-lock.json").read_text())["packages"]
    installed = {path: package for path, package in packages.items() if path}
    assert all(package["integrity"].startswith("sha512-") for package in installed.values())
    assert not any("resolved" in package for package in installed.values())


@pytest.mark.skipif(is_outdated(WEB), reason="web/dist is not built from these files: run `make web`")
def test_names_in_the_built_folder_tell_their_content() -> None:
    built = [path for path in (WEB / "dist").iterdir() if path.name != "manifest.json"]
    assert len(built) == len(json.loads((WEB / "libraries.json").read_text())) + 1  # and the page of orders
    assert all(hashlib.sha256(path.read_bytes()).hexdigest()[:16] in path.name for path in built)
