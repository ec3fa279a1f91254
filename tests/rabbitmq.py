"""A RabbitMQ for the tests, from the system's package: on ports of its own, as an ordinary user, with its own epmd."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.valkey import free_port

STARTS_WITHIN = 120.0
PROGRAMS = (Path("/usr/lib/rabbitmq/bin/rabbitmq-server"), Path("/usr/local/sbin/rabbitmq-server"))
"""Not what Debian has in /usr/sbin: that one goes to the system's own server and user."""
SETTLING = 5.0
"""It writes down a few seconds later which queues have a log: one that it declared just before it was killed would
have no leader afterwards, for ever."""
HEADER = b"AMQP\x00\x00\x09\x01"
USER = "nobody"


def program() -> Path:
    """Skips the test where there is none."""
    found = next((path for path in PROGRAMS if path.exists()), None)
    if found is None or shutil.which("epmd") is None:
        pytest.skip("no RabbitMQ is installed (on Debian and Ubuntu: apt install rabbitmq-server)")
    return found


@dataclass
class Broker:
    folder: Path
    port: int
    distribution: int
    epmd: int
    _process: subprocess.Popen[bytes] | None = None
    _mapper: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Return when it answers."""
        if self._mapper is None:
            self._mapper = self._started(["epmd", "-address", "127.0.0.1", "-port", str(self.epmd)])
        self._process = self._started([str(program())])
        end = time.monotonic() + STARTS_WITHIN
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((self.folder / "out").read_text())
            time.sleep(0.05)

    def kill(self) -> None:
        """With SIGKILL, and everything that it started. What it has confirmed is on the disk."""
        _end(self._process)
        self._process = None

    def restart(self) -> None:
        self.kill()
        self.start()

    def pause(self) -> None:
        """It takes connections, and says nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def end(self) -> None:
        self.kill()
        _end(self._mapper)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process
        os.killpg(self._process.pid, number)

    def _started(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / "out").open("ab") as out:
            return subprocess.Popen(
                command,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.folder,
                start_new_session=True,
                user=USER if os.geteuid() == 0 else None,
                extra_groups=[] if os.geteuid() == 0 else None,
            )

    def _environment(self) -> Mapping[str, str]:
        home = str(self.folder)
        return {
            "PATH": os.environ["PATH"],
            "HOME": home,  # where Erlang keeps the cookie
            "ERL_EPMD_PORT": str(self.epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"souk{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self.distribution),
            "RABBITMQ_MNESIA_BASE": f"{home}/data",
            "RABBITMQ_LOG_BASE": f"{home}/log",
            "RABBITMQ_CONF_ENV_FILE": f"{home}/none",
            "RABBITMQ_CONFIG_FILE": f"{home}/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home}/plugins",
            # one scheduler that sleeps when it has nothing to do: the machine has others to run
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}",
        }

    def _answers(self) -> bool:
        """With the protocol: the port alone is open before the broker takes anything."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(HEADER)
                return bool(connection.recv(8))
        except OSError:
            return False


def _end(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def running() -> Generator[Broker]:
    program()
    folder = Path(tempfile.mkdtemp(prefix="souk-rabbitmq-"))
    (folder / "plugins").write_text("[].\n")
    # a disk that is nearly full would stop all publishing; the tests write little
    (folder / "rabbitmq.conf").write_text("log.console = false\ndisk_free_limit.absolute = 50MB\n")
    if os.geteuid() == 0:
        entry = pwd.getpwnam(USER)
        for path in (folder, folder / "plugins", folder / "rabbitmq.conf"):
            os.chown(path, entry.pw_uid, entry.pw_gid)
    broker = Broker(folder, free_port(), free_port(), free_port())
    try:
        broker.start()
        yield broker
    finally:
        broker.end()
        shutil.rmtree(folder, ignore_errors=True)
