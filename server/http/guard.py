"""Around every request: its id, the hosts we serve, headers that protect browsers, a log line, masked failures."""

import asyncio
import re
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.utils import ClientDisconnected

from server.graphql.errors import MASK
from server.http.incoming import headers_of, request_id
from server.http.replies import CLOSE, SECURITY, Header, Reply, refusal_body
from server.websocket.closing import Close, CloseCode

SLOW_SECONDS = 1.0
PROBES = frozenset({"/livez", "/readyz", "/health"})
"""Orchestrators ask by address, not by name."""
_LOG = structlog.stdlib.get_logger("souk.http")
_STARTS = frozenset({"http.response.start", "websocket.http.response.start"})
_HOST = re.compile(rb"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?")
_STRANGER = Reply(400, refusal_body("BAD_REQUEST", "This host is not served here."))


class Guard:
    """Outermost. `hosts` may begin with `*.`; none means all."""

    def __init__(self, app: ASGIApp, *, hosts: Sequence[str] = (), secure: bool = False) -> None:
        self._app = app
        self._hosts = hosts
        self._always = (*SECURITY, (b"strict-transport-security", b"max-age=31536000")) if secure else SECURITY
        self._known = lru_cache(maxsize=256)(self._serves)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers, identity = headers_of(scope), request_id(scope)
        structlog.contextvars.bind_contextvars(request_id=identity)
        named: Header = (b"x-request-id", identity.encode())
        extra = (*self._always, named)
        if b"authorization" in headers:
            extra = (*extra, (b"cache-control", b"no-store"))
        started, status = time.perf_counter(), 0

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] in _STARTS:
                status = message["status"]
                message["headers"] = _completed(message.get("headers", ()), extra)
            elif message["type"] == "websocket.accept":
                status = 101
                message["headers"] = _completed(message.get("headers", ()), (named,))
            await send(message)

        known = not self._hosts or self._known(headers.get(b"host", b"")) or scope["path"] in PROBES
        try:
            await (self._app if known else _STRANGER)(scope, receive, guarded)
        finally:
            _log(scope, status, time.perf_counter() - started)

    def _serves(self, host: bytes) -> bool:
        found = _HOST.fullmatch(host.lower())
        name = found[1].decode() if found else ""
        return any(
            name == served or (served.startswith("*.") and name.endswith(served[1:]))
            for served in (one.lower() for one in self._hosts)
        )


def _completed(given: Iterable[Header], extra: Iterable[Header]) -> list[Header]:
    headers = list(given)
    names = {name for name, _ in headers}
    headers += [header for header in extra if header[0] not in names]
    return headers


def _log(scope: Scope, status: int, seconds: float) -> None:
    """A status of 0 means that the client left before its answer began; 101, that it had an open socket."""
    slow = seconds > SLOW_SECONDS and scope["type"] == "http"
    remarkable = status >= 500 or slow  # noqa: PLR2004  (5xx: the server's fault)
    (_LOG.warning if remarkable else _LOG.debug)(
        "request",
        method=scope.get("method", "GET"),
        path=scope["path"],
        status=status,
        milliseconds=round(seconds * 1_000, 1),
    )


class Failures:
    """Innermost: what nobody expected becomes an answer that tells nothing, and a traceback in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except asyncio.CancelledError:
            # Only the end of the process cancels requests: the client may ask another one.
            if begun:
                raise
            await _STOPPING(scope, receive, send)
        except Exception:
            _LOG.exception("request failed", method=scope["method"], path=scope["path"])
            if begun:
                raise
            body = refusal_body("INTERNAL_SERVER_ERROR", MASK, requestId=request_id(scope))
            await Reply(500, body)(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except ClientDisconnected:
            return
        except asyncio.CancelledError:  # the end of the process
            close = Close(CloseCode.SERVICE_RESTART, "Service restart")
        except Exception:  # noqa: BLE001  (as for requests; an open socket can only be closed)
            _LOG.exception("socket failed", path=scope["path"])
            close = Close(CloseCode.INTERNAL_ERROR, MASK)
        else:
            return
        with suppress(ClientDisconnected):
            await send(close.written())


_STOPPING = Reply(
    503,
    refusal_body("SERVICE_UNAVAILABLE", "The server is stopping; try again in a moment."),
    headers=((b"retry-after", b"1"), CLOSE),
)
