"""Signals over anything that carries a text to every process: Redis, PostgreSQL.

All topics share one channel. A process listens once, whatever it subscribes to, and nothing has to be asked of the
server when a subscriber comes or goes.
"""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Self

from domain.shared.fanout import LOOK_AGAIN, Fanout
from domain.shared.outages import Log, Outage

CHANNEL = "souk"
LONGEST_PAYLOAD = 7_999
"""Bytes that PostgreSQL takes in one notification."""
PUBLISH_SECONDS = 0.5
QUIET_SECONDS = 15.0
"""After so long without a word the server is asked whether it is there: a broken line may look like a quiet one."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 2.0


class BroadcastSignals(ABC):
    """Implements `domain.shared.signals.Signals`; `_send` and `_listen` are for those who know a server.

    Needs `open` to hear anything. `close` ends every subscription, and nothing is published after it.
    """

    def __init__(self, log: Log, quiet_seconds: float = QUIET_SECONDS) -> None:
        self._quiet_seconds = quiet_seconds
        self._fanout = Fanout()
        self._publishing = Outage(log, "publishing signals")
        self._listening = Outage(log, "listening to signals")
        self._listener: asyncio.Task[None] | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self._tried = asyncio.Event()
        self._heard_at: float | None = None
        self._closed = False

    @abstractmethod
    async def _send(self, payload: str) -> None:
        """Bring `payload` to every listener of CHANNEL."""

    @abstractmethod
    async def _listen(self, connected: Callable[[], None]) -> None:
        """Give all that comes on CHANNEL to `_hear`, until that fails; call `connected` once nothing is missed."""

    async def open(self) -> None:
        """Begin to listen. A server that is not there yet delays this by one try; the others follow meanwhile."""
        self._listener = asyncio.create_task(self._keep_listening())
        await self._tried.wait()

    async def close(self) -> None:
        self._closed = True
        self._fanout.close()
        tasks = {*self._sending, *([self._listener] if self._listener else [])}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def publish(self, topic: str, message: str) -> None:
        if self._closed:
            return
        # a task that may outlast this: a client that is cancelled takes two seconds to let go of a hanging server
        sending = asyncio.create_task(self._send(_packed(topic, message)))
        self._sending.add(sending)
        sending.add_done_callback(self._sent)
        try:
            await asyncio.wait({sending}, timeout=PUBLISH_SECONDS)
        finally:
            late = sending.cancel()
        failure = TimeoutError("no answer in time") if late or sending.cancelled() else sending.exception()
        if isinstance(failure, Exception):
            self._publishing.noticed(failure)
            self._fanout.deliver(topic, message)  # this process, at least, need not wait
        else:
            self._publishing.over()

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        return self._fanout.subscribe(topic)

    def _sent(self, sending: asyncio.Task[None]) -> None:
        self._sending.discard(sending)
        if not sending.cancelled():
            sending.exception()  # asyncio complains of those that nobody looked at

    def _hear(self, payload: str | bytes) -> None:
        try:
            heard: object = json.loads(payload)
        except (ValueError, RecursionError):
            return
        match heard:
            case [str(topic), str(message)]:
                self._fanout.deliver(topic, message)
            case _:  # somebody else uses our channel
                return

    async def _keep_listening(self) -> None:
        clock = asyncio.get_running_loop().time
        pause = SHORTEST_PAUSE
        while True:
            self._heard_at = None
            try:
                await self._listen(self._connected)
            except Exception as failure:  # noqa: BLE001  (it must go on, whatever a server or its client comes up with)
                self._listening.noticed(failure)
            self._tried.set()
            # a server that hangs up at once is not asked more and more often: everybody looks again each time
            if self._heard_at is not None and clock() - self._heard_at > LONGEST_PAUSE:
                pause = SHORTEST_PAUSE
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _connected(self) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        self._listening.over()
        self._fanout.look_again()
        self._tried.set()


def _packed(topic: str, message: str) -> str:
    """Both as JSON; a message that is too long for the channel becomes the advice to look again."""
    payload = json.dumps([topic, message], ensure_ascii=False)
    return payload if len(payload.encode(errors="replace")) <= LONGEST_PAYLOAD else json.dumps([topic, LOOK_AGAIN])
