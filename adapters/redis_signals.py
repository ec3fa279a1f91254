"""Signals over Redis: its publish and subscribe."""

from collections.abc import Callable
from typing import Any

import structlog

from adapters.redis_connections import redis_client
from domain.shared.broadcasting import CHANNEL, QUIET_SECONDS, BroadcastSignals


class RedisSignals(BroadcastSignals):
    """Implements `domain.shared.signals.Signals`."""

    def __init__(self, url: str, quiet_seconds: float = QUIET_SECONDS) -> None:
        super().__init__(structlog.stdlib.get_logger("souk.signals"), quiet_seconds)
        self._client: Any = redis_client(url)  # partly untyped there

    async def close(self) -> None:
        await super().close()
        await self._client.aclose()

    async def _send(self, payload: str) -> None:
        await self._client.publish(CHANNEL, payload)

    async def _listen(self, connected: Callable[[], None]) -> None:
        async with self._client.pubsub() as channel:
            await channel.subscribe(CHANNEL)
            asked = False
            while True:
                heard = await channel.get_message(timeout=self._quiet_seconds)
                if heard is None:
                    if asked:
                        raise TimeoutError("Redis does not answer")
                    await channel.ping()
                elif heard["type"] == "subscribe":
                    connected()
                elif heard["type"] == "message":
                    self._hear(heard["data"])
                asked = heard is None
