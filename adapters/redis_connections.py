"""Connections to Redis that fail soon."""

from typing import Any, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLost

ANSWER_SECONDS = 0.25
"""To connect, and for each answer."""
CONNECTIONS = 10


def redis_client(url: str) -> Redis:
    """A client with a pool of its own. When all its connections are in use one waits: callers bound how long.

    A connection that broke while idle is replaced once. What takes too long is not tried again: the client would
    otherwise try ten times, with pauses.
    """
    pool = cast("Any", BlockingConnectionPool).from_url(  # partly untyped there
        url,
        protocol=2,
        max_connections=CONNECTIONS,
        timeout=None,
        socket_connect_timeout=ANSWER_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 1, (ConnectionLost,)),
    )
    return Redis.from_pool(pool)
