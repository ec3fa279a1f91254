"""Where the payment provider tells what happened: `/webhooks/stripe`, `/webhooks/sandbox`.

What is told is verified, stored and acknowledged; the worker looks into it. Only our provider's own address is there.
There is no session, no cookie and no rate limit here: the signature over the raw bytes is the whole proof.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import structlog
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from domain.payments.gateway import BadSignature
from domain.payments.payment import PaymentProvider
from domain.shared.errors import Unavailable
from server.http import bodies
from server.http.incoming import headers_of
from server.http.replies import CLOSE, Header, Refused, Reply, in_json
from server.wiring import Shop

ADDRESS = "/webhooks/{provider}"
MOST_BYTES = 256 * 1_024
SIGNATURES: Mapping[PaymentProvider, bytes] = {
    PaymentProvider.STRIPE: b"stripe-signature",
    PaymentProvider.SANDBOX: b"souk-sandbox-signature",
}
"""The header that each provider signs in."""
MOST_AT_ONCE = 4
"""A burst of notices leaves most connections to those who buy."""
PATIENCE_SECONDS = 5.0
"""Providers wait for 10 s or longer, and come again."""
_RECEIVED = in_json(200, {"received": True})
_RETRY: Header = (b"retry-after", b"5")
_LOG = structlog.stdlib.get_logger("souk.webhooks")


class WebhookEndpoint:
    """An ASGI application for the addresses of all providers."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            reply = await self._reply(scope, receive)
        except Refused as refused:
            reply = refused.reply()
        except bodies.ClientLeft:
            return
        await reply(scope, receive, send)

    async def _reply(self, scope: Scope, receive: Receive) -> Reply:
        shop: Shop = scope["app"].state.shop
        reader = shop.notices
        if reader is None or scope["path_params"]["provider"] != reader.provider.value:
            raise HTTPException(404)
        if scope["method"] != "POST":
            raise Refused(405, "METHOD_NOT_ALLOWED", "Use POST.", ((b"allow", b"POST"), CLOSE))
        headers = headers_of(scope)
        body = await bodies.read(receive, headers, MOST_BYTES)
        try:
            notice = reader.read(body, headers.get(SIGNATURES[reader.provider], b"").decode("latin-1"))
            async with self._turn():
                await shop.services.provider_events.receive(reader.provider, notice)
        except BadSignature as refused:
            _LOG.warning("webhook refused", provider=reader.provider.value, why=type(refused).__name__)
            raise Refused(400, "BAD_REQUEST", "This cannot be accepted.", (CLOSE,)) from refused
        except Unavailable as failure:
            raise Refused(503, "SERVICE_UNAVAILABLE", "Try again in a moment.", (_RETRY,)) from failure
        return _RECEIVED

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None]:
        """Raises: Unavailable: too many came at once."""
        try:
            await asyncio.wait_for(self._turns.acquire(), PATIENCE_SECONDS)
        except TimeoutError as late:
            raise Unavailable("Too many at once.") from late
        try:
            yield
        finally:
            self._turns.release()
