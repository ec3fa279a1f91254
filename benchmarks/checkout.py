"""Whole checkouts over HTTP: a cart, a line, an address, a way of shipping, the order, and its payment in the sandbox.

python -m benchmarks.checkout                     what the README quotes
python -m benchmarks.checkout --seconds 30        steadier
"""

import asyncio
import random
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import asyncpg
import orjson
import psutil
import typer
import uvloop
from rich.console import Console
from rich.table import Table

from adapters.embedded_postgres import EmbeddedPostgres
from benchmarks.servers import free_port, serving
from persistence import migrations
from persistence.connections import ConnectionSettings
from resolvers.global_ids import encode
from server.demo.loading import load_demo

HOME = Path(__file__).resolve().parent.parent / ".souk" / "bench-checkout"
PRODUCTS = 500
CLIENTS = 8
WORKERS = 2
BAR = 60.0
"""Checkouts per second on two cores, the clients' own work included, below which the run fails."""
STEPS: Mapping[str, str] = {
    "cart": "mutation($i: CartCreateInput!) { done: cartCreate(input: $i) { cart { id } userErrors { message } } }",
    "line": "mutation($i: CartLinesAddInput!) { done: cartLinesAdd(input: $i) "
    "{ cart { id cost { total { amount } } } userErrors { message } } }",
    "address": "mutation($i: CartShippingAddressSetInput!) { done: cartShippingAddressSet(input: $i) "
    "{ cart { shippingMethods { id price { amount } } } userErrors { message } } }",
    "shipping": "mutation($i: CartShippingMethodSelectInput!) { done: cartShippingMethodSelect(input: $i) "
    "{ cart { quote { id total { amount } } } userErrors { message } } }",
    "place": "mutation($i: OrderPlaceInput!) { done: orderPlace(input: $i) "
    "{ order { id number } payment { id } accessToken userErrors { message } } }",
    "pay": "mutation($i: PaymentConfirmInput!) { done: paymentConfirm(input: $i) "
    "{ payment { status order { status } } userErrors { message } } }",
}
ADDRESS = {"firstName": "Bea", "lastName": "Buyer", "line1": "7 Canary Row", "city": "Leeds", "countryCode": "GB"}
STOCK = """
WITH filled AS (
  UPDATE product_variants SET on_hand = on_hand + 1000000 WHERE tracked AND on_hand < 500000 RETURNING id
)
INSERT INTO inventory_adjustments (id, variant_id, on_hand_delta, reserved_delta, reason)
SELECT gen_random_uuid(), id, 1000000, 0, 'received' FROM filled
"""
LEFT_OVER = "TRUNCATE outbox, inbox, sandbox_deliveries"
"""What an earlier run did not get to is not to be done in this one's time."""
SHIPPING = """
INSERT INTO shipping_rates (id, name, countries, price)
SELECT gen_random_uuid(), 'Parcel', ARRAY['GB'], 5 WHERE NOT EXISTS (SELECT FROM shipping_rates)
"""
FOR_SALE = """
SELECT v.id FROM product_variants v JOIN products p ON p.id = v.product_id WHERE p.status = 'active' ORDER BY v.id
"""

console = Console()


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run showed; times in milliseconds, of whole checkouts."""

    per_second: float
    p50: float
    p99: float
    cpu: float
    steps: Mapping[str, float]


class Client:
    """One buyer after the other, on one connection."""

    def __init__(self, port: int, variants: Sequence[str], seed: int) -> None:
        self._port = port
        self._variants = variants
        self._random = random.Random(seed)
        self.times: list[float] = []
        self.steps: dict[str, list[float]] = {step: [] for step in STEPS}

    async def run(self, until: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            while time.perf_counter() < until:
                started = time.perf_counter()
                await self._checkout(reader, writer)
                self.times.append(time.perf_counter() - started)
        finally:
            writer.close()

    async def _checkout(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def send(step: str, **sent: Any) -> Any:
            started = time.perf_counter()
            done = await self._send(reader, writer, step, sent)
            self.steps[step].append(time.perf_counter() - started)
            return done

        buyer = {"email": f"buyer-{uuid4().hex}@shop.example"}
        cart = (await send("cart", buyerIdentity=buyer))["cart"]["id"]
        await send("line", cartId=cart, lines=[{"variantId": self._random.choice(self._variants), "quantity": 1}])
        methods = (await send("address", cartId=cart, address=ADDRESS))["cart"]["shippingMethods"]
        chosen = await send("shipping", cartId=cart, shippingMethodId=methods[0]["id"])
        quote = chosen["cart"]["quote"]["id"]
        placed = await send("place", cartId=cart, quoteId=quote, idempotencyKey=uuid4().hex)
        paid = await send(
            "pay",
            paymentId=placed["payment"]["id"],
            accessToken=placed["accessToken"],
            paymentMethodToken="pm_card_visa",
        )
        if (paid["payment"]["status"], paid["payment"]["order"]["status"]) != ("CAPTURED", "CONFIRMED"):
            raise RuntimeError(f"not paid: {paid}")

    async def _send(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, step: str, sent: Mapping[str, Any]
    ) -> Any:
        body = orjson.dumps({"query": STEPS[step], "variables": {"i": sent}})
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answered = (await reader.readuntil(b"\r\n\r\n")).lower()
        content = await reader.readexactly(int(answered.split(b"content-length:")[1].split(b"\r\n")[0]))
        answer: Any = orjson.loads(content)
        done: Any = answer["data"] and answer["data"]["done"]
        if not done or done["userErrors"]:
            raise RuntimeError(f"{step}: {content[:500]!r}")
        return done


async def prepare(url: str) -> Sequence[str]:
    """The global ids of variants, of which there is enough."""
    settings = ConnectionSettings(url)
    await migrations.migrate(settings)
    await load_demo(settings, PRODUCTS, lambda _, __: None)
    connection = await asyncpg.connect(url)
    await connection.execute(LEFT_OVER)
    await connection.execute(STOCK)
    await connection.execute(SHIPPING)
    rows = await connection.fetch(FOR_SALE)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    return [encode("ProductVariant", row[0]) for row in rows]


async def measure(port: int, variants: Sequence[str], server: psutil.Process, seconds: float) -> Measured:
    clients = [Client(port, variants, seed) for seed in range(CLIENTS)]
    before, started = cpu_seconds(server), time.perf_counter()
    await asyncio.gather(*(client.run(started + seconds) for client in clients))
    elapsed, cpu = time.perf_counter() - started, cpu_seconds(server) - before
    times = sorted(one for client in clients for one in client.times)
    return Measured(
        per_second=len(times) / elapsed,
        p50=times[len(times) // 2] * 1_000,
        p99=times[int(len(times) * 0.99)] * 1_000,
        cpu=cpu / len(times) * 1_000,
        steps={
            step: statistics.median(one for client in clients for one in client.steps[step]) * 1_000 for step in STEPS
        },
    )


def cpu_seconds(process: psutil.Process) -> float:
    """Of a server and its processes."""
    family = [process, *process.children(recursive=True)]
    return sum(sum(one.cpu_times()[:2]) for one in family)


def show(measured: Measured) -> None:
    title = f"Checkouts, {CLIENTS} clients, {WORKERS} server processes"
    table = Table("checkouts/s", "p50 ms", "p99 ms", "server's CPU ms/checkout", *STEPS, title=title)
    table.add_row(
        f"{measured.per_second:,.0f}",
        *(f"{one:.1f}" for one in (measured.p50, measured.p99, measured.cpu)),
        *(f"{one:.1f}" for one in measured.steps.values()),
    )
    console.print(table)


def main(seconds: Annotated[float, typer.Option(help="Length of the measurement.")] = 15.0) -> None:
    """Measure and print; exit 1 when the bar is missed."""
    with EmbeddedPostgres(HOME) as url:
        variants = uvloop.run(prepare(url))
        port = free_port()
        # the sandbox is for development alone
        environment = {"DATABASE_URL": url, "PORT": str(port), "WORKERS": str(WORKERS), "LOG_LEVEL": "ERROR"}
        command = [str(Path(sys.executable).with_name("souk")), "serve"]
        with serving(command, port, "/readyz", **environment, SOUK_HOME=str(HOME / "home")) as server:
            uvloop.run(measure(port, variants, server, 3.0))
            measured = uvloop.run(measure(port, variants, server, seconds))
    show(measured)
    if measured.per_second < BAR:
        console.print(f"[red]Below the bar of {BAR:.0f} checkouts a second.[/red]")
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
