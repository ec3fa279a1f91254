"""What the embedded PostgreSQL refuses, and where root has it live."""

import os
import pwd
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from adapters.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
from adapters.embedded_postgres.accounts import server_account
from adapters.embedded_postgres.binaries import Binaries, locate, publish, readable_by
from adapters.embedded_postgres.folders import SPARE
from tests.adapters.embedded_servers import (
    as_root,
    ask,
    eventually,
    note,
    notes,
    postmaster_of,
    processes_of,
    temporary,
)


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
