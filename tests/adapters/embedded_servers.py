"""Real servers. Those of root run as another user, who cannot enter pytest's own folders: hence `folder`."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import psutil
import pytest

from adapters.embedded_postgres import EmbeddedPostgres

ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not ROOT, reason="tells what happens when root starts the server")

HOLDER = """
import sys
from pathlib import Path
from adapters.embedded_postgres import EmbeddedPostgres

server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
try:
    print(server.start(), flush=True)
    sys.stdin.readline()
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.stdin.readline()
print(server.release(), flush=True)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder through which every user may pass; no process that works below it outlives the test."""
    with tempfile.TemporaryDirectory(prefix="souk-") as name:
        path = Path(name).resolve()
        path.chmod(0o711)
        yield path
        for process in processes_of(path):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        eventually(lambda: not processes_of(path))


@pytest.fixture
def home(folder: Path) -> Path:
    return folder / "home"


def temporary(home: Path, **settings: str) -> EmbeddedPostgres:
    return EmbeddedPostgres(home, durable=False, settings=settings)


def command_of(process: psutil.Process) -> list[str]:
    """Empty for one that is gone, or dead and not yet reaped."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def processes_of(folder: Path) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if str(folder) in " ".join(command_of(process))]


def servers_of(home: Path) -> list[psutil.Process]:
    return [process for process in processes_of(home) if "/bin/postgres -D" in " ".join(command_of(process))]


def postmaster_of(home: Path) -> psutil.Process:
    return psutil.Process(int((home / "cluster/data/postmaster.pid").read_text().splitlines()[0]))


def watcher_of(home: Path) -> psutil.Process:
    return next(process for process in processes_of(home) if "adapters.embedded_postgres" in command_of(process))


def eventually(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


async def ask(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def note(url: str, text: str) -> None:
    await ask(url, "CREATE TABLE IF NOT EXISTS notes (text text)")
    await ask(url, f"INSERT INTO notes VALUES ('{text}')")


async def notes(url: str) -> object:
    return await ask(url, "SELECT string_agg(text, ' ' ORDER BY text) FROM notes")


class Holder:
    """Another process that holds the server of `home` until it is told to release it, or killed."""

    def __init__(self, home: Path) -> None:
        command = [sys.executable, "-c", HOLDER, str(home)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def release(self) -> str:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.line()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def holding(home: Path) -> Generator[Holder]:
    holder = Holder(home)
    try:
        yield holder
    finally:
        holder.kill()
        for pipe in (holder.process.stdin, holder.process.stdout):
            if pipe:
                pipe.close()


@contextmanager
def sleeping_as(uid: int) -> Generator[subprocess.Popen[bytes]]:
    """A program that has nothing to do with PostgreSQL, of the server's user: a file of others' would not deter it."""
    with subprocess.Popen(["sleep", "600"], user=uid if ROOT else None) as process:
        try:
            yield process
        finally:
            process.kill()
