"""The embedded PostgreSQL's life: shared, killed, adopted, stopped."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from adapters.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
from tests.adapters.embedded_servers import (
    ask,
    command_of,
    eventually,
    holding,
    note,
    notes,
    postmaster_of,
    processes_of,
    servers_of,
    sleeping_as,
    temporary,
    watcher_of,
)


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
