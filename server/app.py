"""The ASGI application: addresses, and what stands around them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from persistence import migrations
from persistence.database import Listener
from server import logs, memory
from server.demo.pictures import DEMO_PICTURES
from server.graphiql import GraphiQL
from server.http import health
from server.http.graphql import GraphQLEndpoint
from server.http.guard import Failures, Guard
from server.http.replies import refusal_body
from server.settings import CHECKOUT, Settings
from server.wiring import open_shop

GRAPHQL = "/graphql"
_CODES = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}
_SENTENCES = {404: "There is nothing at this address.", 405: "This address does not understand that method."}


def build_app(settings: Settings, *, listener: Listener | None = None) -> Starlette:
    """The application that `settings` describe. Its lifespan opens the shop, and closes it.

    `listener` is told of every SQL statement, as the log is of slow ones.
    """

    def told(sql: str, seconds: float) -> None:
        logs.slow_statement(sql, seconds)
        if listener is not None:
            listener(sql, seconds)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        app.state.newest_revision = await asyncio.to_thread(migrations.newest)
        async with open_shop(settings, told) as app.state.shop:
            app.state.stopping = False
            memory.settle()
            yield
            app.state.stopping = True

    app = Starlette(
        routes=_routes(),
        middleware=_middleware(settings),
        exception_handlers={HTTPException: _refused},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # a redirected POST would lose its body in many clients
    return app


def _routes() -> list[BaseRoute]:
    explorer = GraphiQL(CHECKOUT / "web", endpoint=GRAPHQL)
    return [
        Route(GRAPHQL, GraphQLEndpoint(explorer)),
        Route("/livez", health.livez),
        Route("/readyz", health.readyz),
        Route("/health", health.readyz),
        explorer.files(),
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
