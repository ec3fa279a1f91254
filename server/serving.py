"""One process that answers requests."""

import logging
import socket
from collections.abc import Callable

import uvicorn

from server import logs
from server.app import build_app
from server.failures import Failure
from server.http.serving import config
from server.settings import Settings

Started = Callable[[], None]
"""Told once, when requests are answered."""


class _Server(uvicorn.Server):
    def __init__(self, configuration: uvicorn.Config, tell: Started) -> None:
        super().__init__(configuration)
        self._tell = tell

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and not self.should_exit:
            self._tell()


def serve(settings: Settings, listener: socket.socket, tell: Started) -> None:
    """Answer on `listener` until SIGINT or SIGTERM comes and running requests are finished.

    Raises:
        Failure: the application did not start; the log says why.
    """
    logs.configure(settings)
    if not settings.production and settings.log_level == "INFO":
        logging.getLogger("uvicorn").setLevel(logging.WARNING)  # the start screen tells the same, legibly
    server = _Server(config(build_app(settings), settings), tell)
    try:
        server.run([listener])
    except KeyboardInterrupt:
        return  # uvicorn raises the signal again when it has finished
    except SystemExit as refused:
        raise Failure("The server did not start: the lines above say why.") from refused
