"""What waits to be sent to one client: never much, however slowly it reads."""

import asyncio

from starlette.types import Send

from server.websocket.closing import Close, CloseCode
from server.websocket.limits import SocketLimits


class Outbox:
    def __init__(self, send: Send, limits: SocketLimits) -> None:
        self._send = send
        self._limits = limits
        self._frames = asyncio.Queue[str](limits.frames)
        self._characters = 0
        self._sent = asyncio.Event()

    def put(self, frame: str) -> None:
        """Raises: Close: the client does not keep up."""
        waiting = self._characters
        if self._frames.full() or (waiting and waiting + len(frame) > self._limits.characters):
            raise _too_slow()
        self._characters += len(frame)
        self._frames.put_nowait(frame)

    async def room(self) -> None:
        """Wait until the client has read half of what it may have waiting. Raises: Close: it does not read."""
        try:
            async with asyncio.timeout(self._limits.send_seconds):
                while self._frames.qsize() > self._limits.frames // 2:
                    self._sent.clear()
                    await self._sent.wait()
        except TimeoutError:
            raise _too_slow() from None

    async def deliver(self) -> None:
        """Send until cancelled.

        Raises:
            Close: the client does not read.
            OSError: it is gone.
        """
        while True:
            frame = await self._frames.get()
            try:
                async with asyncio.timeout(self._limits.send_seconds):
                    await self._send({"type": "websocket.send", "text": frame})
            except TimeoutError:
                raise _too_slow() from None
            self._characters -= len(frame)
            self._frames.task_done()
            self._sent.set()

    async def delivered(self) -> None:
        await self._frames.join()


def _too_slow() -> Close:
    return Close(CloseCode.TRY_AGAIN_LATER, "You do not read what you asked for.")
