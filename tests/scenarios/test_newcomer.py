"""Somebody who has just cloned the repository starts the shop, loses it to a crash, and finds it again."""

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Generator

import orjson
import pytest

from server.settings import CHECKOUT
from tests.command import Serving, Souk, fresh_home

PRODUCTS = '{"query": "{ products(first: 3) { totalCount edges { node { name } } } }"}'


def as_ourselves() -> Generator[Souk]:
    with fresh_home() as home:
        yield Souk(home)


def as_nobody() -> Generator[Souk]:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    nobody = pwd.getpwnam("nobody")
    user, group = nobody.pw_uid, nobody.pw_gid
    command = [sys.executable, "-P", "-c", f"import os; os.listdir({str(CHECKOUT)!r})"]
    try:
        subprocess.run(command, user=user, group=group, extra_groups=[], cwd="/", check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("the checkout or its Python is closed to other users")
    with fresh_home(user) as home:
        yield Souk(home, user, group)


@pytest.fixture(params=[as_ourselves, as_nobody], ids=["as ourselves", "as an ordinary user"])
def souk(request: pytest.FixtureRequest) -> Generator[Souk]:
    yield from request.param()


def products(serving: Serving) -> object:
    return orjson.loads(serving.ask(PRODUCTS))["data"]["products"]


def test_a_newcomer_keeps_the_shop_through_a_crash(souk: Souk) -> None:
    with souk.serving() as first:
        goods = products(first)
        assert "Demo shop loaded" in first.output
        first.stop(signal.SIGKILL)
    assert souk.gone()

    with souk.serving() as second:
        assert second.get("/readyz") == 200
        assert products(second) == goods
        assert "Demo shop loaded" not in second.output
        assert password(second) == password(first)
        assert second.stop(signal.SIGINT) == 0
    assert souk.gone()
    assert (souk.home / "admin-password").stat().st_mode & 0o777 == 0o600


def password(serving: Serving) -> str:
    return serving.output.partition("Password")[2].split()[0]


def test_two_servers_share_one_home_and_the_last_one_takes_the_database_with_it() -> None:
    with fresh_home() as home:
        souk = Souk(home)
        with souk.serving() as first, souk.serving() as second:
            assert first.address != second.address
            assert first.stop(signal.SIGINT) == 0
            assert second.get("/readyz") == 200
            assert "Souk answers there" in souk.run("doctor", PORT=second.address.rpartition(":")[2]).stdout
            assert second.stop(signal.SIGTERM) == 0
        assert souk.gone()
