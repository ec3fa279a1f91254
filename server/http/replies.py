"""Answers in JSON, written straight to the socket."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

Header = tuple[bytes, bytes]

JSON_TYPE = b"application/json; charset=utf-8"
CLOSE: Header = (b"connection", b"close")
SECURITY: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
"""On every reply that does not say otherwise."""


@dataclass(slots=True)
class Reply:
    """An ASGI application that always answers the same; the answer to a WebSocket's handshake refuses it."""

    status: int
    body: bytes
    media_type: bytes = JSON_TYPE
    headers: Iterable[Header] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        length = str(len(self.body)).encode()
        headers = [(b"content-type", self.media_type), (b"content-length", length), *self.headers]
        kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
        await send({"type": f"{kind}.start", "status": self.status, "headers": headers})
        await send({"type": f"{kind}.body", "body": b"" if scope.get("method") == "HEAD" else self.body})


def in_json(status: int, value: Mapping[str, Any], headers: Iterable[Header] = ()) -> Reply:
    return Reply(status, orjson.dumps(value), headers=headers)


def refusal_body(code: str, message: str, **more: str) -> bytes:
    """Shaped like a GraphQL answer, so that clients find the reason where they look for it."""
    return orjson.dumps({"errors": [{"message": message, "extensions": {"code": code, **more}}]})


@dataclass(slots=True)
class Refused(Exception):
    """A request that is wrong as HTTP, whatever media type its answer has."""

    status: int
    code: str
    message: str
    headers: Iterable[Header] = ()

    def reply(self) -> Reply:
        return Reply(self.status, refusal_body(self.code, self.message), headers=self.headers)
