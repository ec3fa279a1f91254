"""How webhooks of the sandbox reach whoever takes them: by httpx's transport, for half of the time that httpx takes."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpcore
import httpx

from adapters.sandbox.webhooks import SIGNATURE_HEADER

Post = Callable[[bytes, str], Awaitable[int]]
"""Sends a body with its signature. The status of the answer, 0 when there is none."""

AT_ONCE = 10
"""As many are on their way at once."""
POST_SECONDS = 5.0
"""For each of connecting, sending and each part of the answer."""
_KEPT_SECONDS = 5.0
"""A connection that nothing was sent over for longer is closed."""
_NO_ANSWER = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpcore.UnsupportedProtocol)


@asynccontextmanager
async def posting(address: str, seconds: float = POST_SECONDS) -> AsyncGenerator[Post]:
    """Sends to `address`, over connections that are kept for the block.

    Raises:
        httpx.InvalidURL: it is none.
    """
    url = httpx.URL(address)  # httpcore's own neither encodes names of hosts nor keeps the brackets of IPv6
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    usual = [(b"Host", url.netloc), (b"Content-Type", b"application/json; charset=utf-8")]
    timeouts = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), seconds)}
    signature_header = SIGNATURE_HEADER.encode()
    async with httpcore.AsyncConnectionPool(max_connections=AT_ONCE, keepalive_expiry=_KEPT_SECONDS) as pool:

        async def post(body: bytes, signed: str) -> int:
            headers = [*usual, (signature_header, signed.encode())]
            try:
                answer = await pool.request(b"POST", target, headers=headers, content=body, extensions=timeouts)
            except _NO_ANSWER:
                return 0
            return answer.status

        yield post
