"""What the sandbox does by itself: banks answer, and webhooks are sent until somebody takes them."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

import structlog

from adapters.sandbox.desk import SandboxDesk
from adapters.sandbox.posting import AT_ONCE, Post, posting
from adapters.sandbox.webhooks import signature
from domain.payments.sandbox import SandboxBooks, SandboxDelivery
from domain.shared.clock import Clock
from domain.shared.errors import Unavailable
from domain.shared.outages import Outage

POLL_SECONDS = 0.5
LEASE = timedelta(seconds=60)
"""More than it takes to send AT_ONCE of them one after the other to somebody who does not answer."""
LONGEST_PAUSE_SECONDS = 300
MOST_ATTEMPTS = 20
"""An hour and a half. Stripe goes on for three days."""
_LOG = structlog.stdlib.get_logger("souk.sandbox")


class SandboxBackground:
    """Several may run side by side, in one process or many: each webhook is sent by one of them at a time."""

    def __init__(self, books: SandboxBooks, desk: SandboxDesk, url: str, key: bytes, clock: Clock) -> None:
        self._books = books
        self._desk = desk
        self._url = url
        self._key = key
        self._clock = clock
        self._outage = Outage(_LOG, "sending the sandbox's webhooks")

    async def run(self) -> None:
        """Until cancelled."""
        async with posting(self._url) as post:
            while True:
                if not await self._turned(post):
                    await asyncio.sleep(POLL_SECONDS)

    async def turn(self, post: Post) -> int:
        """Let banks answer that are due to, and send what is due. How many there were. Raises: Unavailable."""
        waiting = await self._books.unsettled(self._clock(), AT_ONCE)
        for reference in waiting:
            await self._desk.settle(reference)
        due = await self._books.take(self._clock(), AT_ONCE, LEASE)
        about = defaultdict[str, list[SandboxDelivery]](list)
        for delivery in due:
            about[delivery.about].append(delivery)
        await asyncio.gather(*(self._send(deliveries, post) for deliveries in about.values()))
        return len(waiting) + len(due)

    async def _turned(self, post: Post) -> int:
        try:
            count = await self.turn(post)
        except Unavailable as failure:
            self._outage.noticed(failure)
            return 0
        self._outage.over()
        return count

    async def _send(self, deliveries: Sequence[SandboxDelivery], post: Post) -> None:
        """One after the other, in their order: they are about the same thing."""
        for delivery in deliveries:
            body = delivery.payload.encode()
            status = await post(body, signature(self._key, body, self._clock()))
            if 200 <= status < 300:  # noqa: PLR2004  (taken)
                await self._books.delivered(delivery)
            elif delivery.attempts < MOST_ATTEMPTS:
                pause = min(2**delivery.attempts, LONGEST_PAUSE_SECONDS)
                await self._books.again(delivery, self._clock() + timedelta(seconds=pause))
            else:
                _LOG.warning("webhook of the sandbox given up", about=delivery.about, status=status)
                await self._books.delivered(delivery)
