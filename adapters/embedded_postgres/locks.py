"""Advisory locks of the kernel: they end with the processes that hold them, however those end."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":  # there `EmbeddedPostgres.start` refuses before any lock is taken
    import fcntl


def claim(path: Path) -> int | None:
    """Hold the lock and return its descriptor, or None when somebody else holds it.

    The lock belongs to the open file, not to the process: it lasts until the last process that inherited the
    descriptor is gone.
    """
    descriptor = _open(path)
    if _upgrade(descriptor):
        return descriptor
    os.close(descriptor)
    return None


def is_free(path: Path) -> bool:
    descriptor = claim(path)
    if descriptor is None:
        return False
    os.close(descriptor)
    return True


@contextmanager
def exclusive(path: Path) -> Generator[None]:
    """Wait for the lock and hold it for the block. No bound: whoever holds it is bounded itself."""
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def wait_for_nobody(path: Path) -> None:
    """Return at a moment when no `Reference` to `path` was held."""
    with exclusive(path):
        pass


class Reference:
    """A share in the server. Take and leave it under the home's lock only."""

    def __init__(self, path: Path) -> None:
        self._owner = os.getpid()
        self._descriptor = _open(path)
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    @property
    def is_inherited(self) -> bool:
        """Whether this is a forked copy; the share is the parent's."""
        return self._owner != os.getpid()

    def is_last(self) -> bool:
        """Whether nobody else has a share. Asking gives up the own one."""
        return _upgrade(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _upgrade(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
