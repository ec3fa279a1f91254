"""A load generator: some keep-alive connections that ask again as soon as they are answered."""

import asyncio
import time
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go, what they are, and the process whose CPU time they cost."""

    name: str
    port: int
    request: bytes
    process: psutil.Process


@dataclass(frozen=True, slots=True)
class Measured:
    """What one round showed; times in milliseconds."""

    requests_per_second: float
    p50: float
    p99: float
    cpu: float


class _Connection(asyncio.Protocol):
    def __init__(self, request: bytes, until: float, done: asyncio.Future[None], times: list[float]) -> None:
        self._request = request
        self._until = until
        self._done = done
        self._times = times
        self._buffer = bytearray()
        self._asked = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        if not head.startswith(b"http/1.1 200"):
            self._done.set_exception(RuntimeError(f"refused: {bytes(self._buffer[:300])!r}"))
            return
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        if len(self._buffer) < end + 4 + length:
            return
        self._times.append(time.perf_counter() - self._asked)
        self._buffer.clear()
        if time.perf_counter() < self._until:
            self._ask()
        elif not self._done.done():
            self._done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or RuntimeError("the server closed the connection"))

    def _ask(self) -> None:
        self._asked = time.perf_counter()
        if self._transport is not None:
            self._transport.write(self._request)


async def measure(target: Target, seconds: float, connections: int) -> Measured:
    """Ask `target` for some seconds over several connections."""
    loop = asyncio.get_running_loop()
    times: list[float] = []
    before, started = _cpu_seconds(target.process), time.perf_counter()
    finished = [loop.create_future() for _ in range(connections)]
    opened = [
        await loop.create_connection(
            lambda done=done: _Connection(target.request, started + seconds, done, times), "127.0.0.1", target.port
        )
        for done in finished
    ]
    await asyncio.gather(*finished)
    elapsed, cpu = time.perf_counter() - started, _cpu_seconds(target.process) - before
    for transport, _ in opened:
        transport.close()
    times.sort()
    return Measured(
        requests_per_second=len(times) / elapsed,
        p50=times[len(times) // 2] * 1_000,
        p99=times[int(len(times) * 0.99)] * 1_000,
        cpu=cpu / len(times) * 1_000,
    )


def _cpu_seconds(process: psutil.Process) -> float:
    spent = process.cpu_times()
    return spent.user + spent.system
