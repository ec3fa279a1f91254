"""Connections to Redis that fail soon."""

from typing import Any, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError

from domain.shared.errors import Unavailable

ANSWER_SECONDS = 0.25
"""To connect, and for each answer."""
CONNECTIONS = 10


def require_usable(url: str) -> None:
    """Raises: ValueError: it is no address of a Redis. The message says nothing of it, as it may hold a password."""
    try:
        parse_url(url)
    except ValueError:
        raise ValueError("The Redis must look like redis://:password@host:6379/0.") from None


async def version(url: str) -> str:
    """Of the server there.

    Raises:
        Unavailable: it does not answer, or not to us.
    """
    client: Any = redis_client(url)  # partly untyped there
    try:
        return str((await client.info("server"))["redis_version"])
    except (RedisError, OSError) as failure:
        raise Unavailable(str(failure)) from failure
    finally:
        await client.aclose()


def redis_client(url: str, answer_seconds: float = ANSWER_SECONDS) -> Redis:
    """A client with a pool of its own. When all its connections are in use one waits: callers bound how long.

    A connection that broke while idle is replaced once. What takes too long is not tried again: the client would
    otherwise try ten times, with pauses.
    """
    pool = cast("Any", BlockingConnectionPool).from_url(  # partly untyped there
        url,
        protocol=2,
        max_connections=CONNECTIONS,
        timeout=None,
        socket_connect_timeout=answer_seconds,
        socket_timeout=answer_seconds,
        retry=Retry(NoBackoff(), 1, (ConnectionLost,)),
    )
    return Redis.from_pool(pool)
