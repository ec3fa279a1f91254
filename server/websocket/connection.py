"""One socket, from its handshake to its end."""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import aclosing, suppress
from typing import Any

import structlog
from starlette.types import Receive, Send

from domain.shared.errors import Unauthenticated, Unavailable
from domain.users.user import ANONYMOUS
from server.graphql.errors import MASK, written
from server.graphql.request import GraphQLRequest, RequestRefused
from server.identities import Identity
from server.operations import Executor, error_of, payload_of
from server.websocket import messages
from server.websocket.closing import ClientLeft, Close, CloseCode
from server.websocket.limits import SocketLimits
from server.websocket.messages import Complete, Init, Ping, Pong, Subscribe
from server.websocket.outbox import Outbox
from server.websocket.seats import Seat

CLOSING_SECONDS = 1.0
_LOG = structlog.stdlib.get_logger("souk.websocket")


class Connection:
    """Its tasks: one reads, one sends, one waits for the end of the token, and each operation has its own.

    Whichever finds a reason to end the socket raises it; `run` ends the others.
    """

    def __init__(
        self, receive: Receive, send: Send, executor: Executor, seat: Seat, limits: SocketLimits, request_id: str
    ) -> None:
        self._receive = receive
        self._send = send
        self._executor = executor
        self._seat = seat
        self._limits = limits
        self._request_id = request_id
        self._outbox = Outbox(send, limits)
        self._ended = asyncio.get_running_loop().create_future()
        self._tasks = set[asyncio.Task[None]]()
        self._running = set[asyncio.Task[None]]()
        self._endless = set[asyncio.Task[None]]()
        self._operations = dict[str, asyncio.Task[None]]()
        self._begun = 0
        self._initialised = False
        self._leaving = False
        self._actor = ANONYMOUS

    async def run(self) -> None:
        """Serve until one side ends it. No task is left behind."""
        self._start(self._outbox.deliver())
        self._start(self._read())
        try:
            close: Close | None = await self._ended
            if close is not None:
                with suppress(OSError, TimeoutError):
                    async with asyncio.timeout(CLOSING_SECONDS):
                        await self._send(close.written())
        finally:
            for task in self._tasks:
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._stopped)
        return task

    def _stopped(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._running.discard(task)
        self._endless.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is None or self._ended.done():
            return
        if isinstance(failure, Close):
            self._ended.set_result(failure)
        elif isinstance(failure, ClientLeft | OSError):
            self._ended.set_result(None)
        else:
            _LOG.error("socket failed", exc_info=failure, request_id=self._request_id)
            self._ended.set_result(Close(CloseCode.INTERNAL_ERROR, MASK))

    async def _read(self) -> None:
        self._seat.wait()
        try:
            async with asyncio.timeout(self._limits.init_seconds) as patience:
                while True:
                    await self._handle(await self._receive())
                    if self._initialised:
                        patience.reschedule(None)
                    await asyncio.sleep(0)  # many messages may have come in one packet: answers go out in between
        except TimeoutError:
            raise Close(CloseCode.INITIALISATION_TIMEOUT, "Connection initialisation timeout") from None

    async def _handle(self, received: Mapping[str, Any]) -> None:
        if received["type"] == "websocket.disconnect":
            await self._disconnect(received.get("code"))
        match messages.decode(received):
            case Init(token):
                self._initialise(token)
            case Ping(pong):
                self._outbox.put(pong)
            case Pong():
                pass
            case Subscribe(identity, request):
                self._subscribe(identity, request)
            case Complete(identity):
                task = self._operations.pop(identity, None)
                if task is not None:
                    task.cancel()

    async def _disconnect(self, code: int | None) -> None:
        """Raises: ClientLeft. Close: it is we who leave: what runs may end before, so that nobody repeats it."""
        if code != CloseCode.SERVICE_RESTART:
            raise ClientLeft
        await self._finish(self._limits.finish_seconds)
        raise Close(CloseCode.SERVICE_RESTART, "Service restart")

    async def _finish(self, seconds: float) -> None:
        """What runs ends before; what would go on for ever ends now, and its client goes on elsewhere."""
        self._leaving = True
        for task in self._endless:
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                if self._running:
                    await asyncio.wait(self._running)
                await self._outbox.delivered()

    def _initialise(self, token: str | None) -> None:
        if self._initialised:
            raise Close(CloseCode.TOO_MANY_INITIALISATIONS, "Too many initialisation requests")
        if token is None:
            self._seat.belong_to(None)
        else:
            identity = self._identify(token)
            self._seat.belong_to(identity.actor.user_id)
            self._actor = identity.actor
            self._start(self._watch(identity))
        self._initialised = True
        self._outbox.put(messages.acknowledged())

    def _identify(self, token: str) -> Identity:
        try:
            return self._executor.shop.identities.identify(token)
        except Unauthenticated:
            raise _forbidden() from None
        except Unavailable as starting:
            raise Close(CloseCode.TRY_AGAIN_LATER, starting.message) from None

    async def _watch(self, identity: Identity) -> None:
        """Raises: Close: the token expired, or its session was revoked."""
        await self._executor.shop.identities.until_over(identity)
        await self._finish(self._limits.farewell_seconds)
        raise _forbidden()

    def _subscribe(self, identity: str, request: GraphQLRequest | RequestRefused) -> None:
        if not self._initialised:
            raise Close(CloseCode.UNAUTHORIZED, "Unauthorized")
        if self._leaving:
            raise _forbidden()
        if identity in self._operations:
            raise Close(CloseCode.SUBSCRIBER_EXISTS, f"Subscriber for {identity} already exists")
        most = self._limits.operations
        if len(self._operations) >= most or len(self._running) >= 2 * most:  # cancelled ones may take a while to go
            self._outbox.put(messages.refused(identity, [_too_many(most)]))
            return
        self._begun += 1
        task = self._start(self._operate(identity, request, f"{self._request_id}.{self._begun}"))
        self._running.add(task)
        self._operations[identity] = task

    async def _operate(self, identity: str, request: GraphQLRequest | RequestRefused, request_id: str) -> None:
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            if isinstance(request, RequestRefused):
                raise request  # noqa: TRY301  (refused while it was read, answered like the others)
            await self._answer(identity, request, request_id)
            last = messages.completed(identity)
        except Close:
            raise
        except RequestRefused as refused:
            last = messages.refused(identity, [written(error, request_id) for error in refused.errors])
        except Exception as failure:  # noqa: BLE001  (whatever it is, it ends this operation alone)
            last = messages.refused(identity, [error_of(failure, request_id)])
        if self._operations.get(identity) is _current():  # nobody completed it meanwhile
            del self._operations[identity]
            self._outbox.put(last)

    async def _answer(self, identity: str, request: GraphQLRequest, request_id: str) -> None:
        prepared = self._executor.prepare(request, self._actor)
        if prepared.streams:
            self._endless.add(_current())
        async with aclosing(self._executor.answers(prepared, self._actor)) as answers:
            async for answer in answers:
                if answer.more:  # what is stored can wait; what happens now is not held back for who is slow
                    await self._outbox.room()
                self._outbox.put(messages.answered(identity, payload_of(answer, request_id)))


def _current() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("this is called in a task")
    return task


def _forbidden() -> Close:
    return Close(CloseCode.FORBIDDEN, "Forbidden")


def _too_many(most: int) -> Mapping[str, Any]:
    message = f"This socket runs {most} operations already: wait until one has ended."
    return {"message": message, "extensions": {"code": "TOO_MANY_OPERATIONS"}}
