"""What one client may take of us."""

from dataclasses import dataclass

MOST_MESSAGE_BYTES = 64 * 1_024


@dataclass(frozen=True, slots=True)
class SocketLimits:
    init_seconds: float = 3.0
    """From the handshake to `connection_init`."""
    send_seconds: float = 10.0
    """For one frame, once the connection's own buffer is full."""
    finish_seconds: float = 3.0
    """For what runs when the process is told to stop: half of what uvicorn grants."""
    farewell_seconds: float = 0.25
    """For what runs when the token expires or its session ends: signing out over the socket wants its own answer."""
    frames: int = 100
    """Waiting to be sent to one socket."""
    characters: int = 16_000_000
    """In those frames, together; a frame that waits alone may be of any size."""
    operations: int = 20
    """At once on one socket."""
    sockets_of_user: int = 5
    sockets_of_address: int = 20
    """Anonymous ones, and as many that have not said yet whose they are."""
    streams: int = 20
    """Of server-sent events, to one user, or to one address where nobody is signed in."""
    sockets: int = 600
    """And streams, in the process: `server.http.capacity` tells how many it can hold."""
