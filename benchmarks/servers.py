"""Server processes that are measured."""

import os
import socket
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager

import httpx
import psutil


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(command: Sequence[str], port: int, path: str, **environment: str) -> Generator[psutil.Process]:
    """A server process, from when it answers at `path`."""
    process = subprocess.Popen(command, env=os.environ | environment)
    try:
        wait_for(f"http://127.0.0.1:{port}{path}", process)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(60)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            httpx.get(url, timeout=2)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"no answer from {url}")


def in_production(port: int) -> dict[str, str]:
    """What a server needs there."""
    return {
        "SOUK_ENV": "production",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "ALLOWED_HOSTS": "127.0.0.1",
        "PORT": str(port),
        "WORKERS": "1",
        "LOG_LEVEL": "ERROR",
        "JWT_SECRET": "0" * 32,
        "SMTP_URL": "smtp://127.0.0.1:25",  # no letter is sent
        "STRIPE_SECRET_KEY": "sk_test_1",  # nothing is paid
        "STRIPE_WEBHOOK_SECRET": "whsec_12345678",
    }
