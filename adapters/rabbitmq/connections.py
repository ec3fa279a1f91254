"""Connections to RabbitMQ that fail soon, and never leave anybody hanging."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aio_pika
from aio_pika.abc import AbstractConnection, TimeoutType
from aio_pika.exceptions import AMQPError

from domain.shared.errors import Unavailable

ANSWER_SECONDS = 5.0
"""To connect, and for each answer."""
STARTING_SECONDS = 30.0
"""To declare queues, or to begin to consume: a broker that has just started elects a leader for each queue first."""
HEARTBEAT_SECONDS = 10
FAILURES = (AMQPError, OSError, RuntimeError, TimeoutError)
"""A channel that was closed meanwhile is a RuntimeError there."""
SCHEMES = ("amqp", "amqps")
EXAMPLE = "amqp://user:password@host:5672/vhost"

T = TypeVar("T")


def require_usable(url: str) -> None:
    """Raises: ValueError: it is no address of a RabbitMQ. The message says nothing of it, as it may hold a password."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in SCHEMES and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(f"The RabbitMQ must look like {EXAMPLE}.")


class _Connection(aio_pika.Connection):
    """Closed when it does not come about: the library would do that once it is collected, in a task that nobody has."""

    async def connect(self, timeout: TimeoutType = None) -> None:  # noqa: ASYNC109  (as the library has it)
        try:
            await super().connect(timeout)
        except BaseException:
            await self.close()
            raise


async def connected(url: str) -> AbstractConnection:
    """A connection that does not come back by itself when it is lost: a robust one can hang in publishing meanwhile.

    Raises:
        Unavailable: nobody answers, or not to us.
    """
    try:
        return await answered(aio_pika.connect(url, heartbeat=HEARTBEAT_SECONDS, connection_class=_Connection))
    except FAILURES as failure:
        raise Unavailable(f"RabbitMQ does not answer ({type(failure).__name__}).") from failure


async def answered(asked: Coroutine[Any, Any, T], seconds: float = ANSWER_SECONDS) -> T:
    """What it returns.

    The library cancels whoever waits on a connection that is lost: here that is a failure like any other, and only who
    is cancelled from outside ends as cancelled.

    Raises:
        TimeoutError: it took longer.
        ConnectionError: the connection was lost meanwhile.
    """
    task = asyncio.ensure_future(asked)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            raise TimeoutError
    finally:
        task.cancel()
    if task.cancelled():
        raise ConnectionError("the connection was lost")
    return task.result()


async def let_go(connection: AbstractConnection) -> None:
    """However it is."""
    with suppress(*FAILURES):
        await answered(connection.close())


async def version(url: str) -> str:
    """Of the server there. Raises: Unavailable: it does not answer, or not to us."""
    connection = await connected(url)
    try:
        transport: Any = connection.transport  # partly untyped there
        return str(transport.connection.server_properties.get("version", "unknown"))
    finally:
        await let_go(connection)
