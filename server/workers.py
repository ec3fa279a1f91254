"""Several server processes on one socket, kept alive by their parent and gone with it."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import structlog

from server.failures import Failure
from server.http.serving import GRACE_SECONDS
from server.settings import CHECKOUT, Settings

PATIENCE_SECONDS = GRACE_SECONDS + 4
"""How long a process may take to stop before it is killed: its requests' grace, and the closing of the shop."""
_PAUSE_SECONDS = 1.0
"""Before a process that died is replaced, so that one that dies at once does not take the machine with it."""
_LOG = structlog.stdlib.get_logger("souk.workers")


class Workers:
    """`settings.workers` processes that accept from `listener`."""

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        self._count = settings.workers
        self._listener = listener
        self._environment = _environment(settings, listener)
        self._stopping = asyncio.Event()

    async def run(self, tell: Callable[[], None]) -> None:
        """Serve until SIGINT or SIGTERM; `tell` is called when the first process answers.

        Raises:
            Failure: a process did not start before any other had; all were stopped.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        told = _Once(tell)
        places = [asyncio.create_task(self._keep_one(told)) for _ in range(self._count)]
        try:
            await asyncio.gather(*places)
        finally:
            self._stopping.set()
            await asyncio.gather(*places, return_exceptions=True)

    async def _keep_one(self, tell: "_Once") -> None:
        while not self._stopping.is_set():
            worker = await _spawn(self._listener, self._environment)
            try:
                await self._watch(worker, tell)
            finally:
                await worker.stop()
            if not self._stopping.is_set():
                _LOG.error("server process died", pid=worker.process.pid, code=worker.process.returncode)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), _PAUSE_SECONDS)

    async def _watch(self, worker: "_Worker", tell: "_Once") -> None:
        """Return when the process ended or the server is to stop."""
        ended = asyncio.create_task(worker.process.wait())
        ready = asyncio.create_task(worker.ready())
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((ready, stopping), return_when=asyncio.FIRST_COMPLETED)
            if self._stopping.is_set():
                return
            if ready.result():
                tell()
            elif not tell.told:  # later on a failed start may be the database's restart, and others still answer
                self._stopping.set()
                raise Failure("The server processes do not start: the lines above say why.")
            await asyncio.wait((ended, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (ended, ready, stopping):
                task.cancel()


@dataclass(frozen=True, slots=True)
class _Worker:
    process: asyncio.subprocess.Process
    line: socket.socket

    async def ready(self) -> bool:
        """True when it answers requests, False when it ended before."""
        with suppress(ConnectionError):
            return await asyncio.get_running_loop().sock_recv(self.line, 1) == b"+"
        return False

    async def stop(self) -> None:
        with suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), PATIENCE_SECONDS)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        self.line.close()


async def _spawn(listener: socket.socket, environment: Mapping[str, str]) -> _Worker:
    """In a session of its own, so that Ctrl-C reaches the parent alone, which knows what comes first."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)  # noqa: FBT003
    with theirs:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # a folder named `server` where the command was typed is not ours
            "-m",
            f"{__package__}.worker_process",
            str(listener.fileno()),
            str(theirs.fileno()),
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=(listener.fileno(), theirs.fileno()),
            start_new_session=True,
        )
    return _Worker(process, ours)


class _Once:
    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self.told = False

    def __call__(self) -> None:
        if not self.told:
            self.told = True
            self._tell()


def _environment(settings: Settings, listener: socket.socket) -> Mapping[str, str]:
    """Ours, with what was decided since: the database's address, and the port that was really given."""
    database = settings.database_url.get_secret_value() if settings.database_url else ""
    path = os.pathsep.join(filter(None, (str(CHECKOUT), os.environ.get("PYTHONPATH"))))
    decided = {"DATABASE_URL": database, "PORT": str(listener.getsockname()[1]), "PYTHONPATH": path}
    return {**os.environ, **decided}
