"""The port by which processes tell each other to look again.

A signal carries no truth: what happened stands in the database, and one that is lost costs time, never an event.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Signals(Protocol):
    async def publish(self, topic: str, message: str) -> None:
        """Tell every process, this one included. `message` is short (at most 1,000 characters); never raises."""
        ...

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """The messages published on `topic` while the block runs.

        An empty message means that some may have been lost: look again at everything.
        """
        ...
