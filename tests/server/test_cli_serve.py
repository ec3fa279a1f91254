"""The life of `souk serve`: what it shows, and that it takes everything with it when it ends."""

import signal
from collections.abc import Sequence

import psutil
import pytest

from persistence.connections import ConnectionSettings
from tests.command import PATIENCE, Serving, Souk


def workers(serving: Serving) -> Sequence[psutil.Process]:
    children = psutil.Process(serving.process.pid).children(recursive=True)
    return [child for child in children if "server.worker_process" in child.cmdline()]


def test_the_start_tells_addresses_the_admin_and_how_to_stop(souk: Souk, empty_database: ConnectionSettings) -> None:
    with souk.serving(DATABASE_URL=empty_database.url) as serving:
        password = (souk.home / "admin-password").read_text().strip()
        assert serving.get("/readyz") == 200
        assert serving.stop(signal.SIGTERM) == 0
    assert f"GraphiQL  {serving.address}/graphql" in serving.output
    assert "Admin     admin@souk.example" in serving.output
    assert f"Password  {password}" in serving.output
    assert "Souk has stopped." in serving.output
    assert "Demo shop" not in serving.output  # the schema was there before: whose shop this is, we do not know
    assert "\x1b" not in serving.output
    assert "Traceback" not in serving.output


def test_a_password_that_was_changed_is_not_shown_any_more(souk: Souk, demo_database: ConnectionSettings) -> None:
    url = demo_database.url
    with souk.serving(DATABASE_URL=url) as first:
        first.stop(signal.SIGINT)
    souk.run(
        *("user", "create-admin", "--email", "admin@souk.example", "--password-stdin"),
        given="a password of my own\n",
        DATABASE_URL=url,
    )
    with souk.serving(DATABASE_URL=url) as second:
        second.stop(signal.SIGINT)
    assert (souk.home / "admin-password").read_text().strip() not in second.output
    assert "Password  changed since" in second.output


def test_an_ignored_hangup_stays_ignored(souk: Souk, demo_database: ConnectionSettings) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` does
    try:
        with souk.serving(DATABASE_URL=demo_database.url) as serving:
            serving.process.send_signal(signal.SIGHUP)
            assert serving.get("/livez") == 200
            assert serving.stop(signal.SIGINT) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_several_processes_serve_and_end_with_their_parent(
    souk: Souk, demo_database: ConnectionSettings, number: signal.Signals
) -> None:
    with souk.serving(DATABASE_URL=demo_database.url, WORKERS="2") as serving:
        assert serving.get("/readyz") == 200
        children = workers(serving)
        assert len(children) == 2
        assert serving.stop(number) == (0 if number is signal.SIGINT else -number)
        assert psutil.wait_procs(children, timeout=PATIENCE)[1] == []
    assert souk.gone()


def test_a_process_that_dies_is_replaced(souk: Souk, demo_database: ConnectionSettings) -> None:
    with souk.serving(DATABASE_URL=demo_database.url, WORKERS="2") as serving:
        victim, survivor = workers(serving)
        victim.kill()
        victim.wait(PATIENCE)
        while len(workers(serving)) < 2:
            assert survivor.is_running()
        assert serving.get("/readyz") == 200
        assert serving.stop(signal.SIGTERM) == 0
    assert "server process died" in serving.output
    assert souk.gone()
