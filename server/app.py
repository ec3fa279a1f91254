"""The ASGI application: addresses, and what stands around them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from domain.shared.rates import Limiter
from persistence.database import Listener
from persistence.schema_state import newest
from server import logs, memory
from server.account_pages import ACCOUNT_PAGES
from server.demo.pictures import DEMO_PICTURES
from server.graphiql import GraphiQL
from server.http import health
from server.http.capacity import most_sockets
from server.http.graphql import GraphQLEndpoint
from server.http.guard import Failures, Guard
from server.http.replies import refusal_body
from server.http.webhooks import ADDRESS, WebhookEndpoint
from server.sandbox_pages import SANDBOX_PAGES
from server.settings import CHECKOUT, Settings
from server.tracking_page import tracking_page
from server.websocket.endpoint import GraphQLSocket
from server.websocket.limits import SocketLimits
from server.websocket.seats import Seats
from server.wiring import open_shop
from server.work import at_work

GRAPHQL = "/graphql"
_CODES = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}
_SENTENCES = {404: "There is nothing at this address.", 405: "This address does not understand that method."}


def build_app(settings: Settings, *, listener: Listener | None = None, limiter: Limiter | None = None) -> Starlette:
    """The application that `settings` describe. Its lifespan opens the shop, and closes it.

    `listener` is told of every SQL statement, as the log is of slow ones; `limiter` counts tries instead of our own.
    """

    def told(sql: str, seconds: float) -> None:
        logs.slow_statement(sql, seconds)
        if listener is not None:
            listener(sql, seconds)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        app.state.newest_revision = await asyncio.to_thread(newest)
        async with open_shop(settings, told, limiter) as app.state.shop:
            app.state.stopping = False
            memory.settle()
            # in production `souk worker` does it, so that answering does not wait for it
            async with nullcontext() if settings.production else at_work(app.state.shop):
                yield
            app.state.stopping = True

    app = Starlette(
        routes=_routes(settings),
        middleware=_middleware(settings),
        exception_handlers={HTTPException: _refused},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # a redirected POST would lose its body in many clients
    return app


def _routes(settings: Settings) -> list[BaseRoute]:
    explorer = GraphiQL(CHECKOUT / "web", endpoint=GRAPHQL)
    limits = SocketLimits(sockets=most_sockets())
    seats = Seats(limits)
    return [
        Route(GRAPHQL, GraphQLEndpoint(explorer, seats)),
        WebSocketRoute(GRAPHQL, GraphQLSocket(limits, seats)),
        Route("/livez", health.livez),
        Route("/readyz", health.readyz),
        Route("/health", health.readyz),
        Route(ADDRESS, WebhookEndpoint()),
        explorer.files(),
        *ACCOUNT_PAGES,
        *tracking_page(CHECKOUT / "web"),
        *(() if settings.production else SANDBOX_PAGES),
        DEMO_PICTURES,
    ]


def _middleware(settings: Settings) -> list[Middleware]:
    secure = (settings.public_url or "").startswith("https://")
    cors = [_cors(settings.allowed_origins)] if settings.allowed_origins else []
    return [Middleware(Guard, hosts=settings.allowed_hosts, secure=secure), *cors, Middleware(Failures)]


def _cors(origins: tuple[str, ...]) -> Middleware:
    return Middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_credentials=True,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "X-Request-Id"],
        expose_headers=["X-Request-Id", "Retry-After"],
    )


async def _refused(request: Request, refused: Exception) -> Response:
    del request
    if not isinstance(refused, HTTPException):
        raise refused
    status = refused.status_code
    body = refusal_body(_CODES.get(status, "BAD_REQUEST"), _SENTENCES.get(status, "This cannot be answered."))
    return Response(body, status, refused.headers, "application/json")
