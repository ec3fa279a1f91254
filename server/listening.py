"""The socket that the shop listens on."""

import errno
import socket
from collections.abc import Mapping

from server.failures import Failure, UsageFailure

BACKLOG = 2048
_LAST_PORT = 65_535

_REASONS: Mapping[int, str] = {
    errno.EADDRINUSE: "{where} is taken by another program: stop it, or choose another port, such as PORT={other}.",
    errno.EACCES: "{where} may not be opened by this user: choose a port above 1023, such as PORT=8000.",
    errno.EADDRNOTAVAIL: "HOST={host} is not an address of this machine: use 127.0.0.1, or 0.0.0.0 for every network.",
}


def bind(host: str, port: int) -> socket.socket:
    """Take the port, which nobody else can have from now on; clients wait in the queue until somebody accepts.

    Listening at once is what makes the port ours: two sockets that are merely bound may share it.

    Raises:
        Failure: the port is taken, or the address cannot be used.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError) as unknown:
        raise UsageFailure(f"HOST={host} is neither an address nor a name that this machine knows.") from unknown
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as refused:
        listener.close()
        raise _explained(refused, host, port) from refused
    return listener


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def _explained(refused: OSError, host: str, port: int) -> Failure:
    where = f"Port {port} on {host}"
    reason = _REASONS.get(refused.errno or 0, "{where} cannot be opened: {error}.")
    other = port + 1 if port < _LAST_PORT else 8000
    return Failure(reason.format(where=where, other=other, host=host, error=refused.strerror or refused))
