"""How uvicorn serves the shop."""

from collections.abc import Sequence

import uvicorn
from starlette.applications import Starlette

from server.http.protocol import Protocol
from server.settings import Settings

KEEP_ALIVE_SECONDS = 65
"""Longer than the 60 s of nginx, so that the proxy ends an idle connection and never meets one just ended."""
GRACE_SECONDS = 6
"""For running requests when the process is told to stop: a query may take 5; closing the shop takes 2 more at most."""
MOST_CONNECTIONS = 900
"""Below 1,024, the usual limit of open files."""


def config(app: Starlette | str, settings: Settings, *, trusted_proxies: Sequence[str] = ()) -> uvicorn.Config:
    """`app` is an application, or names a function that makes one: `server.app:from_environment`.

    Only what `trusted_proxies` (addresses or networks) say about the client in X-Forwarded-* is believed.
    """
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="auto",  # uvloop, where it is installed
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
