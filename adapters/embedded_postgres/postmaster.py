"""The server's parent process: find it, tell it from a stranger, stop it."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from adapters.embedded_postgres.accounts import ourselves
from adapters.embedded_postgres.errors import ClusterInUseError
from adapters.embedded_postgres.folders import Folders
from adapters.embedded_postgres.locks import is_free

PAUSE = 0.01  # seconds between two looks
_STEPS = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 10.0))  # fast shutdown, immediate shutdown; seconds to wait for each


@dataclass(frozen=True, slots=True)
class Postmaster:
    pid: int
    port: int
    is_ready: bool


def find(data: Path) -> Postmaster | None:
    """The live server of `data`, as `postmaster.pid` tells and the process confirms.

    The file alone proves nothing: after a crash its number may belong to any other program.
    """
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        pid, port = int(lines[0]), int(lines[3])
    except (OSError, ValueError, IndexError):
        return None
    if not _serves(pid, data):
        return None
    return Postmaster(pid=pid, port=port, is_ready=lines[7:] != [] and lines[7].strip() == "ready")


def forget_stranger(data: Path) -> None:
    """Remove `postmaster.pid` when its number belongs to another program by now, for which PostgreSQL would refuse.

    When the process is gone the file stays: PostgreSQL looks through it for remains in shared memory.
    """
    file = data / "postmaster.pid"
    with suppress(OSError, ValueError, IndexError):
        pid = int(file.read_text(encoding="utf-8").splitlines()[0])
        if _exists(pid) and not _serves(pid, data):
            file.unlink()


def stop(folders: Folders) -> bool:
    """Stop the server and wait until its last process is gone. False when there was none.

    Raises:
        ClusterInUseError: It outlived an immediate shutdown.
    """
    postmaster = find(folders.data)
    if postmaster is None or is_free(folders.data_lock):  # a server without the lock was started by hand
        return False
    for number, limit in _STEPS:
        with suppress(ProcessLookupError):
            os.kill(postmaster.pid, number)
        if wait_until(lambda: is_free(folders.data_lock), limit):
            return True
    raise ClusterInUseError(folders.data, f"a server that does not stop (process {postmaster.pid})")


def wait_until(condition: Callable[[], bool], limit: float) -> bool:
    """Whether `condition` came true within `limit` seconds."""
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(PAUSE)
    return True


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _serves(pid: int, data: Path) -> bool:
    return f"postgres -D {data} " in f"{_command_line(pid)} "


def _command_line(pid: int) -> str:
    """Empty for a process that is gone, or dead and not yet reaped."""
    if Path("/proc/self/cmdline").exists():
        try:
            return (Path("/proc") / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    return ourselves().run(["ps", "-ww", "-o", "command=", "-p", str(pid)]).stdout.strip()
