"""How uvicorn serves the shop."""

import uvicorn
from starlette.applications import Starlette

from server.http.capacity import most_connections
from server.http.protocol import Protocol
from server.settings import Settings
from server.websocket.limits import MOST_MESSAGE_BYTES
from server.websocket.protocol import SocketProtocol

KEEP_ALIVE_SECONDS = 65
"""Longer than the 60 s of nginx, so that the proxy ends an idle connection and never meets one just ended."""
GRACE_SECONDS = 6
"""For running requests when the process is told to stop: a query may take 5; closing the shop takes 2 more at most."""
PING_SECONDS = 20
"""Between signs of life on an open socket; a client that gives none for as long again is gone."""


def config(app: Starlette, settings: Settings) -> uvicorn.Config:
    """Only what trusted proxies say about the client in X-Forwarded-* is believed."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="auto",  # uvloop, where it is installed
        http=Protocol,
        ws=SocketProtocol,
        ws_max_size=MOST_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # compressed messages cost memory, and a small one may become a big one
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        limit_concurrency=most_connections(),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
