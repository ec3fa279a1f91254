"""The pages of letters in a real browser. A script of ours, beside the page's own, presses what a visitor would."""

import os
import re
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from uvicorn import Config, Server

from server.account_pages import ACCOUNT_PAGES, account_page
from tests.server.chromium import CHROMIUM, FLAGS

PATIENCE = "--virtual-time-budget=10000"  # milliseconds of the page's clock, which waits for the network
PAGE = (Path(__file__).parents[2] / "web/account/account.html").read_text("utf-8")
TOKEN = "abc-_123=&<b>"
FRAGMENT = "#token=abc-_123%3D%26%3Cb%3E"
DRIVER = '<script src="/driver.js" defer></script></body>'
PRESS = "document.getElementById('submit').click();"
TYPE = "document.getElementById('password').value = %r; document.getElementById('repeated').value = %r;"
REPORT = """
setTimeout(() => {
  document.documentElement.dataset.address = location.href;
  document.documentElement.dataset.history = history.length;
  document.documentElement.dataset.focus = document.activeElement.id;
}, 3000);
"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


@dataclass
class Site:
    """The pages, with a driver, and an API that answers what it was told to."""

    origin: str
    steps: str = ""
    status: int = 200
    answer: Any = None
    asked: list[Any] = field(default_factory=list[Any])
    paths: list[str] = field(default_factory=list[str])

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/account/{page}", self._page),
                *ACCOUNT_PAGES,
                Route("/driver.js", self._driver),
                Route("/graphql", self._graphql, methods=["POST"]),
            ]
        )

    async def _page(self, request: Request) -> Response:
        self.paths.append(str(request.url))
        real = await account_page(request)
        return Response(PAGE.replace("</body>", DRIVER), headers={**real.headers})

    async def _driver(self, _: Request) -> Response:
        return Response(self.steps + REPORT, media_type="text/javascript")

    async def _graphql(self, request: Request) -> Response:
        assert request.headers["content-type"] == "application/json"
        self.asked.append(await request.json())
        return JSONResponse(self.answer, self.status)


@dataclass(frozen=True)
class Visit:
    document: str
    console: list[str]

    def attribute(self, name: str) -> str:
        return unescape(re.findall(rf'<html[^>]* data-{name}="([^"]*)"', self.document)[0])

    def text(self, identity: str) -> str:
        inside = re.findall(rf'<(\w+)[^>]* id="{identity}"[^>]*>(.*?)</\1>', self.document, re.DOTALL)[0][1]
        return unescape(re.sub(r"<[^>]+>", " ", inside)).strip()

    def hidden(self, identity: str) -> bool:
        return " hidden" in re.findall(rf'<\w+[^>]* id="{identity}"[^>]*>', self.document)[0]


Visitor = Callable[..., Visit]


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        site = Site(f"http://127.0.0.1:{listener.getsockname()[1]}")
        server = Server(Config(site.app(), loop="asyncio", ws="none", lifespan="off", log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield site
        server.should_exit = True
        thread.join()


@pytest.fixture
def site(running: Site) -> Site:
    running.steps, running.status, running.answer = "", 200, None
    running.asked.clear()
    running.paths.clear()
    return running


@pytest.fixture
def visit(site: Site, tmp_path: Path) -> Visitor:
    def look(path: str, steps: str = "", answer: Any = None, status: int = 200) -> Visit:
        site.steps, site.answer, site.status = steps, answer, status
        command = [str(CHROMIUM), *FLAGS, PATIENCE, f"--user-data-dir={tmp_path}/profile", f"{site.origin}{path}"]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=120, check=True, env={**os.environ, "HOME": str(tmp_path)}
        )
        return Visit(done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line])

    return look


def payload(field_name: str, *errors: Any, email: str = "anna@example.org") -> Any:
    user = None if errors else {"email": email}
    return {"data": {field_name: {"user": user, "userErrors": list(errors)}}}


def error(code: str, message: str, *path: str) -> Any:
    return {"code": code, "message": message, "field": list(path) or None}


def test_a_look_at_the_page_uses_no_token_up_and_takes_it_out_of_the_address(site: Site, visit: Visitor) -> None:
    seen = visit(f"/account/verify-email?from=letter{FRAGMENT}")
    assert site.asked == []
    assert seen.attribute("address") == f"{site.origin}/account/verify-email?from=letter"
    assert site.paths == [seen.attribute("address")]
    assert "abc-_123" not in seen.document
    assert not seen.hidden("form")
    assert seen.text("title") == "Confirm your address"
    assert seen.console == []


@pytest.mark.parametrize(
    ("page", "name", "outcome"),
    [
        ("verify-email", "emailVerify", "<i>anna@example.org is confirmed."),
        ("confirm-email", "userEmailChangeConfirm", "Your account belongs to <i>anna@example.org now."),
    ],
)
def test_the_button_sends_the_token_once(site: Site, visit: Visitor, page: str, name: str, outcome: str) -> None:
    seen = visit(f"/account/{page}{FRAGMENT}", PRESS * 2, payload(name, email="<i>anna@example.org"))
    (asked,) = site.asked
    assert f"{name}(input: $input)" in asked["query"]
    assert asked["variables"] == {"input": {"token": TOKEN}}
    assert seen.text("outcome") == outcome
    assert seen.hidden("form")
    assert seen.attribute("focus") == "title"
    assert seen.console == []


def test_a_new_password_is_sent_with_the_token(site: Site, visit: Visitor) -> None:
    steps = TYPE % ("correct horse", "correct horse") + PRESS
    seen = visit(f"/account/reset-password{FRAGMENT}", steps, payload("passwordReset"))
    assert [asked["variables"] for asked in site.asked] == [{"input": {"token": TOKEN, "password": "correct horse"}}]
    assert seen.text("outcome") == "Your new password is saved. Sign in with it in the shop."
    assert seen.hidden("form")
    assert seen.console == []


@pytest.mark.parametrize(
    ("password", "repeated", "place", "complaint"),
    [
        ("", "", "password", "Take at least 8 characters."),
        ("🔑🔑🔑🔑", "🔑🔑🔑🔑", "password", "Take at least 8 characters."),
        ("x" * 257, "x" * 257, "password", "Take at most 256 characters."),
        ("correct horse", "correct house", "repeated", "This is not the same."),
    ],
)
def test_a_password_that_does_not_fit_stays_here(
    site: Site, visit: Visitor, password: str, repeated: str, place: str, complaint: str
) -> None:
    seen = visit(f"/account/reset-password{FRAGMENT}", TYPE % (password, repeated) + PRESS)
    assert site.asked == []
    assert seen.text(f"{place}-error") == complaint
    assert seen.attribute("focus") == place
    assert not seen.hidden("form")


def test_passwords_can_be_shown(visit: Visitor) -> None:
    seen = visit(f"/account/reset-password{FRAGMENT}", "document.getElementById('show').click();")
    assert re.findall(r'id="(?:password|repeated)" type="(\w+)"', seen.document) == ["text", "text"]


def test_what_is_wrong_with_the_password_stands_beside_it(visit: Visitor) -> None:
    steps = TYPE % ("password1", "password1") + PRESS
    weak = error("PASSWORD_TOO_WEAK", "This is among the first that are tried.", "password")
    seen = visit(f"/account/reset-password{FRAGMENT}", steps, payload("passwordReset", weak))
    assert seen.text("password-error") == "This is among the first that are tried."
    assert seen.attribute("focus") == "password"
    assert not seen.hidden("form")


def test_a_spent_token_ends_with_what_to_do_next(visit: Visitor) -> None:
    spent = error("EXPIRED_TOKEN", "The <b>link</b> is too old.", "token")
    seen = visit(f"/account/verify-email{FRAGMENT}", PRESS, payload("emailVerify", spent))
    assert "The <b>link</b> is too old." in seen.text("outcome")
    assert "ask for a new letter" in seen.text("outcome")
    assert seen.hidden("form")


@pytest.mark.parametrize(
    ("status", "answer", "outcome"),
    [
        (429, {"errors": [{"message": "Too many tries: wait 9 s and try again."}]}, "Too many tries: wait 9 s"),
        (200, {"errors": [{"message": "Something went wrong."}], "data": None}, "Something went wrong."),
        (502, "no GraphQL", "The shop cannot be reached at the moment."),
        (200, None, "The shop cannot be reached at the moment."),
    ],
)
def test_after_other_failures_it_can_be_tried_again(visit: Visitor, status: int, answer: Any, outcome: str) -> None:
    seen = visit(f"/account/verify-email{FRAGMENT}", PRESS, answer, status)
    assert outcome in seen.text("outcome")
    assert not seen.hidden("form")
    assert seen.text("submit") == "Confirm address"


@pytest.mark.parametrize("fragment", ["", "#", "#token=", "#other=x"])
def test_a_link_without_a_token_says_so(site: Site, visit: Visitor, fragment: str) -> None:
    seen = visit(f"/account/verify-email{fragment}", PRESS)
    assert "The link is incomplete" in seen.text("outcome")
    assert seen.hidden("form")
    assert site.asked == []
