"""Signals within one process: whoever hears them hands each to all who subscribed to its topic."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

LOOK_AGAIN = ""
"""The message that says: some may have been lost."""
MOST_WAITING = 1_000


class _Inbox:
    """What one subscriber has not read yet.

    One that is too slow finds LOOK_AGAIN in place of what waited: memory stays bounded, and nobody else waits for it.
    """

    def __init__(self) -> None:
        self._messages = deque[str]()
        self._news = asyncio.Event()
        self._closed = False

    def put(self, message: str) -> None:
        if message == LOOK_AGAIN or len(self._messages) >= MOST_WAITING:
            self._messages.clear()  # looking again at everything covers all that was unread
            message = LOOK_AGAIN
        self._messages.append(message)
        self._news.set()

    def close(self) -> None:
        self._closed = True
        self._news.set()

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        while not self._messages and not self._closed:
            self._news.clear()
            await self._news.wait()
        if self._closed:
            raise StopAsyncIteration
        return self._messages.popleft()


class Fanout:
    """Costs a subscriber a queue, neither a connection nor a task."""

    def __init__(self) -> None:
        self._inboxes: dict[str, set[_Inbox]] = {}
        self._closed = False

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncGenerator[AsyncIterator[str]]:
        inbox = _Inbox()
        if self._closed:
            inbox.close()
        inboxes = self._inboxes.setdefault(topic, set())
        inboxes.add(inbox)
        try:
            yield inbox
        finally:
            inboxes.discard(inbox)
            if not inboxes and self._inboxes.get(topic) is inboxes:
                del self._inboxes[topic]

    def deliver(self, topic: str, message: str) -> None:
        for inbox in self._inboxes.get(topic, ()):
            inbox.put(message)

    def look_again(self) -> None:
        """Tell everybody that messages may have been lost."""
        for topic in self._inboxes:
            self.deliver(topic, LOOK_AGAIN)

    def close(self) -> None:
        """End every subscriber's iteration, of those to come too."""
        self._closed = True
        for inboxes in self._inboxes.values():
            for inbox in inboxes:
                inbox.close()
