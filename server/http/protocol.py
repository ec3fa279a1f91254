"""HTTP/1.1 on the socket: uvicorn's httptools protocol, with limits on time and size.

uvicorn waits for ever for the rest of a request that was begun, and reads headers of any length.
"""

import sys
from asyncio import TimerHandle
from enum import Enum, auto
from typing import Any, cast

from httptools import HttpRequestParser
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from server.http import endings
from server.http.replies import CLOSE, JSON_TYPE, SECURITY, Reply, refusal_body

MOST_HEADER_BYTES = 32 * 1_024
LINGER_SECONDS = 1.0
OVERLOADED: Any = Reply(
    503,
    refusal_body("SERVICE_UNAVAILABLE", "Too many requests at once; try again in a moment."),
    headers=((b"retry-after", b"1"), CLOSE, *SECURITY),
)


class Awaiting(Enum):
    """What the client has to send now."""

    HEADERS = auto()
    BODY = auto()
    NOTHING = auto()


class HeadersTooLarge(Exception):
    """Raised into the parser, which stops."""


class Protocol(HttpToolsProtocol):
    """One connection. The clock of a phase starts with its first byte, so that trickling does not extend it."""

    header_seconds = 5.0
    body_seconds = 10.0

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._awaiting = Awaiting.NOTHING
        self._clock: TimerHandle | None = None
        self._in_headers = False
        self._complete = True
        self._header_bytes = 0
        self._packet = b""
        self._too_large = False
        self._upgrading = False
        self._upgraded = False
        self._refused = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_clock()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Finish what runs, begin nothing; `/readyz` tells. What would go on for ever is told to end."""
        self.app_state["stopping"] = True
        if not self._idle():
            endings.end(cast("Any", self.cycle.scope))
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._header_bytes = len(data) + (self._header_bytes if self._in_headers else 0)
        self._packet = data
        super().data_received(data)
        if self._in_headers and self._header_bytes > MOST_HEADER_BYTES and not self._refused:
            self._too_large = True
            self.send_400_response("")
        if not self._refused and not self._upgraded:
            self._watch()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_headers = True
        self._complete = False
        self._stop_clock()

    def on_headers_complete(self) -> None:
        self._in_headers = False
        if self._header_bytes > MOST_HEADER_BYTES:  # which may count a part of the body
            self._too_large = len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > (
                MOST_HEADER_BYTES
            )
            if self._too_large:
                raise HeadersTooLarge
        self._upgrading = self._ignores_upgrade()
        if not self._upgrading:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if self._upgrading:
            return  # it goes on with another parser
        self._complete = True
        self._header_bytes = 0  # what follows in the same packet belongs to the next request
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        del msg
        if self._too_large:
            self._refuse(431, "HEADERS_TOO_LARGE", f"The headers are longer than {MOST_HEADER_BYTES:,} bytes.")
        else:
            self._refuse(400, "BAD_REQUEST", "This is not HTTP/1.1.")

    def handle_websocket_upgrade(self) -> None:
        """Leave the connection to `server.websocket.protocol`, which has clocks of its own."""
        self._upgraded = True
        self._stop_clock()
        super().handle_websocket_upgrade()

    def _unsupported_upgrade_warning(self) -> None:
        """Answer as if no upgrade were asked for.

        Java's client asks for h2c with every first request. httptools reads nothing after such headers, so a new parser
        gets them without the wish, and then the body.
        """
        self._upgrading = False
        stopped = sys.exception()  # HttpParserUpgrade, with where in the packet it stopped
        rest = self._packet[stopped.args[0] :] if stopped is not None else b""
        lines = [b"%b %b HTTP/1.1" % (self.parser.get_method(), self.url)]
        lines += [name + b": " + value for name, value in self.headers if name != b"upgrade"]
        self.parser = HttpRequestParser(self)
        super().data_received(b"\r\n".join(lines) + b"\r\n\r\n" + rest)

    def _ignores_upgrade(self) -> bool:
        return self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT" and not self._should_upgrade()

    def _should_upgrade(self) -> bool:
        """To WebSocket only, and only by what can ask for it: a GET without a body, with nothing left to answer."""
        if not super()._should_upgrade() or self.parser.get_method() != b"GET" or not self._idle():
            return False
        return not any(name in {b"content-length", b"transfer-encoding"} for name, _ in self.headers)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        endings.allow_abort(cast("Any", cycle.scope), self.transport.abort)
        ours = app is self.app  # pyright: ignore[reportUnknownMemberType]
        super()._start_asgi_task(cycle, app if ours else OVERLOADED)

    def _watch(self) -> None:
        """Start or stop the clock when the client owes something else than before."""
        if self._in_headers or self._idle():
            awaiting = Awaiting.HEADERS
        else:
            awaiting = Awaiting.NOTHING if self._complete else Awaiting.BODY
        if awaiting is self._awaiting and (self._clock is not None or awaiting is Awaiting.NOTHING):
            return
        self._stop_clock()
        self._awaiting = awaiting
        if awaiting is not Awaiting.NOTHING:
            seconds = self.header_seconds if awaiting is Awaiting.HEADERS else self.body_seconds
            self._clock = self.loop.call_later(seconds, self._overdue)

    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison]

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _overdue(self) -> None:
        self._clock = None
        if self._awaiting is Awaiting.BODY and self.flow.read_paused:
            self._watch()  # it is we who do not read
        elif self._awaiting is Awaiting.HEADERS and not self._in_headers:
            self.transport.close()  # nothing was asked
        else:
            self._refuse(408, "REQUEST_TIMEOUT", "The request did not arrive in time.")

    def _refuse(self, status: int, code: str, message: str) -> None:
        self._refused = True
        self._stop_clock()
        if not self._idle():
            if self.pipeline or self._complete or self._in_headers or self.cycle.response_started:
                self.cycle.keep_alive = False  # an answer is on its way: it goes first, and is the last
                return
            self.cycle.disconnected = True  # the application learns that the rest will not come
            self.cycle.message_event.set()
        body = refusal_body(code, message)
        headers = (
            *self.server_state.default_headers,
            (b"content-type", JSON_TYPE),
            (b"content-length", str(len(body)).encode()),
            *SECURITY,
            CLOSE,
        )
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        self.transport.write(STATUS_LINE[status] + lines + b"\r\n" + body)
        self._linger()

    def _linger(self) -> None:
        """End our side, and read on for a moment: closing while the client sends would take the answer from it."""
        if not self.transport.can_write_eof():  # TLS has no half-closed connections
            self.transport.close()
            return
        self.transport.write_eof()
        self.flow.resume_reading()
        self._clock = self.loop.call_later(LINGER_SECONDS, self.transport.close)
