"""Real servers. Those of root run as another user, who cannot enter pytest's own folders: hence `folder`."""

import json
import os
import pwd
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psutil
import pytest

from adapters.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
from adapters.embedded_postgres.accounts import server_account
from adapters.embedded_postgres.binaries import Binaries, locate, publish, readable_by
from adapters.embedded_postgres.folders import SPARE

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


async def test_the_last_release_leaves_no_process(home: Path) -> None:
    server = temporary(home)
    assert await ask(server.start(), "SELECT 1") == 1
    assert len(processes_of(home)) >= 2
    assert server.release() is True
    assert not processes_of(home)


async def test_a_second_start_finds_the_data_and_the_address(home: Path) -> None:
    with EmbeddedPostgres(home) as first:
        await note(first, "kept")
    with EmbeddedPostgres(home) as second:
        assert second == first
        assert await notes(second) == "kept"


async def test_the_data_survives_kill_9_of_the_server_and_the_holder_finds_it_again(home: Path) -> None:
    with EmbeddedPostgres(home) as url:
        await note(url, "committed")
        dead = postmaster_of(home)
        dead.kill()
        eventually(lambda: not command_of(dead))
        with EmbeddedPostgres(home) as again:
            assert again == url
            assert postmaster_of(home).pid != dead.pid
            assert await notes(url) == "committed"


async def test_two_processes_share_a_server_and_the_last_one_stops_it(home: Path) -> None:
    server = temporary(home)
    url = server.start()
    pid = postmaster_of(home).pid
    with holding(home) as other:
        assert other.line() == url
        assert server.release() is False
        assert postmaster_of(home).pid == pid
        assert await ask(url, "SELECT 1") == 1
        assert other.release() == "True"
    assert not servers_of(home)


def test_processes_that_begin_at_once_agree_on_one_cluster(home: Path) -> None:
    with holding(home) as one, holding(home) as two, holding(home) as three:
        assert len({one.line(), two.line(), three.line()}) == 1
        assert [one.release(), two.release(), three.release()] == ["False", "False", "True"]


def test_a_share_ends_with_kill_9_of_its_holder(home: Path) -> None:
    server = temporary(home)
    server.start()
    with holding(home) as other:
        other.line()
        other.kill()
        assert server.release() is True


def test_a_server_whose_only_holder_was_killed_stops_by_itself(home: Path) -> None:
    with holding(home) as only:
        only.line()
        postmaster = postmaster_of(home)
        assert postmaster.is_running()
        only.kill()
        eventually(lambda: not processes_of(home))
        assert not (home / "cluster/data/postmaster.pid").exists()


async def test_a_server_left_without_holder_and_watcher_is_taken_over(home: Path) -> None:
    with holding(home) as killed:
        url = killed.line()
        eventually(lambda: any("adapters.embedded_postgres" in command_of(each) for each in processes_of(home)))
        watcher_of(home).kill()
        killed.kill()
    left = postmaster_of(home)
    server = temporary(home)
    assert server.start() == url
    assert postmaster_of(home) == left
    assert await ask(url, "SELECT 1") == 1
    assert server.release() is True
    assert not servers_of(home)


async def test_ctrl_c_reaches_the_application_and_not_the_server(home: Path) -> None:
    with holding(home) as holder:
        url = holder.line()
        os.killpg(holder.process.pid, signal.SIGINT)
        assert holder.line() == "interrupted"
        assert await ask(url, "SELECT 1") == 1
        assert holder.release() == "True"


def test_a_forked_copy_does_not_stop_the_server_of_its_parent(home: Path) -> None:
    script = """
import os, sys
from pathlib import Path
from adapters.embedded_postgres import EmbeddedPostgres

server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
server.start()
if child := os.fork():
    os.waitpid(child, 0)
    print(server.release())
else:
    print(server.release(), flush=True)
    os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", script, home], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


async def test_a_stale_pid_file_whose_number_belongs_to_another_program_is_no_server(home: Path) -> None:
    server = temporary(home)
    server.start()
    pid_file = home / "cluster/data/postmaster.pid"
    lines = pid_file.read_text().splitlines()
    assert lines[7].strip() == "ready"
    server.release()
    owner = pid_file.parent.stat()
    with sleeping_as(owner.st_uid) as stranger:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:], ""]))
        with temporary(home) as url:
            assert await ask(url, "SELECT 1") == 1
        assert stranger.poll() is None


async def test_a_cluster_whose_making_was_killed_is_made_anew(home: Path) -> None:
    with holding(home) as killed:
        eventually((home / "cluster/data.new/PG_VERSION").exists)
        killed.kill()
    (home / "cluster/data.new/half").mkdir(parents=True, exist_ok=True)
    with temporary(home) as url:
        assert await ask(url, "SELECT 1") == 1
    assert not (home / "cluster/data.new").exists()


async def test_a_lost_state_file_costs_a_new_password_and_no_data(home: Path) -> None:
    with temporary(home) as url:
        await note(url, "kept")
    (home / "state.json").write_bytes(b"")
    with temporary(home) as renewed:
        assert urlsplit(renewed).password != urlsplit(url).password
        assert await notes(renewed) == "kept"


async def test_another_port_is_taken_when_the_last_one_is_in_use(home: Path) -> None:
    with temporary(home) as first:
        pass
    port = urlsplit(first).port
    with closing(socket.create_server(("127.0.0.1", port or 0))), temporary(home) as second:
        assert urlsplit(second).port != port
        assert await ask(second, "SELECT 1") == 1


async def test_only_the_password_opens_the_door_and_only_the_owner_can_read_it(home: Path) -> None:
    with temporary(home) as url:
        password = json.loads((home / "state.json").read_text())["password"]
        assert password in url
        assert stat.S_IMODE((home / "state.json").stat().st_mode) == 0o600
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(url.replace(password, "guess"), "SELECT 1")


async def test_other_databases_of_the_server_have_an_address_too(home: Path) -> None:
    server = temporary(home)
    with pytest.raises(EmbeddedPostgresError, match="start"):
        server.url_of("other")
    with server as url:
        await ask(url, "CREATE DATABASE other")
        assert await ask(server.url_of("other"), "SELECT current_database()") == "other"


async def test_the_cluster_is_made_for_any_language_and_for_utc(home: Path) -> None:
    with EmbeddedPostgres(home, settings={"work_mem": "8MB"}) as url:
        assert await ask(url, "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'souk'") == "UTF8"
        assert await ask(url, "SELECT datlocale FROM pg_database WHERE datname = 'souk'") == "C.UTF-8"
        assert await ask(url, "SELECT upper('žluťoučký')") == "ŽLUŤOUČKÝ"
        for name, value in {"TimeZone": "UTC", "data_checksums": "on", "fsync": "on", "work_mem": "8MB"}.items():
            assert await ask(url, f"SHOW {name}") == value


async def test_a_cluster_for_tests_does_not_wait_for_the_disk(home: Path) -> None:
    with temporary(home) as url:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            assert await ask(url, f"SHOW {name}") == "off"


def test_a_home_that_cannot_be_made_is_explained(folder: Path) -> None:
    (folder / "file").write_text("in the way")
    with pytest.raises(EmbeddedPostgresError, match=r"file.*make it writable.*SOUK_HOME.*DATABASE_URL"):
        temporary(folder / "file" / "home").start()


def test_missing_binaries_are_explained_before_anything_is_made(home: Path) -> None:
    server = EmbeddedPostgres(home, find_binaries=partial(locate, "souk_has_no_such_package"))
    with pytest.raises(EmbeddedPostgresError, match=r"install souk\[embedded\] or set DATABASE_URL"):
        server.start()
    assert not home.exists()


def test_finding_the_binaries_does_not_import_their_package() -> None:
    script = "import sys; from adapters.embedded_postgres.binaries import locate; locate(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    assert "adapters.embedded_postgres.binaries" in modules
    assert "embedded_postgres" not in modules


def test_another_platform_is_explained_and_can_still_import_the_package(home: Path) -> None:
    script = """
import socket, subprocess, sys, tempfile, importlib.metadata, contextlib, pathlib
sys.platform = "win32"
sys.modules["fcntl"] = sys.modules["pwd"] = None
from adapters.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
try:
    EmbeddedPostgres(pathlib.Path(sys.argv[1])).start()
except EmbeddedPostgresError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script, home], capture_output=True, text=True, check=True)
    assert "not on win32: set DATABASE_URL" in done.stdout


def test_a_server_that_does_not_start_shows_the_end_of_its_log(home: Path) -> None:
    server = temporary(home, shared_buffers="plenty")
    with pytest.raises(EmbeddedPostgresError, match='invalid value for parameter "shared_buffers": "plenty"'):
        server.start()
    assert server.release() is False
    assert not processes_of(home)


def test_a_full_disk_is_explained(folder: Path, home: Path) -> None:
    install = folder / "site/embedded_postgres/pginstall"
    (install / "bin").mkdir(parents=True)
    (install / "share").mkdir()
    (install / "share/postgres.bki").write_text("# PostgreSQL 18\n")
    for name in ("initdb", "postgres"):
        (install / "bin" / name).write_text("#!/bin/sh\necho 'could not write: No space left on device'; exit 1\n")
        (install / "bin" / name).chmod(0o755)
    server = EmbeddedPostgres(home, find_binaries=lambda: Binaries(site=folder / "site", version="full"))
    with pytest.raises(EmbeddedPostgresError, match="is full: free some space"):
        server.start()


def test_a_cluster_of_another_major_version_is_explained_and_left_alone(home: Path) -> None:
    with temporary(home):
        pass
    data = home / "cluster/data"
    (data / "PG_VERSION").write_text("17\n")

    def contents() -> dict[str, tuple[int, bytes]]:
        files = (path for path in data.rglob("*") if path.is_file())
        return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}

    before = contents()
    with pytest.raises(EmbeddedPostgresError, match=r"made by PostgreSQL 17 .* are 18; nothing was touched: dump it"):
        temporary(home).start()
    assert contents() == before


def test_a_server_that_somebody_started_by_hand_is_left_alone(home: Path) -> None:
    with temporary(home) as url:
        pass
    data, pid_file = home / "cluster/data", home / "cluster/data/postmaster.pid"
    options = ("-D", data, "-c", "unix_socket_directories=", "-c", f"port={urlsplit(url).port}")
    with (home / "by-hand.log").open("wb") as log:
        server_account(data).detach([readable_postgres(home), *options], output=log)
    eventually(lambda: pid_file.exists() and "ready" in pid_file.read_text())
    by_hand = postmaster_of(home)
    with pytest.raises(EmbeddedPostgresError, match=rf"started by hand \(process {by_hand.pid}\): stop it"):
        temporary(home).start()
    assert "ready" in pid_file.read_text()
    assert by_hand.is_running()


def readable_postgres(home: Path) -> Path:
    """The program that made the cluster, wherever it had to lie for the server's user to read it."""
    return readable_by(server_account(home / "cluster/data"), locate(), SPARE).program("postgres")


@as_root
def test_root_has_the_server_run_by_somebody_else(home: Path) -> None:
    with temporary(home):
        assert postmaster_of(home).uids().effective != 0
        assert (home / "state.json").stat().st_uid == 0


@as_root
def test_root_has_the_server_run_by_whom_the_data_belongs_to(home: Path) -> None:
    with temporary(home):
        pass
    data, owner = home / "cluster/data", pwd.getpwnam("daemon").pw_uid
    assert data.stat().st_uid != owner
    for path in (data, *data.rglob("*")):
        os.chown(path, owner, -1)
    with temporary(home):
        assert postmaster_of(home).uids().effective == owner


@as_root
async def test_a_home_below_a_closed_folder_keeps_its_data_elsewhere(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    home, spare = closed / "home", folder / "spare"
    for _ in range(2):
        with EmbeddedPostgres(home, durable=False, spare=spare) as url:
            await note(url, "kept")
    with EmbeddedPostgres(home, durable=False, spare=spare) as url:
        assert await notes(url) == "kept kept"
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert [(home / "cluster").readlink()] == list(spare.iterdir())


@as_root
def test_data_kept_elsewhere_that_is_gone_is_explained_and_not_begun_anew(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedPostgres(closed / "home", durable=False, spare=folder / "spare")
    with server:
        (kept,) = (folder / "spare").iterdir()
    kept.rename(folder / "mislaid")
    with pytest.raises(EmbeddedPostgresError, match="which is gone: bring that folder back"):
        server.start()
    (folder / "mislaid").rename(kept)
    with server:
        pass


@as_root
def test_a_cluster_that_became_unreachable_is_explained_and_not_begun_anew(home: Path) -> None:
    with temporary(home):
        pass
    home.chmod(0o700)
    with pytest.raises(EmbeddedPostgresError, match=r"cannot be reached by the user \w+"):
        temporary(home).start()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@as_root
async def test_binaries_below_a_closed_folder_are_copied_once(folder: Path, home: Path) -> None:
    closed, spare = folder / "closed", folder / "spare"
    closed.mkdir(mode=0o700)
    (closed / "site").symlink_to(locate().site)
    hidden = Binaries(site=closed / "site", version="1")
    server = EmbeddedPostgres(home, durable=False, find_binaries=lambda: hidden, spare=spare)
    with server as url:
        assert await ask(url, "SELECT 1") == 1
        assert postmaster_of(home).cmdline()[0].startswith(str(spare / "postgresql-1"))
    inode = (spare / "postgresql-1").stat().st_ino
    with server:
        assert (spare / "postgresql-1").stat().st_ino == inode
    assert [path.name for path in spare.iterdir()] == ["postgresql-1"]


@as_root
def test_an_ordinary_user_runs_the_server_as_themselves(folder: Path) -> None:
    """The interpreter may lie where others cannot read: it is begun by root, and becomes somebody else when loaded."""
    nobody, theirs = pwd.getpwnam("nobody"), folder / "theirs"
    theirs.mkdir()
    os.chown(theirs, nobody.pw_uid, nobody.pw_gid)
    publish(locate(), folder / "site")
    script = """
import encodings.idna, os, sys
from pathlib import Path
from adapters.embedded_postgres import EmbeddedPostgres
from adapters.embedded_postgres.binaries import Binaries

folder, uid, gid = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
os.setgroups([])
os.setgid(gid)
os.setuid(uid)
home = folder / "theirs/home"
server = EmbeddedPostgres(home, durable=False, find_binaries=lambda: Binaries(site=folder / "site", version="1"))
server.start()
print(Path("/proc", (home / "cluster/data/postmaster.pid").read_text().split()[0]).stat().st_uid)
print(oct(home.stat().st_mode), server.release())
"""
    command = [sys.executable, "-c", script, str(folder), str(nobody.pw_uid), str(nobody.pw_gid)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(nobody.pw_uid), "0o40700", "True"]
