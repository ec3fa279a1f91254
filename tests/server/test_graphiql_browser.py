import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from graphql import build_schema, introspection_from_schema
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from uvicorn import Config, Server

from server.graphiql import GraphiQL, read_examples
from tests.server.chromium import CHROMIUM, FLAGS

WEB = Path(__file__).parents[2] / "web"
PATIENCE = "--virtual-time-budget=20000"  # milliseconds of the page's clock, which waits for the network
SCHEMA = build_schema("type Query { shop: Shop! } type Shop { name: String! } schema { query: Query }")

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
    pytest.mark.skipif(not (WEB / "dist/manifest.json").exists(), reason="web/dist is not built: run `make web`"),
]


class Site:
    """GraphiQL and an endpoint that answers introspection, on a loopback port."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.operations: list[str | None] = []
        self._graphiql = GraphiQL(WEB)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/graphql", self._page, methods=["GET"]),
                Route("/graphql", self._execute, methods=["POST"]),
                self._graphiql.files(),
            ]
        )

    def _page(self, _: Request) -> Response:
        return self._graphiql.page()

    async def _execute(self, request: Request) -> Response:
        body = await request.json()
        self.operations.append(body.get("operationName"))
        return JSONResponse({"data": introspection_from_schema(SCHEMA)})


class Visit:
    """What one look at the page left: the document, the console, and every request the page made."""

    def __init__(self, origin: str, folder: Path) -> None:
        log = folder / "net.json"
        command = [
            str(CHROMIUM),
            *FLAGS,
            PATIENCE,
            f"--user-data-dir={folder}/profile",
            f"--log-net-log={log}",
            f"{origin}/graphql",
        ]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=120, check=True, env={**os.environ, "HOME": str(folder)}
        )
        self.document, self.console = done.stdout, done.stderr
        self.requests = list(requests(json.loads(log.read_text()), origin))


def requests(log: dict[str, Any], origin: str) -> Iterator[str]:
    """Take from the browser's log what the page asked for; its own errands have no initiator."""
    start = log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    for event in log["events"]:
        request = event.get("params", {})
        if event["type"] == start and request.get("initiator") == origin:
            yield request["url"]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        site = Site(listener.getsockname()[1])
        server = Server(Config(site.app(), loop="asyncio", ws="none", lifespan="off", log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield site
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def visit(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    return Visit(site.origin, tmp_path_factory.mktemp("chromium"))


def test_the_editor_shows_a_tab_for_every_example(visit: Visit) -> None:
    examples = read_examples(WEB / "examples")
    assert "graphiql-query-editor" in visit.document
    assert "cm-def" in visit.document  # the editor has coloured an operation's name
    tabs = re.findall(r"<button[^>]*graphiql-tab-button[^>]*>(\w+)<", visit.document)
    assert tabs == [re.findall(r"^(?:query|mutation) (\w+)", example.query, re.MULTILINE)[0] for example in examples]


def test_docs_and_explorer_can_be_opened(visit: Visit) -> None:
    assert 'aria-label="Show Documentation Explorer"' in visit.document
    assert 'aria-label="Show GraphiQL Explorer"' in visit.document


def test_the_schema_is_asked_of_the_endpoint(site: Site, visit: Visit) -> None:
    assert f"{site.origin}/graphql" in visit.requests
    assert "IntrospectionQuery" in site.operations


def test_no_request_leaves_for_another_host(site: Site, visit: Visit) -> None:
    network = [url for url in visit.requests if urlsplit(url).scheme != "data"]
    assert len(network) >= 8
    assert [url for url in network if not url.startswith(f"{site.origin}/")] == []


def test_the_browser_has_nothing_to_complain_of(visit: Visit) -> None:
    assert [line for line in visit.console.splitlines() if "CONSOLE" in line] == []
