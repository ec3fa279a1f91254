"""WebSocket on the wire: uvicorn's protocol on websockets' parser, with an end to everything that could go on for ever.

uvicorn leaves a connection alone that does not read our close frame, answers any number of pings to who does not read,
keeps any number of empty fragments, and logs addresses with what stands in their query strings.
"""

import logging
from asyncio import TimerHandle
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

CLOSE_SECONDS = 2.0
"""For the client's half of a closing handshake."""
LAST_SECONDS = 2.5
"""From the application's end to the connection's, whatever the client does. What runs at a restart has 3 s before; both
fit into the grace."""
LINGER_SECONDS = 1.0
MOST_FRAGMENTS = 1_000
MOST_PONGS = 1_000
"""In a row to who does not read, 127 KB at most."""


class SocketProtocol(WebSocketsSansIOProtocol):
    """One connection, after its handshake request was read by `server.http.protocol`."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.logger = self.conn.logger = _quiet()
        self.conn.debug = False  # it would log what clients send, tokens included
        self.close_timeout = CLOSE_SECONDS
        self._last_resort: TimerHandle | None = None
        self._failed = False
        self._pongs = 0

    def connection_lost(self, exc: Exception | None) -> None:
        if self._last_resort is not None:
            self._last_resort.cancel()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Tell the application, which ends what it does and closes; begin nothing."""
        self.app_state["stopping"] = True
        if self.handshake_complete and not self.close_sent:
            self.stop_keepalive()
            self.queue.put_nowait({"type": "websocket.disconnect", "code": CloseCode.SERVICE_RESTART})
        else:
            super().shutdown()
            self._end_soon()

    def data_received(self, data: bytes) -> None:
        if self._failed:
            return
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:  # longer headers than it reads
            if not self.conn.writes:
                self.conn.send_response(self.conn.reject(HTTPStatus.BAD_REQUEST, ""))
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def handle_cont(self, event: Frame) -> None:
        if self._failed:  # what came in the same packet
            return
        if len(self.frames) >= MOST_FRAGMENTS:
            self._fail(CloseCode.MESSAGE_TOO_BIG, "too many fragments")
        else:
            super().handle_cont(event)

    def handle_ping(self) -> None:
        if self._failed:
            return
        super().handle_ping()
        self._pongs = 0 if self.writable.is_set() else self._pongs + 1
        if self._pongs > MOST_PONGS:
            self.transport.abort()

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not self.close_sent and not _is_utf8(b"".join(self.frames)):
            self._fail(CloseCode.INVALID_DATA, "invalid UTF-8")
        else:
            super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """Close, and read on for a moment: a client that is still sending would not see why."""
        self._failed = self.close_sent = True
        self.stop_keepalive()
        close = self.conn.close_sent  # none, when what came before the handshake's end was wrong
        code = CloseCode.ABNORMAL_CLOSURE if close is None else close.code
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code})
        self.transport.write(b"".join(self.conn.data_to_send()))
        if close is None or not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self.transport.resume_reading()
        self.close_timer = self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._end_soon()

    async def run_asgi(self) -> None:
        await super().run_asgi()
        self._end_soon()

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.close":
            self.writable.set()  # a close frame is short, and who does not read would keep us for ever
        await self.writable.wait()
        if self.close_sent:
            raise ClientDisconnected
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body"):
            self.handshake_complete = True  # it was refused; uvicorn would log that it is not over

    def _fail(self, code: CloseCode, reason: str) -> None:
        self.conn.fail(code, reason)
        self.handle_parser_exception()

    def _end_soon(self) -> None:
        if not self.disconnected and self._last_resort is None:
            self._last_resort = self.loop.call_later(LAST_SECONDS, self.transport.abort)


def _quiet() -> logging.Logger:
    """Without a line for each socket."""
    logger = logging.getLogger("uvicorn.websocket")
    logger.setLevel(logging.WARNING)
    return logger


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
