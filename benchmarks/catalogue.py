"""The catalogue page: Souk against a hand-written endpoint, in turns, on 10,000 products.

make bench                         what the README quotes
make bench ARGS="--rounds 9"       steadier
"""

import asyncio
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import asyncpg
import httpx
import orjson
import typer
import uvloop
from rich.console import Console
from rich.table import Table

from adapters.embedded_postgres import EmbeddedPostgres
from benchmarks.load import Measured, Target, measure
from benchmarks.servers import free_port, in_production, serving
from persistence import migrations
from persistence.connections import ConnectionSettings
from server.demo.loading import load_demo

HOME = Path(__file__).resolve().parent.parent / ".souk" / "bench"
PRODUCTS = 10_000
CONNECTIONS = 8
QUERY = (
    "{ products(first: %d) { nodes { id name slug priceRange { min { amount currencyCode } } category { id name slug } "
    "variants { id title sku quantityAvailable price { amount currencyCode } } } } }"
)
BAR = 0.08
"""Souk's requests/s at 20 products, as a share of the hand-written endpoint's, below which the run fails."""

console = Console()


async def prepare(url: str) -> None:
    settings = ConnectionSettings(url)
    await migrations.migrate(settings)
    report = await load_demo(settings, PRODUCTS, lambda _, __: None)
    if report.changed:
        connection = await asyncpg.connect(url)
        await connection.execute("VACUUM ANALYZE")
        await connection.close()


def by_post(port: int, first: int) -> bytes:
    body = orjson.dumps({"query": QUERY % first})
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def by_get(port: int, first: int) -> bytes:
    return f"GET /catalogue?first={first} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()


def check_same(souk_port: int, other_port: int, first: int) -> int:
    """Both answer with the same data, or comparing them would mean nothing. Returns the size of the answer."""
    souk = httpx.post(f"http://127.0.0.1:{souk_port}/graphql", json={"query": QUERY % first}, timeout=20)
    other = httpx.get(f"http://127.0.0.1:{other_port}/catalogue", params={"first": first}, timeout=20)
    if souk.json() != other.json():
        raise RuntimeError(f"the two endpoints differ:\n{souk.text[:600]}\n{other.text[:600]}")
    return len(other.content)


async def compare(souk: Target, other: Target, rounds: int, seconds: float) -> tuple[list[Measured], list[Measured]]:
    for target in (souk, other):
        await measure(target, 1.0, CONNECTIONS)
    ours: list[Measured] = []
    theirs: list[Measured] = []
    for _ in range(rounds):
        ours.append(await measure(souk, seconds, CONNECTIONS))
        theirs.append(await measure(other, seconds, CONNECTIONS))
    return ours, theirs


def row(name: str, rounds: Sequence[Measured]) -> tuple[str, ...]:
    def middle(of: str) -> float:
        return statistics.median(getattr(one, of) for one in rounds)

    return name, f"{middle('requests_per_second'):,.0f}", *(f"{middle(of):.2f}" for of in ("p50", "p99", "cpu"))


def report(first: int, size: int, ours: Sequence[Measured], theirs: Sequence[Measured]) -> float:
    ratio = statistics.median(a.requests_per_second / b.requests_per_second for a, b in zip(ours, theirs, strict=True))
    table = Table("", "requests/s", "p50 ms", "p99 ms", "CPU ms/request", title=f"{first} products, {size:,} bytes")
    for column in table.columns[1:]:
        column.justify = "right"
    table.add_row(*row("Souk, GraphQL", ours))
    table.add_row(*row("hand-written", theirs))
    console.print(table)
    console.print(f"  ratio of requests/s: [bold]{ratio:.3f}[/bold] (median of {len(ours)} interleaved pairs)\n")
    return ratio


def main(
    rounds: Annotated[int, typer.Option(help="Interleaved pairs of measurements.")] = 5,
    seconds: Annotated[float, typer.Option(help="Length of one measurement.")] = 3.0,
) -> None:
    """Measure and print; exit 1 when the first bar is missed."""
    with EmbeddedPostgres(HOME) as url:
        uvloop.run(prepare(url))
        souk_port, other_port = free_port(), free_port()
        environment = {"DATABASE_URL": url}
        production = in_production(souk_port)
        souk_command = [str(Path(sys.executable).with_name("souk")), "serve"]
        other_command = [sys.executable, "-m", "benchmarks.handwritten", str(other_port)]
        with (
            serving(souk_command, souk_port, "/readyz", **environment, **production) as souk,
            serving(other_command, other_port, "/catalogue?first=1", **environment) as other,
        ):
            ratios: list[float] = []
            for first in (20, 100):
                size = check_same(souk_port, other_port, first)
                ours, theirs = asyncio.run(
                    compare(
                        Target("Souk", souk_port, by_post(souk_port, first), souk),
                        Target("hand-written", other_port, by_get(other_port, first), other),
                        rounds,
                        seconds,
                    )
                )
                ratios.append(report(first, size, ours, theirs))
    if ratios[0] < BAR:
        console.print(f"[red]Below the bar of {BAR}.[/red]")
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
