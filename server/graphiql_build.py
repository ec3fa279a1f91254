"""Build `web/dist` beside a running server, though nobody thought of `make web`.

GraphiQL does without a CDN then, and buyers can follow their orders.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

from pydantic import BaseModel

if sys.platform != "win32":
    import fcntl

# as in `web/build.mjs`, and in the same order
_INPUTS = (
    *("package-lock.json", "libraries.json", "build.mjs"),
    *("track/track.js", "track/following.js", "track/steps.js"),
)
# The shell alone keeps the lock, which is its standard input: it is released for sure once the shell is waited for.
_COMMANDS = '"$0" ci --no-audit --no-fund --loglevel=error </dev/null && "$0" run --silent build </dev/null'
_NICENESS = "15"  # of 19: the server's requests come first
LOG = Path(".build/log")
_LOCK = Path(".build/lock")


class Manifest(BaseModel, frozen=True):
    """What `web/build.mjs` says about the folder it built."""

    inputs: str
    scripts: tuple[str, ...]
    styles: tuple[str, ...]
    tracking: str | None = None
    """The script of the page that follows an order; older builds have none."""

    @classmethod
    def read(cls, web: Path) -> Self | None:
        with suppress(FileNotFoundError):
            return cls.model_validate_json((web / "dist/manifest.json").read_bytes())
        return None


class BackgroundBuild:
    """A build that this server has started, or nothing when there was nothing to do."""

    def __init__(self, process: subprocess.Popen[bytes] | None = None) -> None:
        self._process = process

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def wait(self) -> None:
        if self._process is not None:
            self._process.wait()

    def stop(self) -> None:
        """End the build and everything it started.

        Killing loses nothing: `npm ci` starts afresh anyway, and `dist` is replaced by renaming.
        """
        if self._process is not None and self.running:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def build_in_background(web: Path) -> BackgroundBuild:
    """Start a build when npm is there, `dist` is missing or outdated, and no other server builds it. Never waits."""
    npm, nice, shell = shutil.which("npm"), shutil.which("nice"), shutil.which("sh")
    if npm is None or nice is None or shell is None or not is_outdated(web):
        return BackgroundBuild()
    lock = _claim(web / _LOCK)
    if lock is None:
        return BackgroundBuild()
    try:
        # Asked again under the lock: another server may have finished a build in between.
        return BackgroundBuild(_start(web, [nice, "-n", _NICENESS, shell, "-c", _COMMANDS, npm], lock))
    finally:
        os.close(lock)


def is_being_built(web: Path) -> bool:
    if sys.platform == "win32":
        return False
    try:
        lock = os.open(web / _LOCK, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def is_outdated(web: Path) -> bool:
    """Whether `dist` is missing, or was made from other inputs.

    Contents are compared, as a checkout gives every file a new time.
    """
    if not all((web / name).is_file() for name in _INPUTS):
        return False
    inputs = hashlib.sha256(b"".join((web / name).read_bytes() for name in _INPUTS)).hexdigest()
    manifest = Manifest.read(web)
    return manifest is None or manifest.inputs != inputs


def _claim(path: Path) -> int | None:
    """Take the lock, or None when another server has it or the checkout cannot be written."""
    if sys.platform == "win32":
        return None
    try:
        path.parent.mkdir(exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _start(web: Path, command: list[str], lock: int) -> subprocess.Popen[bytes] | None:
    if not is_outdated(web):
        return None
    with (web / LOG).open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - npm and its arguments, nothing that a client sent
            command,
            cwd=web,
            stdin=lock,  # held until the build ends, even when this server is killed before
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # one group to end, and deaf to the terminal's Ctrl-C
        )
