"""How a response that would go on for ever is ended, between it and its connection: by way of the request's scope."""

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any

_ABORT = "souk.abort"
_ENDING = "souk.ending"
Scope = MutableMapping[str, Any]


def allow_abort(scope: Scope, abort: Callable[[], None]) -> None:
    scope[_ABORT] = abort


def abort(scope: Scope) -> None:
    """End the connection at once, whatever waits to be sent."""
    end_connection: Callable[[], None] | None = scope.get(_ABORT)
    if end_connection is not None:
        end_connection()


def ending(scope: Scope) -> asyncio.Event:
    """Set when the process stops."""
    return scope.setdefault(_ENDING, asyncio.Event())


def end(scope: Scope) -> None:
    """Tell the stream in this scope, if there is one, that the process stops."""
    told: asyncio.Event | None = scope.get(_ENDING)
    if told is not None:
        told.set()
