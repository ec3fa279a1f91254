"""A server process for the tests: the shop, and an address that takes a second."""

import asyncio

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server import logs
from server.app import build_app
from server.http import serving
from server.settings import read_settings


async def slow(request: Request) -> Response:
    await asyncio.sleep(float(request.query_params["seconds"]))
    return Response(b"done")


settings = read_settings()
logs.configure(settings)
app = build_app(settings)
app.router.routes.append(Route("/slow", slow))
uvicorn.Server(serving.config(app, settings)).run()
