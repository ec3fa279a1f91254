"""A PostgreSQL server of our own, shared by all processes of this machine that use the same home."""

import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from adapters.embedded_postgres import watcher
from adapters.embedded_postgres.binaries import Binaries, locate
from adapters.embedded_postgres.cluster import DATABASE, ROLE
from adapters.embedded_postgres.errors import (
    NotStartedError,
    PlatformUnsupportedError,
    folder_error,
)
from adapters.embedded_postgres.folders import SPARE, Folders
from adapters.embedded_postgres.launch import Launch
from adapters.embedded_postgres.locks import Reference, exclusive
from adapters.embedded_postgres.postmaster import stop
from adapters.embedded_postgres.state import State

_SETTINGS = {
    "shared_buffers": "128MB",
    "max_connections": "100",
    "random_page_cost": "1.1",  # solid-state disks
    "jit": "off",  # compiling costs more than a shop's short queries take
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_NOT_DURABLE = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class EmbeddedPostgres:
    """A share in the server of `home`: `start` takes it, `release` gives it back, the last one stops the server.

    The share ends with the process, even by kill -9; a watcher then stops a server that nobody uses. Data that was
    committed survives any of this, and with `durable=False`, which is for tests, everything but a crash of the machine.
    `settings` are PostgreSQL's, and count when this process is the one that starts the server.
    `spare` is where root keeps what the server's user cannot reach in its own place.
    """

    def __init__(
        self,
        home: Path,
        *,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        find_binaries: Callable[[], Binaries] = locate,
        spare: Path = SPARE,
    ) -> None:
        self._home = home
        self._durable = durable
        self._settings = {**_SETTINGS, **({} if durable else _NOT_DURABLE), **(settings or {})}
        self._find_binaries = find_binaries
        self._spare = spare
        self._reference: Reference | None = None
        self._state: State | None = None

    def start(self) -> str:
        """Return the URL of a server that is ready. Blocks; asking again is cheap and revives a server that died.

        Raises:
            EmbeddedPostgresError: With a sentence that says what to do.
        """
        _require_supported(sys.platform)
        binaries = self._find_binaries()
        with _refusals_explained(self._home):
            folders = self._folders()
            folders.make_home()
            with exclusive(folders.lock):
                if self._reference is None:
                    self._reference = Reference(folders.holders)
                try:
                    self._state = Launch(folders, binaries, self._settings, self._durable, self._spare).bring_up()
                    watcher.ensure(folders)
                except BaseException:
                    self._leave(folders)
                    raise
        return self.url_of(DATABASE)

    def release(self) -> bool:
        """Give the share back; True when it was the last one and the server was stopped. Blocks up to 20 s."""
        if self._reference is None:
            return False
        if self._reference.is_inherited:
            self._forget()
            return False
        with _refusals_explained(self._home):
            folders = self._folders()
            with exclusive(folders.lock):
                return self._leave(folders)

    def url_of(self, database: str) -> str:
        """The URL of another database of the same server."""
        if self._state is None:
            raise NotStartedError
        return f"postgresql://{ROLE}:{self._state.password}@127.0.0.1:{self._state.port}/{database}"

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _folders(self) -> Folders:
        return Folders(self._home.resolve())

    def _leave(self, folders: Folders) -> bool:
        if self._reference is None:
            return False
        is_last = self._reference.is_last()
        try:
            return is_last and stop(folders)
        finally:
            self._forget()
            if is_last:
                watcher.await_end(folders)

    def _forget(self) -> None:
        if self._reference is not None:
            self._reference.close()
        self._reference = self._state = None


def _require_supported(platform: str) -> None:
    if platform not in {"linux", "darwin"}:
        raise PlatformUnsupportedError(platform)


@contextmanager
def _refusals_explained(home: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise folder_error(home, error) from error
