"""Real sockets for the tests of the WebSocket transport: how a server is started for them, and what a client says."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from starlette.routing import WebSocketRoute
from structlog import DropEvent
from structlog.testing import capture_logs
from structlog.typing import EventDict
from uvicorn.server import ServerState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from domain.shared.clock import now
from domain.shared.errors import ExpiredToken, InvalidToken, Unavailable
from domain.shared.ids import uuid7
from domain.users.revocation import RevokedSessions
from domain.users.tokens import AccessClaims, AccessToken
from domain.users.user import Actor, Client, SessionId, UserId, UserRole
from server.app import build_app
from server.graphql.engine import Answer, Engine, Prepared
from server.http import serving
from server.http.protocol import Protocol
from server.identities import Identities
from server.settings import Settings
from server.websocket.endpoint import GraphQLSocket
from server.websocket.limits import SocketLimits
from server.wiring import Shop

SUBPROTOCOL = Subprotocol("graphql-transport-ws")
NAME = "{ shop { name } }"
NAMED = {"data": {"shop": {"name": "Souk"}}}
SERVING = ContextVar("serving", default=False)
"""Whether this goes on for a connection: the loop hands a server's context on to all that its connections begin."""


class Tokens:
    """Access tokens that are known by heart."""

    def __init__(self) -> None:
        self.known: dict[str, AccessClaims] = {}

    def issue(self, user_id: UserId, session_id: SessionId, role: UserRole) -> AccessToken:
        return self.lasting(timedelta(minutes=10), AccessClaims(user_id, session_id, role, now()))

    def lasting(self, lifetime: timedelta, claims: AccessClaims) -> AccessToken:
        expires_at = now() + lifetime
        text = f"token-{len(self.known)}"
        self.known[text] = AccessClaims(claims.user_id, claims.session_id, claims.role, expires_at)
        return AccessToken(text, expires_at)

    def verify(self, text: str) -> AccessClaims:
        claims = self.known.get(text)
        if claims is None:
            raise InvalidToken("This is not one of ours.")
        if claims.expires_at <= now():
            raise ExpiredToken("This was one of ours.")
        return claims


@dataclass(slots=True)
class Revocations:
    """What the database says of revoked sessions."""

    revoked: list[SessionId] = field(default_factory=list[SessionId])

    async def since(self, instant: datetime) -> Iterable[SessionId]:
        del instant
        return self.revoked


class Silence:
    """Signals that nobody gives: the tests say themselves when there is news."""

    async def publish(self, topic: str, message: str) -> None:
        raise AssertionError(f"nobody is to be told {message} on {topic}")

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        raise AssertionError(f"nobody is to listen to {topic}")


@dataclass(slots=True)
class OpenShop:
    """The demo shop, with accounts that the tests make up, and operations that wait or break by their names."""

    shop: Shop
    tokens: Tokens = field(default_factory=Tokens)
    revocations: Revocations = field(default_factory=Revocations)
    asked: list[tuple[Actor, Client]] = field(default_factory=list[tuple[Actor, Client]])
    running: int = 0
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    leave: asyncio.Event = field(default_factory=asyncio.Event)
    genuine: bool = False
    """Whether the shop's own accounts are believed instead."""
    revoked: RevokedSessions = field(init=False)

    def __post_init__(self) -> None:
        self.revoked = RevokedSessions(self.revocations, Silence())

    @property
    def settings(self) -> Settings:
        return self.shop.settings

    @property
    def engine(self) -> Engine:
        return self.shop.engine

    @property
    def identities(self) -> Identities:
        return self.shop.identities if self.genuine else Identities(self.tokens, self.revoked)

    async def execute(self, prepared: Prepared, actor: Actor, client: Client) -> Answer:
        self.asked.append((actor, client))
        self.running += 1
        self.entered.set()
        try:
            name = prepared.operation.definition.name
            await self._behave(name.value if name else "")
            return await self.shop.execute(prepared, actor, client)
        finally:
            self.running -= 1

    def subscribe(self, prepared: Prepared, actor: Actor, client: Client) -> AsyncGenerator[Answer]:
        self.asked.append((actor, client))
        return self.shop.subscribe(prepared, actor, client)

    async def _behave(self, name: str) -> None:
        if name == "Slow":
            await self.leave.wait()
        elif name == "Brief":
            await asyncio.sleep(0.1)
        elif name == "Broken":
            raise RuntimeError("SELECT password FROM users")
        elif name == "Away":
            raise Unavailable("The database does not answer.")

    def sign_in(self, lifetime: timedelta = timedelta(minutes=10), user_id: UUID | None = None) -> str:
        claims = AccessClaims(UserId(user_id or uuid7()), SessionId(uuid7()), UserRole.CUSTOMER, now())
        return self.tokens.lasting(lifetime, claims).text

    async def revoke(self, token: str) -> None:
        self.revocations.revoked.append(self.tokens.known[token].session_id)
        await self.revoked.look()


@dataclass(slots=True)
class Conversation:
    """A client on its socket."""

    socket: ClientConnection

    async def say(self, kind: str, **more: Any) -> None:
        await self.socket.send(orjson.dumps({"type": kind, **more}).decode())

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            return orjson.loads(await self.socket.recv())

    async def begin(self, payload: dict[str, Any] | None = None) -> None:
        await self.say("connection_init", **({} if payload is None else {"payload": payload}))
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, query: str, identity: str = "1", **more: Any) -> None:
        await self.say("subscribe", id=identity, payload={"query": query, **more})

    async def ask(self, query: str, identity: str = "1", **more: Any) -> dict[str, Any]:
        """The answer's payload, or the error message."""
        await self.subscribe(query, identity, **more)
        answer = await self.hear()
        assert answer["id"] == identity
        if answer["type"] == "error":
            return answer
        assert answer["type"] == "next"
        assert await self.hear() == {"type": "complete", "id": identity}
        return answer["payload"]

    async def end(self) -> tuple[int, str]:
        """How the server closes; what it still says before is let go."""
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(self._hear_out(), 15)
        return close_of(closed.value)

    async def _hear_out(self) -> None:
        while True:
            await self.socket.recv()


def close_of(closed: ConnectionClosed) -> tuple[int, str]:
    """What the server's close frame says; fails when there was none."""
    assert closed.rcvd is not None
    return closed.rcvd.code, closed.rcvd.reason


@dataclass(slots=True)
class Served:
    """A server on loopback."""

    host: str
    port: int
    shop: OpenShop
    state: ServerState

    @asynccontextmanager
    async def open(self, name: str | None = None, **given: Any) -> AsyncGenerator[Conversation]:
        """A socket whose handshake is over, and nothing else; asked for at the host `name`."""
        given = {"subprotocols": [SUBPROTOCOL], "compression": None, **given}
        if "sock" not in given:
            given |= {"host": self.host, "port": self.port}
        url = f"ws://{name or f'{self.host}:{self.port}'}/graphql"
        async with connect(url, proxy=None, **given) as socket:
            yield Conversation(socket)

    @asynccontextmanager
    async def talk(self, payload: dict[str, Any] | None = None, **given: Any) -> AsyncGenerator[Conversation]:
        """A socket that was acknowledged."""
        async with self.open(**given) as client:
            await client.begin(payload)
            yield client

    async def quiet(self) -> None:
        """Return when no connection is left, and nothing runs for one."""
        async with asyncio.timeout(10):
            while self.state.connections or self.state.tasks:  # noqa: ASYNC110  (uvicorn counts, and tells nobody)
                await asyncio.sleep(0.01)


@asynccontextmanager
async def served(shop: Shop, limits: SocketLimits | None = None, **configured: Any) -> AsyncGenerator[Served]:
    """The whole application over `shop`, in this loop. `configured` is what uvicorn is told otherwise."""
    app = build_app(shop.settings)
    opened = OpenShop(shop)
    await opened.revoked.look()
    app.state.shop = opened
    if limits is not None:
        app.router.routes.insert(0, WebSocketRoute("/graphql", GraphQLSocket(limits)))
    config = serving.config(app, shop.settings)
    for name, value in configured.items():
        setattr(config, name, value)
    config.load()
    state = ServerState()

    def protocol() -> Protocol:
        return Protocol(config=config, server_state=state, app_state={})

    serving_here = SERVING.set(True)
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    SERVING.reset(serving_here)
    host, port = server.sockets[0].getsockname()[:2]
    try:
        yield Served(host, port, opened, state)
    finally:
        server.close()
        for connection in list(state.connections):
            connection.shutdown()


class Complaints(logging.Handler):
    """What was logged beyond the debug line of each request: by us, or by what we are built on."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record))


def _of_a_connection(_: object, __: str, event: EventDict) -> EventDict:
    """Raises: DropEvent: it was logged by somebody else, such as what goes on in the background of another shop."""
    if not SERVING.get():
        raise DropEvent
    return event


@contextmanager
def complaints() -> Generator[list[str]]:
    """What is logged because of what clients of `served` send; filled when the block ends."""
    handler = Complaints()
    logging.root.addHandler(handler)
    try:
        with capture_logs([_of_a_connection]) as logged:
            yield handler.said
        handler.said += [str(line) for line in logged if line["log_level"] != "debug"]
    finally:
        logging.root.removeHandler(handler)


def origin(text: str) -> Origin:
    return Origin(text)
