"""Bring the server up: join the one that runs, or start one."""

import os
import socket
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from adapters.embedded_postgres.accounts import Account, server_account
from adapters.embedded_postgres.binaries import Binaries, readable_by
from adapters.embedded_postgres.cluster import Toolbox
from adapters.embedded_postgres.errors import (
    FULL,
    UNSEEN,
    ClusterInUseError,
    DiskFullError,
    EmbeddedPostgresError,
    FolderUnreachableError,
    ServerStartError,
)
from adapters.embedded_postgres.folders import Folders
from adapters.embedded_postgres.locks import claim, is_free
from adapters.embedded_postgres.postmaster import find, forget_stranger, wait_until
from adapters.embedded_postgres.state import State, new_state, read_state, write_state

_READY_LIMIT = 300.0  # seconds; a start takes 0.1, replaying a gigabyte of log after a crash minutes on a slow disk
_PORTS_TRIED = 5
_PORT_TAKEN = "could not create any TCP/IP sockets"
_LOG_LIMIT = 10_000_000  # bytes; a larger log is put aside at the next start
_LOG_SHOWN = 15  # lines


@dataclass(frozen=True, slots=True)
class Launch:
    """One attempt to have a server on `folders`. Use it under the home's lock only."""

    folders: Folders
    binaries: Binaries
    settings: Mapping[str, str]
    durable: bool
    spare: Path

    def bring_up(self) -> State:
        """Return how to connect to a server that is ready."""
        account = server_account(self.folders.data)
        self.folders.make_cluster(account, self.spare)
        if self._is_running():
            return self._join()
        if not account.can_enter(self.folders.cluster):
            raise FolderUnreachableError(self.folders.cluster, account.name)
        binaries = readable_by(account, self.binaries, self.spare)
        with self._data_held() as data_lock:
            state = self._prepare(Toolbox(account=account, binaries=binaries, data_lock=data_lock))
        return self._start(account, binaries, state)

    def _is_running(self) -> bool:
        """Wait for one that is starting, and for the remains of one that was killed."""

        def is_ready() -> bool:
            postmaster = find(self.folders.data)
            return postmaster is not None and postmaster.is_ready

        if not wait_until(lambda: is_free(self.folders.data_lock) or is_ready(), _READY_LIMIT):
            raise ClusterInUseError(self.folders.data, UNSEEN)
        return not is_free(self.folders.data_lock)

    def _join(self) -> State:
        postmaster, state = find(self.folders.data), read_state(self.folders.state)
        if postmaster is None or state is None:
            raise ClusterInUseError(self.folders.data, UNSEEN)
        return replace(state, port=postmaster.port)

    @contextmanager
    def _data_held(self) -> Generator[int]:
        descriptor = claim(self.folders.data_lock)
        if descriptor is None:
            raise ClusterInUseError(self.folders.data, UNSEEN)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _prepare(self, toolbox: Toolbox) -> State:
        """Have a complete cluster, made by this major version, whose password is known and which nobody uses."""
        data, state = self.folders.data, read_state(self.folders.state)
        if data.exists():
            toolbox.require_our_major(data)
            if (by_hand := find(data)) is not None:
                raise ClusterInUseError(data, f"a server started by hand (process {by_hand.pid})")
            forget_stranger(data)
            if state is None:
                state = new_state()
                toolbox.set_password(data, state.password)
                write_state(self.folders.state, state)
        else:
            state = new_state()
            write_state(self.folders.state, state)  # first: no moment has a cluster and another one's password
            toolbox.initialise(data, state.password, durable=self.durable)
        return state

    def _start(self, account: Account, binaries: Binaries, state: State) -> State:
        self._put_log_aside()
        output = ""
        for port in _ports(state.port):
            output = self._attempt(account, binaries, port)
            if (postmaster := find(self.folders.data)) is not None and postmaster.is_ready:
                known = replace(state, port=postmaster.port)
                if known != state:
                    write_state(self.folders.state, known)
                return known
            if _PORT_TAKEN not in output:
                break
        raise self._start_error(output)

    def _attempt(self, account: Account, binaries: Binaries, port: int) -> str:
        """Start the server and wait until it is ready or gone; return what it wrote to its log meanwhile.

        Only the server holds the data's lock then, so that the lock is free as soon as the server is gone.
        """
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": str(port)}
        settings = [part for name, value in {**self.settings, **options}.items() for part in ("-c", f"{name}={value}")]
        command = (binaries.program("postgres"), "-D", self.folders.data, *settings)
        with self.folders.open_log() as log:
            written = log.tell()
            with self._data_held() as data_lock:
                account.detach(command, output=log, keep=[data_lock])

        def settled() -> bool:
            postmaster = find(self.folders.data)
            return (postmaster is not None and postmaster.is_ready) or is_free(self.folders.data_lock)

        wait_until(settled, _READY_LIMIT)
        return _text_from(self.folders.log, written)

    def _start_error(self, output: str) -> EmbeddedPostgresError:
        if FULL in output:
            return DiskFullError(self.folders.cluster)
        return ServerStartError(self.folders.log, "\n".join(output.splitlines()[-_LOG_SHOWN:]))

    def _put_log_aside(self) -> None:
        log = self.folders.log
        if log.exists() and log.stat().st_size > _LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))


def _ports(last: int | None) -> Iterator[int]:
    """The port of last time first: who lost the server to a crash finds it again at the address they have."""
    if last is not None:
        yield last
    for _ in range(_PORTS_TRIED):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        yield port


def _text_from(log: Path, offset: int) -> str:
    with log.open("rb") as file:
        file.seek(offset)
        return file.read().decode(errors="replace")
