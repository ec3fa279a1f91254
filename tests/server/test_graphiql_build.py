import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from server.graphiql import GraphiQL
from server.graphiql_build import BackgroundBuild, build_in_background, is_being_built

INPUTS = (
    *("package-lock.json", "libraries.json", "build.mjs"),
    *("track/track.js", "track/following.js", "track/steps.js"),
)
# Tells the test that it runs, and waits until it may go on. Fifos make both sides wait without a clock; it keeps the
# first one open, so that a test can see that no process of the build is left.
NPM = """\
#!/bin/sh
echo "$@" >> calls
exec 9> started
echo yes >&9
read -r verdict < go
[ "$verdict" = fail ] && echo "npm error network" && exit 1
[ "$1" = run ] && mkdir dist && cp built.json dist/manifest.json
exit 0
"""


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    web = tmp_path / "web"
    (web / "examples").mkdir(parents=True)
    (web / "track").mkdir()
    for name in INPUTS:
        (web / name).write_text("[]")
    (web / "built.json").write_text(json.dumps({"inputs": inputs(web), "scripts": [], "styles": []}))
    npm = tmp_path / "bin/npm"
    npm.parent.mkdir()
    npm.write_text(NPM)
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(npm.parent), prepend=os.pathsep)
    os.mkfifo(web / "started")
    os.mkfifo(web / "go")
    return web


@pytest.fixture
def builds(web: Path) -> Iterator["Builds"]:
    with ExitStack() as servers:
        yield Builds(web, servers)


class Builds:
    """Servers of one checkout, and the hand on the fake npm."""

    def __init__(self, web: Path, servers: ExitStack) -> None:
        self._web = web
        self._servers = servers
        # writable, too, so that it has no end when one npm is over and the next one is not there yet
        self._started = servers.enter_context(os.fdopen(os.open(web / "started", os.O_RDWR)))

    def ask(self) -> BackgroundBuild:
        build = build_in_background(self._web)
        self._servers.callback(build.stop)
        return build

    def step(self, verdict: str = "go") -> None:
        """Let the npm that runs, or is about to, finish."""
        assert self._started.readline() == "yes\n"
        (self._web / "go").write_text(f"{verdict}\n")

    @property
    def calls(self) -> list[str]:
        return (self._web / "calls").read_text().splitlines()


def inputs(web: Path) -> str:
    return hashlib.sha256(b"".join((web / name).read_bytes() for name in INPUTS)).hexdigest()


def page(web: Path) -> str:
    return bytes(GraphiQL(web).page().body).decode()


def test_it_installs_exactly_what_is_locked_and_builds(web: Path, builds: Builds) -> None:
    build = builds.ask()
    builds.step()
    builds.step()
    build.wait()
    assert builds.calls == ["ci --no-audit --no-fund --loglevel=error", "run --silent build"]
    assert (web / "dist/manifest.json").exists()


def test_two_servers_of_a_checkout_build_once(builds: Builds) -> None:
    first, second = builds.ask(), builds.ask()
    assert first.running
    assert not second.running
    builds.step()
    builds.step()
    first.wait()
    assert not builds.ask().running
    assert len(builds.calls) == 2


def test_the_server_that_did_not_start_the_build_does_not_stop_it(web: Path, builds: Builds) -> None:
    first, second = builds.ask(), builds.ask()
    second.stop()
    assert first.running
    assert is_being_built(web)


def test_the_page_says_that_a_build_is_running(web: Path, builds: Builds) -> None:
    assert "right now" not in page(web)
    builds.ask()
    assert "being built right now" in page(web)


def test_a_stopped_build_leaves_no_process_behind(web: Path) -> None:
    build = build_in_background(web)
    with (web / "started").open() as started:
        assert started.readline() == "yes\n"
        build.stop()
        assert started.read() == ""
    assert not build.running
    assert not is_being_built(web)
    assert not (web / "dist").exists()


def test_after_a_stopped_build_the_next_server_builds(builds: Builds) -> None:
    builds.ask().stop()
    assert builds.ask().running


def test_a_failed_build_leaves_its_log_and_is_tried_again(web: Path, builds: Builds) -> None:
    build = builds.ask()
    builds.step("fail")
    build.wait()
    assert "npm error network" in (web / ".build/log").read_text()
    assert "did not finish" in page(web)
    assert builds.ask().running


def test_other_inputs_than_the_built_ones_are_built_again(web: Path, builds: Builds) -> None:
    (web / "dist").mkdir()
    (web / "dist/manifest.json").write_bytes((web / "built.json").read_bytes())
    assert not builds.ask().running
    (web / "package-lock.json").write_text("[1]")
    assert builds.ask().running


def test_without_npm_nothing_is_built(web: Path, builds: Builds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(web))
    assert not builds.ask().running
    assert not (web / ".build").exists()


def test_without_the_browser_code_nothing_is_built(web: Path, builds: Builds) -> None:
    (web / "package-lock.json").unlink()
    assert not builds.ask().running


def test_stopping_twice_or_without_a_build_is_harmless(builds: Builds) -> None:
    build = builds.ask()
    build.stop()
    build.stop()
    BackgroundBuild().stop()
