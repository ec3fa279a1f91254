"""How requests reach Stripe: the library's own client for httpx sends bodies in a way that httpx is about to forbid."""

import asyncio
import ssl
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx
import stripe

_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL)


class NotAnswered(stripe.APIConnectionError):
    """`may_have_arrived`: the request was on its way. `is_slow`: Stripe took it, and too long to answer."""

    def __init__(self, failure: Exception) -> None:
        super().__init__(type(failure).__name__)  # pyright: ignore[reportUnknownMemberType]
        self.reason = type(failure).__name__
        self.may_have_arrived = not isinstance(failure, _UNSENT)
        self.is_slow = self.may_have_arrived and isinstance(failure, httpx.TimeoutException)


class Transport(stripe.HTTPClient):
    """Over a pool of connections; `connect` and `whole` are in seconds."""

    name: ClassVar[str] = "httpx"

    def __init__(self, connect: float, whole: float) -> None:
        super().__init__()  # pyright: ignore[reportUnknownMemberType]
        self._client = httpx.AsyncClient(
            verify=ssl.create_default_context(cafile=stripe.ca_bundle_path),
            timeout=httpx.Timeout(whole, connect=connect),
        )

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        try:
            answer = await self._client.request(method, url, headers=headers, content=post_data or None)
        except Exception as failure:  # noqa: BLE001  (whatever it is, its text may hold what was sent)
            raise NotAnswered(failure) from None
        return answer.content, answer.status_code, answer.headers

    def sleep_async(self, secs: float) -> Any:
        return asyncio.sleep(secs)

    async def close_async(self) -> None:
        await self._client.aclose()
