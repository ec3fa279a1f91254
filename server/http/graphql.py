"""GraphQL over HTTP, as https://graphql.github.io/graphql-over-http/draft/ describes it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import orjson
from graphql import GraphQLError
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.users.user import ANONYMOUS
from server.graphiql import GraphiQL
from server.graphql.engine import Answer
from server.graphql.errors import written
from server.graphql.request import GraphQLRequest, MethodNotAllowed, RequestRefused
from server.http import bodies, credentials, event_streams, parameters
from server.http.event_streams import EventStream
from server.http.incoming import client_of, headers_of, request_id
from server.http.media_types import MediaType, is_json, preferred
from server.http.persisted import PersistedQueries
from server.http.replies import CLOSE, Header, Refused, Reply
from server.operations import Executor
from server.websocket.seats import Seats
from server.wiring import Shop

SCENARIO = b"souk-sandbox-scenario"
READING = frozenset({"GET", "HEAD"})
_ALLOW: Header = (b"allow", b"GET, HEAD, OPTIONS, POST")
_VARY: Header = (b"vary", b"Accept")
_RETRY: Header = (b"retry-after", b"1")


class GraphQLEndpoint:
    """An ASGI application for one address; browsers get the explorer there."""

    def __init__(self, explorer: GraphiQL, seats: Seats) -> None:
        self._explorer = explorer
        self._seats = seats
        self._persisted = PersistedQueries()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            reply = await self._reply(scope, receive)
        except Refused as refused:
            reply = refused.reply()
            reply.headers = (_VARY, *reply.headers)
        except bodies.ClientLeft:
            return
        await reply(scope, receive, send)

    async def _reply(self, scope: Scope, receive: Receive) -> ASGIApp:
        method = scope["method"]
        if method == "OPTIONS":
            return Reply(204, b"", headers=(_ALLOW,))
        reading = method in READING
        if not reading and method != "POST":
            raise Refused(405, "METHOD_NOT_ALLOWED", "Use POST, or GET for queries.", (_ALLOW, CLOSE))
        media_type = preferred(headers_of(scope).get(b"accept", b"*/*"), page=reading)
        if media_type is None:
            raise Refused(406, "NOT_ACCEPTABLE", f"Accept {MediaType.RESPONSE.value} or {MediaType.JSON.value}.")
        if media_type is MediaType.HTML:
            return await self._page()
        try:
            request = parameters.from_query_string(scope["query_string"]) if reading else await _posted(scope, receive)
            return await self._answer(scope, media_type, request, read_only=reading)
        except MethodNotAllowed as refused:
            allowed = (b"allow", b"POST")
            return _refusal(scope, MediaType.RESPONSE, refused.errors, 405, (allowed,))
        except RequestRefused as refused:
            return _refusal(scope, media_type, refused.errors, media_type.refusal_status)

    async def _answer(
        self, scope: Scope, media_type: MediaType, request: GraphQLRequest, *, read_only: bool
    ) -> ASGIApp:
        shop: Shop = scope["app"].state.shop
        identity = credentials.identity(scope, shop.identities)
        actor = ANONYMOUS if identity is None else identity.actor
        streaming = media_type is MediaType.EVENTS
        request = self._persisted.complete(request)
        prepared = shop.engine.prepare(request, actor=actor, read_only=read_only, streaming=streaming)
        self._persisted.keep(request)
        if streaming:
            return EventStream(Executor(shop, self._persisted, client_of(scope)), prepared, identity, self._seats)
        with _mishaps(scope, shop):
            answer = await shop.execute(prepared, actor, client_of(scope))
        if answer.errors:
            return _with_errors(scope, media_type, answer)
        body = {"data": answer.data}
        if answer.extensions:
            body["extensions"] = answer.extensions
        return Reply(200, orjson.dumps(body), media_type.content_type, (_VARY,))

    async def _page(self) -> Reply:
        page = await run_in_threadpool(self._explorer.page)
        headers = [header for header in page.raw_headers if header[0] not in {b"content-type", b"content-length"}]
        return Reply(200, bytes(page.body), MediaType.HTML.content_type, (*headers, _VARY))


def _mishaps(scope: Scope, shop: Shop) -> AbstractContextManager[None]:
    """What is to go wrong with the payments of this request, where they are played."""
    wanted = headers_of(scope).get(SCENARIO)
    if wanted is None or shop.sandbox is None:
        return nullcontext()
    try:
        return shop.sandbox.suffering(wanted.decode("ascii", "replace"))
    except ValueError as unknown:
        raise Refused(400, "BAD_REQUEST", f"Souk-Sandbox-Scenario {unknown}.") from unknown


async def _posted(scope: Scope, receive: Receive) -> GraphQLRequest:
    headers = headers_of(scope)
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", "Send the body without Content-Encoding.", (CLOSE,))
    if not is_json(headers.get(b"content-type", b"")):
        raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json in UTF-8.", (CLOSE,))
    return parameters.from_json(await bodies.read(receive, headers))


def _with_errors(scope: Scope, media_type: MediaType, answer: Answer) -> Reply:
    identity = request_id(scope)
    errors = [written(error, identity) for error in answer.errors]
    parts: dict[str, object] = {"errors": errors, "data": answer.data}
    if answer.extensions:
        parts["extensions"] = answer.extensions
    body = orjson.dumps(parts)
    unavailable = any(error["extensions"]["code"] == "SERVICE_UNAVAILABLE" for error in errors)
    if answer.data is None and unavailable:
        return Reply(503, body, media_type.content_type, (_VARY, _RETRY))
    return Reply(200, body, media_type.content_type, (_VARY,))


def _refusal(
    scope: Scope,
    media_type: MediaType,
    errors: Sequence[GraphQLError],
    status: int,
    headers: Sequence[Header] = (),
) -> Reply:
    identity = request_id(scope)
    shown = {"errors": [written(error, identity) for error in errors]}
    body = event_streams.whole(shown) if media_type is MediaType.EVENTS else orjson.dumps(shown)
    return Reply(status, body, media_type.content_type, (_VARY, *headers))
