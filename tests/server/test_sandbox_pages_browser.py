"""The page that asks a buyer, in a real browser. A script beside the page presses what the buyer would."""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from domain.payments.gateway import Confirmation, Intent, NewIntent
from domain.payments.payment import CaptureMethod, PaymentId, PaymentStatus
from domain.shared.ids import uuid7
from domain.shared.money import Money
from persistence.connections import ConnectionSettings
from server.app import build_app
from server.payment_wiring import gateway
from server.sandbox_pages import approve
from server.settings import read_settings
from server.wiring import Shop
from tests.generous import GenerousLimiter
from tests.server.chromium import CHROMIUM, FLAGS

PATIENCE = 120.0
PRESS = "document.querySelector('button[value=%s]').click();"
DRIVER = b"<script src='/driver.js' defer></script></body>"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


@asynccontextmanager
async def serving(app: Starlette, listener: socket.socket) -> AsyncGenerator[None]:
    server = uvicorn.Server(uvicorn.Config(app, ws="none", log_config=None, timeout_graceful_shutdown=2))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with asyncio.timeout(PATIENCE):
            while not server.started:  # noqa: ASYNC110  (it tells nobody)
                await asyncio.sleep(0.05)
        yield
    finally:
        server.should_exit = True
        await task


def origin(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


async def back(request: Request) -> Response:
    return HTMLResponse(f"<title>Back</title><p id='back'>{request.query_params['redirect_status']}</p>")


def driven(app: Starlette, press: str) -> None:
    """Let a script press a button of the page as soon as it is there."""

    async def page(request: Request) -> Response:
        real = await approve(request)
        if request.method != "GET":
            return real
        headers = {**real.headers}
        headers["content-security-policy"] += "; script-src 'self'"
        del headers["content-length"]
        return Response(bytes(real.body).replace(b"</body>", DRIVER), headers=headers)

    async def driver(_: Request) -> Response:
        return Response(press, media_type="text/javascript")

    app.router.routes.insert(0, Route("/sandbox/approve/{reference}", page, methods=["GET", "POST"]))
    app.router.routes.insert(0, Route("/driver.js", driver))


async def dumped(url: str, home: Path) -> str:
    """The page that the browser ends on."""
    process = await asyncio.create_subprocess_exec(
        str(CHROMIUM),
        *FLAGS,
        "--virtual-time-budget=5000",
        f"--user-data-dir={home}/profile",
        url,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "HOME": str(home)},
    )
    async with asyncio.timeout(PATIENCE):
        seen, told = await process.communicate()
    assert "Content Security Policy" not in told.decode()
    return seen.decode()


@pytest.mark.parametrize(
    ("button", "told", "status"),
    [("approve", "succeeded", PaymentStatus.CAPTURED), ("refuse", "failed", PaymentStatus.FAILED)],
)
async def test_a_press_decides_and_leads_back_to_a_shop_elsewhere(
    empty_database: ConnectionSettings, tmp_path: Path, button: str, told: str, status: PaymentStatus
) -> None:
    async with AsyncExitStack() as stack:
        ours, theirs = (stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2))
        settings = read_settings(database_url=empty_database.url, port=ours.getsockname()[1])
        app = build_app(settings, limiter=GenerousLimiter())
        driven(app, PRESS % button)
        await stack.enter_async_context(serving(app, ours))
        await stack.enter_async_context(serving(Starlette(routes=[Route("/back", back)]), theirs))
        shop: Shop = app.state.shop
        payments = gateway(settings, shop.database, stack)
        new = NewIntent(PaymentId(uuid7()), "order", "SK-1", Money.of_units(1, "USD"), CaptureMethod.AUTOMATIC)
        reference = (await payments.create(new)).reference
        there = f"{origin(theirs)}/back"
        asked = await payments.confirm(Confirmation(reference, "pm_card_authenticationRequired", there, str(uuid4())))
        assert f'<p id="back">{told}</p>' in await dumped(url_of(asked), tmp_path)
        assert (await payments.retrieve(reference)).status is status


def url_of(intent: Intent) -> str:
    assert intent.next_action is not None
    return intent.next_action.url or ""
