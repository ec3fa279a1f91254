"""Answers one after the other in one HTTP response, as server-sent events.

The "distinct connections" of https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md: each operation has a
response of its own, with a `next` event for each answer, and `complete` when there will be no more.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from domain.shared.errors import InvalidToken
from domain.users.user import ANONYMOUS
from server.graphql.engine import Prepared
from server.graphql.errors import written
from server.graphql.request import RequestRefused
from server.http import endings
from server.http.incoming import client_of, request_id
from server.http.media_types import MediaType
from server.http.replies import Header, Refused
from server.identities import REVOKED, Identity
from server.operations import Executor, error_of, payload_of
from server.websocket.closing import Close
from server.websocket.seats import Seat, Seats

KEEP_ALIVE_SECONDS = 12.0
"""Proxies give up a response that is quiet for a minute, some sooner."""
SEND_SECONDS = 10.0
"""For one answer, once the connection's own buffer is full."""
COMMENT = b":\n\n"
COMPLETE = b"event: complete\ndata: \n\n"
_HEADERS: tuple[Header, ...] = (
    (b"content-type", MediaType.EVENTS.content_type),
    (b"cache-control", b"no-store"),
    (b"vary", b"Accept"),
    (b"x-accel-buffering", b"no"),  # nginx would hold back what is meant to arrive now
)
_RETRY: tuple[Header, ...] = ((b"retry-after", b"5"),)
Write = Callable[[bytes], Awaitable[None]]


def next_event(payload: Mapping[str, Any]) -> bytes:
    return b"event: next\ndata: %b\n\n" % orjson.dumps(payload)


def whole(payload: Mapping[str, Any]) -> bytes:
    """A stream with one answer."""
    return next_event(payload) + COMPLETE


class TooSlow(Exception):
    """The client does not read."""


class EventStream:
    """One response; an ASGI application. Its tasks: one answers, one keeps it alive, others wait for reasons to end."""

    def __init__(self, executor: Executor, prepared: Prepared, identity: Identity | None, seats: Seats) -> None:
        self._executor = executor
        self._prepared = prepared
        self._identity = identity
        self._seats = seats

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._seats.seat(client_of(scope).ip_address) as seat:
            try:
                self._sit(seat)
            except Refused as full:
                await full.reply()(scope, receive, send)
                return
            await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
            if scope["method"] == "HEAD":
                await send({"type": "http.response.body", "body": b""})
            else:
                await self._serve(scope, receive, send)

    def _sit(self, seat: Seat) -> None:
        """Raises: Refused: there are too many streams."""
        if not self._prepared.streams:
            return
        try:
            if self._seats.full:
                raise Refused(503, "SERVICE_UNAVAILABLE", "Too many streams at once; try again in a moment.", _RETRY)
            seat.stream_to(None if self._identity is None else self._identity.actor.user_id)
        except Close as full:
            raise Refused(429, "RATE_LIMITED", str(full), _RETRY) from full

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        ending = endings.ending(scope)

        async def write(body: bytes) -> None:
            await _sent(send, body, more=True)

        answering = asyncio.create_task(self._answer(write, request_id(scope)))
        over = asyncio.create_task(self._until_over())
        gone = asyncio.create_task(_until_gone(receive))
        tasks = {answering, over, gone, *map(asyncio.create_task, (_keep_alive(write), _until(ending)))}
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if any(isinstance(one.exception(), TooSlow) for one in ended):
                endings.abort(scope)
                await gone
            elif gone not in ended:
                if over in ended and not answering.done():
                    await _cancelled({answering})
                    await write(whole({"errors": [error_of(InvalidToken(REVOKED), request_id(scope))]}))
                await _sent(send, b"", more=False)
        except TooSlow:
            endings.abort(scope)
            await gone
        finally:
            await _cancelled(tasks)

    async def _answer(self, write: Write, identity: str) -> None:
        actor = ANONYMOUS if self._identity is None else self._identity.actor
        await write(COMMENT)  # so that the client knows that it is heard
        try:
            async with aclosing(self._executor.answers(self._prepared, actor)) as answers:
                async for answer in answers:
                    await write(next_event(payload_of(answer, identity)))
        except (TooSlow, OSError):
            raise
        except RequestRefused as refused:
            await write(next_event({"errors": [written(error, identity) for error in refused.errors]}))
        except Exception as failure:  # noqa: BLE001  (whatever it is, the client learns that there was an error)
            await write(next_event({"errors": [error_of(failure, identity)]}))
        await write(COMPLETE)

    async def _until_over(self) -> None:
        if self._identity is None:
            await asyncio.Event().wait()
        else:
            await self._executor.shop.identities.until_over(self._identity)


async def _sent(send: Send, body: bytes, *, more: bool) -> None:
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await send({"type": "http.response.body", "body": body, "more_body": more})
    except TimeoutError:
        raise TooSlow from None


async def _keep_alive(write: Write) -> None:
    while True:
        await asyncio.sleep(KEEP_ALIVE_SECONDS)
        await write(COMMENT)


async def _until(event: asyncio.Event) -> None:
    await event.wait()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cancelled(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
