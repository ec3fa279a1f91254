"""The messages of graphql-transport-ws, https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from server.graphql.request import GraphQLRequest, RequestRefused
from server.http import parameters
from server.http.replies import Refused
from server.websocket.closing import Close, CloseCode, bad_message

SUBPROTOCOL = "graphql-transport-ws"
LONGEST_ID = 100
_TOKENS = ("Authorization", "authorization", "accessToken")

Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Init:
    """`token` is None when nobody claims to be anybody."""

    token: str | None


@dataclass(frozen=True, slots=True)
class Ping:
    pong: str
    """What it is answered with."""


@dataclass(frozen=True, slots=True)
class Pong:
    """Unsolicited, or the answer to a ping that we did not send: clients may use it as a heartbeat."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """`request` is well-formed; when it holds a text that cannot be used, the refusal stands in its place."""

    id: str
    request: GraphQLRequest | RequestRefused


@dataclass(frozen=True, slots=True)
class Complete:
    id: str


ClientMessage = Init | Ping | Pong | Subscribe | Complete


def decode(message: Mapping[str, Any]) -> ClientMessage:
    """Understand what ASGI received.

    Raises:
        Close: with 4400, for what no client of the protocol sends; with 4403, for credentials that are no token.
    """
    text = message.get("text")
    if text is None:
        raise bad_message("it is binary.")
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise bad_message("it is not JSON.") from None
    if not isinstance(given, dict):
        raise bad_message("it is not an object.")
    fields: dict[str, Any] = given  # pyright: ignore[reportUnknownVariableType]
    kind = fields.get("type")
    read = _READERS.get(kind) if isinstance(kind, str) else None
    if read is None:
        raise bad_message("its `type` is not known.")
    return read(fields)


def _init(given: Given) -> Init:
    payload = _payload(given) or {}
    for name in _TOKENS:
        value = payload.get(name)
        if value is not None and not isinstance(value, str):
            raise bad_message(f"`{name}` is not a string.")
        if value:
            return Init(value if name == "accessToken" else _bearer(value))
    return Init(None)


def _bearer(credentials: str) -> str:
    scheme, _, token = credentials.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Close(CloseCode.FORBIDDEN, "Forbidden")
    return token.strip()


def _ping(given: Given) -> Ping:
    payload = _payload(given)
    try:
        return Ping(_encoded("pong") if payload is None else _encoded("pong", payload=payload))
    except orjson.JSONEncodeError:  # it reads 1,024 levels and writes 254
        raise bad_message("its `payload` is nested too deeply.") from None


def _pong(given: Given) -> Pong:
    _payload(given)
    return Pong()


def _subscribe(given: Given) -> Subscribe:
    identity, payload = _id(given), _payload(given)
    if payload is None:
        raise bad_message("it has no `payload`.")
    try:
        return Subscribe(identity, parameters.from_object(payload))
    except Refused as refused:
        raise bad_message(refused.message) from None
    except RequestRefused as refused:
        return Subscribe(identity, refused)


def _complete(given: Given) -> Complete:
    return Complete(_id(given))


def _id(given: Given) -> str:
    identity = given.get("id")
    if not isinstance(identity, str) or not 0 < len(identity) <= LONGEST_ID:
        raise bad_message(f"its `id` is not a string of 1 to {LONGEST_ID} characters.")
    return identity


def _payload(given: Given) -> dict[str, Any] | None:
    payload = given.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise bad_message("its `payload` is not an object.")
    return payload  # pyright: ignore[reportUnknownVariableType]


_READERS: Mapping[str, Callable[[Given], ClientMessage]] = {
    "connection_init": _init,
    "ping": _ping,
    "pong": _pong,
    "subscribe": _subscribe,
    "complete": _complete,
}


def acknowledged() -> str:
    return _encoded("connection_ack")


def answered(identity: str, payload: Mapping[str, Any]) -> str:
    return _encoded("next", id=identity, payload=payload)


def refused(identity: str, errors: Sequence[Mapping[str, Any]]) -> str:
    """The operation's last message."""
    return _encoded("error", id=identity, payload=errors)


def completed(identity: str) -> str:
    return _encoded("complete", id=identity)


def _encoded(kind: str, **more: Any) -> str:
    return orjson.dumps({"type": kind, **more}).decode()
