"""What committed transactions have to tell other processes."""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from uuid import UUID

from domain.shared.fanout import LOOK_AGAIN
from domain.shared.signals import Signals

IDS_AT_ONCE = 30
"""In one message, which has at most 1,000 characters: 33 for each."""
MOST_MESSAGES = 10
"""For more ids than these hold, everybody is told to look at everything instead."""


class Announcements:
    """Publishes it without anybody waiting for that; what comes meanwhile goes together, next."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._pending = dict[str, set[UUID]]()
        self._running: asyncio.Task[None] | None = None

    def __call__(self, news: Mapping[str, Collection[UUID]]) -> None:
        for topic, changed in news.items():
            self._pending.setdefault(topic, set()).update(changed)
        if self._pending and (self._running is None or self._running.done()):
            self._running = asyncio.create_task(self._publish())

    async def _publish(self) -> None:
        while self._pending:
            pending, self._pending = self._pending, {}
            messages = [(topic, one) for topic, changed in pending.items() for one in _messages(list(changed))]
            await asyncio.gather(*(self._signals.publish(topic, message) for topic, message in messages))


def _messages(changed: list[UUID]) -> Iterator[str]:
    """Topics that name nothing say that there is news, which is LOOK_AGAIN too."""
    if not 0 < len(changed) <= IDS_AT_ONCE * MOST_MESSAGES:
        yield LOOK_AGAIN
        return
    for start in range(0, len(changed), IDS_AT_ONCE):
        yield ",".join(one.hex for one in changed[start : start + IDS_AT_ONCE])
