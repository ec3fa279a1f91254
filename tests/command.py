"""The command `souk` as a process, the way people run it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil

from server.settings import CHECKOUT, Settings

PATIENCE = 60.0
"""Seconds; only a test that would fail otherwise waits that long."""
_ADDRESS = re.compile(r"API\s+(http://\S+)/graphql")
_OURS = {*(name.upper() for name in Settings.model_fields), "SOUK_ADMIN_PASSWORD", "COLUMNS", "FORCE_COLOR"}
# without its byte code every command would take twice as long
_UNWANTED = {*_OURS, "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True, slots=True)
class Souk:
    """Runs commands with `home` as their SOUK_HOME, as `user`. `code` is the checkout they come from."""

    home: Path
    user: int | None = None
    group: int | None = None
    code: Path = CHECKOUT
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    def run(self, *arguments: str, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(arguments),
            env=self._environment(environment),
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            cwd="/",
            check=False,
            user=self.user,
            group=self.group,
            extra_groups=None if self.user is None else [],
        )

    def refuses(self, *arguments: str, code: int = 1, given: str = "", **environment: str) -> str:
        """The one line that it ends with."""
        done = self.run(*arguments, given=given, **environment)
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
        assert done.stderr.startswith("souk: ")
        assert "\x1b" not in done.stdout + done.stderr
        return done.stderr.removeprefix("souk: ").strip()

    @contextmanager
    def serving(self, **environment: str) -> Generator["Serving"]:
        """`souk serve` on a free port, answering; killed at the end unless it has ended."""
        with self._running("serve", {"PORT": "0", **environment}) as process, Serving(process) as serving:
            serving.await_start()
            yield serving

    @contextmanager
    def working(self, **environment: str) -> Generator["Running"]:
        """`souk worker`, at work; killed at the end unless it has ended."""
        with self._running("worker", environment) as process, Running(process) as working:
            working.await_start()
            yield working

    def _running(self, command: str, environment: Mapping[str, str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command([command]),
            env=self._environment(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            cwd="/",
            start_new_session=True,
            user=self.user,
            group=self.group,
            extra_groups=None if self.user is None else [],
        )

    def processes(self) -> Sequence[psutil.Process]:
        """Everything that has to do with this home, or was started for it."""
        return [process for process in psutil.process_iter() if self._concerns(process)]

    def gone(self) -> bool:
        """Whether all of `processes` end."""
        return not psutil.wait_procs(self.processes(), timeout=PATIENCE)[1]

    def _concerns(self, process: psutil.Process) -> bool:
        try:
            return str(self.home) in " ".join(process.cmdline()) or process.environ().get("SOUK_HOME") == str(self.home)
        except psutil.Error:
            return False

    def _command(self, arguments: Sequence[str]) -> Sequence[str]:
        return [sys.executable, "-P", "-c", "from server.cli.main import main; main()", *arguments]

    def _environment(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """Without npm, which would build GraphiQL in the checkout under test."""
        inherited = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
        ours = {"PATH": "/nowhere", "SOUK_HOME": str(self.home), "PYTHONPATH": str(self.code)}
        return {**inherited, **ours, **self.environment, **given}


class Running:
    """A command that runs until it is stopped. Its output is read all the time, so that it never waits for us."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._told = threading.Event()
        pipes = [pipe for pipe in (process.stdout, process.stderr) if pipe is not None]
        self._readers = [threading.Thread(target=self._read, args=(pipe,)) for pipe in pipes]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._finish()

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def await_start(self) -> None:
        assert self._told.wait(PATIENCE), self.output
        assert "Ctrl-C" in self.output, self.output

    def stop(self, number: signal.Signals) -> int:
        """Send the signal and return the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self._finish()
        return code

    def _finish(self) -> None:
        for reader in self._readers:
            reader.join(PATIENCE)

    def _read(self, pipe: Iterable[str]) -> None:
        for line in pipe:
            self.lines.append(line)
            if "Ctrl-C" in line:
                self._told.set()
        if pipe is self.process.stdout:
            self._told.set()  # it ended


class Serving(Running):
    """A running `souk serve`."""

    @property
    def address(self) -> str:
        found = _ADDRESS.search(self.output)
        assert found, self.output
        return found[1]

    def get(self, path: str) -> int:
        try:
            with urllib.request.urlopen(self.address + path, timeout=PATIENCE) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code

    def ask(self, query: str) -> bytes:
        request = urllib.request.Request(
            f"{self.address}/graphql", query.encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.read()


@contextmanager
def fresh_home(owner: int | None = None) -> Generator[Path]:
    """A folder that whoever runs PostgreSQL can pass through, which `tmp_path` is not."""
    top = Path(tempfile.mkdtemp(prefix="souk-home-"))
    top.chmod(0o755)
    if owner is not None:
        os.chown(top, owner, -1)
    try:
        yield top / "home"
    finally:
        shutil.rmtree(top)
