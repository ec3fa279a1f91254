"""The data folder: how it is made, and whether these binaries may touch it."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from adapters.embedded_postgres.accounts import Account
from adapters.embedded_postgres.binaries import Binaries
from adapters.embedded_postgres.errors import (
    FULL,
    DiskFullError,
    EmbeddedPostgresError,
    InitialisationError,
    MajorVersionError,
)

ROLE = DATABASE = "souk"

# No unix socket is opened, hence nobody is let in by one: a socket's path may have no more than about 107 bytes,
# and a home may be deeper than that. `initdb` accepts to begin without a password only with `reject` here.
_INITDB = (
    f"--username={ROLE}",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--text-search-config=english",
    "--data-checksums",
    "--auth-local=reject",
    "--auth-host=scram-sha-256",
    "--no-instructions",
    "--set=timezone=UTC",
    "--set=log_timezone=UTC",
)


@dataclass(frozen=True, slots=True)
class Toolbox:
    """Runs the programs on a data folder. `data_lock` is inherited by each of them, so that none outlives it unseen."""

    account: Account
    binaries: Binaries
    data_lock: int

    def initialise(self, data: Path, password: str, *, durable: bool) -> None:
        """Make the cluster beside its place and rename it when it is complete: half a cluster is never seen as one."""
        unfinished = data.with_name("data.new")
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir(mode=0o700)
        self.account.give(unfinished)
        self._run(unfinished, "initdb", *_INITDB, *(() if durable else ("--no-sync",)), "-D", unfinished)
        self.set_password(unfinished, password)
        self._run_alone(unfinished, f"CREATE DATABASE {DATABASE};\n")
        unfinished.rename(data)
        _sync_folder(data.parent)

    def set_password(self, data: Path, password: str) -> None:
        """The statement goes through a pipe: neither a file nor a process list ever shows the password."""
        self._run_alone(data, f"ALTER ROLE {ROLE} PASSWORD '{password}';\n")

    def require_our_major(self, data: Path) -> None:
        found, ours = (data / "PG_VERSION").read_text(encoding="ascii").strip(), self.binaries.major()
        if found != ours:
            raise MajorVersionError(data, found, ours)

    def _run_alone(self, data: Path, sql: str) -> None:
        """Run SQL without a server. Single-user mode goes on after an error unless told otherwise."""
        self._run(data, "postgres", "--single", "-D", data, "-c", "exit_on_error=on", "postgres", given=sql)

    def _run(self, data: Path, program: str, *arguments: str | Path, given: str = "") -> None:
        command = (self.binaries.program(program), *arguments)
        done = self.account.run(command, given=given, keep=[self.data_lock])
        if done.returncode != 0:
            raise _initialisation_error(data, done.stdout)


def _initialisation_error(data: Path, output: str) -> EmbeddedPostgresError:
    if FULL in output:
        return DiskFullError(data)
    return InitialisationError(data, "\n".join(output.splitlines()[-15:]))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
