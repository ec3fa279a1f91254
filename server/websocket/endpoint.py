"""GraphQL over WebSocket: the ASGI application for the address where requests are answered too."""

from starlette.types import Receive, Scope, Send

from server.http.incoming import client_of, headers_of, request_id
from server.http.persisted import PersistedQueries
from server.http.replies import Reply, refusal_body
from server.operations import Executor
from server.websocket.closing import Close, CloseCode
from server.websocket.connection import Connection
from server.websocket.limits import SocketLimits
from server.websocket.messages import SUBPROTOCOL
from server.websocket.origins import may_connect
from server.websocket.seats import Seats
from server.wiring import Shop

_FOREIGN = Reply(403, refusal_body("FORBIDDEN", "Pages of this origin may not open a socket here."))
_FULL = Reply(
    503,
    refusal_body("SERVICE_UNAVAILABLE", "Too many sockets at once; try again in a moment."),
    headers=((b"retry-after", b"1"),),
)


class GraphQLSocket:
    """Speaks `graphql-transport-ws`. One per process: it counts who has how many sockets."""

    def __init__(self, limits: SocketLimits | None = None, seats: Seats | None = None) -> None:
        self._limits = limits or SocketLimits()
        self._seats = seats or Seats(self._limits)
        self._persisted = PersistedQueries()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shop: Shop = scope["app"].state.shop
        await receive()  # that somebody wants to connect, which the scope has told
        refused = self._refused(scope, shop)
        if refused is not None:
            await refused(scope, receive, send)
        elif SUBPROTOCOL not in scope["subprotocols"]:
            # clients of the protocol look for the code, which only an open socket can be closed with
            await send({"type": "websocket.accept"})
            await send(Close(CloseCode.SUBPROTOCOL_NOT_ACCEPTABLE, "Subprotocol not acceptable").written())
        else:
            await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
            await self._serve(scope, receive, send, shop)

    def _refused(self, scope: Scope, shop: Shop) -> Reply | None:
        headers = headers_of(scope)
        origin = headers.get(b"origin")
        host = headers.get(b"host", b"").decode("latin-1")
        if not may_connect(None if origin is None else origin.decode("latin-1"), host, shop.settings):
            return _FOREIGN
        return _FULL if self._seats.full else None

    async def _serve(self, scope: Scope, receive: Receive, send: Send, shop: Shop) -> None:
        client = client_of(scope)
        executor = Executor(shop, self._persisted, client)
        with self._seats.seat(client.ip_address) as seat:
            await Connection(receive, send, executor, seat, self._limits, request_id(scope)).run()
