"""Live order tracking: many who follow one order on one process, each over a socket of its own.

python -m benchmarks.fanout                what the README quotes
python -m benchmarks.fanout --events 50    steadier
"""

import asyncio
import resource
import sys
import time
from contextlib import AsyncExitStack
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import httpx
import psutil
import typer
import uvloop
from rich.console import Console
from rich.table import Table

from adapters.embedded_postgres import EmbeddedPostgres
from benchmarks.catalogue import HOME, PRODUCTS
from benchmarks.followers import Heard, Order, gather
from benchmarks.servers import free_port, in_production, serving
from domain.orders.events import OrderEventType
from domain.orders.order import OrderId
from domain.orders.progress import Progress
from domain.shared.clock import now
from persistence import migrations
from persistence.connections import ConnectionSettings
from persistence.database import Database
from persistence.signals import SqlSignals
from persistence.unit_of_work import SqlUnitsOfWork
from resolvers import global_ids
from server.demo.loading import load_demo

CROWDS = (1_000, 5_000)
FILES = 16_384
BARS = {1_000: (250.0, 60.0)}
"""Milliseconds of the 99th percentile, and KB for each follower, above which the run fails."""
SUBSCRIPTION = """subscription($id: ID!, $token: String!, $after: EventCursor!) {
  orderEvents(orderId: $id, accessToken: $token, after: $after) { sequence type message order { status } } }"""
CREATE = """mutation($variant: ID!) { cartCreate(input: {
    lines: [{variantId: $variant}], buyerIdentity: {email: "bench@shop.example"}}) {
  cart { id } userErrors { message } } }"""
ADDRESS = """mutation($cart: ID!) { cartShippingAddressSet(input: {cartId: $cart,
    address: {firstName: "Bea", lastName: "Buyer", line1: "1 Main Street", city: "Leeds", countryCode: "GB"}}) {
  cart { shippingMethods { id name } } userErrors { message } } }"""
METHOD = """mutation($cart: ID!, $method: ID!) {
  cartShippingMethodSelect(input: {cartId: $cart, shippingMethodId: $method}) { userErrors { message } } }"""
PLACE = """mutation($cart: ID!) { orderPlace(input: {cartId: $cart, idempotencyKey: "%s"}) {
  order { id eventCursor } accessToken userErrors { message } } }"""
IN_STOCK = "{ products(first: 1, filter: {inStock: true}) { nodes { variants { id availableForSale } } } }"
console = Console()


async def prepare(url: str) -> None:
    settings = ConnectionSettings(url)
    await migrations.migrate(settings)
    await load_demo(settings, PRODUCTS, lambda _, __: None)
    connection = await asyncpg.connect(url)
    await connection.execute(
        "INSERT INTO shipping_rates (id, name, countries, price) SELECT gen_random_uuid(), 'Bench', ARRAY['GB'], 5 "
        "WHERE NOT EXISTS (SELECT FROM shipping_rates WHERE name = 'Bench')"
    )
    await connection.close()


class Shop:
    """The server, asked over HTTP."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/graphql"

    def ask(self, query: str, **variables: str) -> Any:
        reply = httpx.post(self._url, json={"query": query, "variables": variables}, timeout=20).json()
        if "errors" in reply:
            raise RuntimeError(reply)
        [answer] = reply["data"].values()
        if answer.get("userErrors"):
            raise RuntimeError(answer)
        return answer

    def place(self) -> dict[str, str]:
        """A new order: what a subscription of it is sent."""
        variants = self.ask(IN_STOCK)["nodes"][0]["variants"]
        variant = next(one["id"] for one in variants if one["availableForSale"])
        cart = self.ask(CREATE, variant=variant)["cart"]["id"]
        methods = self.ask(ADDRESS, cart=cart)["cart"]["shippingMethods"]
        self.ask(METHOD, cart=cart, method=methods[0]["id"])
        placed = self.ask(PLACE % cart[-40:], cart=cart)
        return {"id": placed["order"]["id"], "token": placed["accessToken"], "after": placed["order"]["eventCursor"]}


async def happen(begin: SqlUnitsOfWork, order_id: UUID) -> tuple[int, float]:
    """One event more, written by another process than tells of it: its number, and when it was committed."""
    async with begin() as work:
        order = await work.orders.lock(OrderId(order_id))
        if order is None:
            raise RuntimeError("the order is gone")
        progress = Progress(order, now())
        progress.happened(OrderEventType.NOTE_ADDED)
        await progress.store(work)
        await work.commit()
        return progress.order.events, time.perf_counter()


async def measure(url: str, order: Order, server: psutil.Process, count: int, events: int) -> tuple[float, ...]:
    """Milliseconds from the commit to the median and the 99th percentile of receptions, and to the last; KB each."""
    heard, order_id = Heard(), global_ids.decode(order.variables["id"])
    if order_id is None:
        raise RuntimeError("the order has no id")
    async with AsyncExitStack() as stack:
        database = Database(ConnectionSettings(url, application_name="bench"))
        await database.open()
        stack.push_async_callback(database.close)
        signals = SqlSignals(database)
        stack.push_async_callback(signals.close)
        begin = SqlUnitsOfWork(database, signals, now)
        before = server.memory_info().rss
        followers = await gather(order, heard, count)
        for follower in followers:
            stack.callback(follower.close)
        delays: list[float] = []
        for _ in range(events + 1):
            number, committed = await happen(begin, order_id.id)
            async with asyncio.timeout(60):
                while len(heard.at.get(number, ())) < count:  # noqa: ASYNC110  (they note it in callbacks)
                    await asyncio.sleep(0.01)
            delays += [(at - committed) * 1_000 for at in heard.at[number]]
            await asyncio.sleep(0.1)
        size = (server.memory_info().rss - before) / count / 1_024
        if heard.lost:
            raise RuntimeError(f"{heard.lost} lost their connections")
    delays = sorted(delays[count:])  # the first event finds cold caches
    return delays[len(delays) // 2], delays[int(len(delays) * 0.99)], delays[-1], size


def main(events: Annotated[int, typer.Option(help="Events told to each crowd.")] = 20) -> None:
    """Measure and print; exit 1 when the first bar is missed."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, hard) if hard > 0 else FILES, hard))
    table = Table("followers", "p50 ms", "p99 ms", "last ms", "KB each", title="one event to all who follow an order")
    for column in table.columns:
        column.justify = "right"
    missed = False
    with EmbeddedPostgres(HOME) as url:
        uvloop.run(prepare(url))
        for count in CROWDS:
            p50, p99, last, size = _crowd(url, count, events)
            console.print(f"{count:,}: p50 {p50:,.0f} ms, p99 {p99:,.0f} ms, last {last:,.0f} ms, {size:,.1f} KB each")
            table.add_row(f"{count:,}", *(f"{one:,.0f}" for one in (p50, p99, last, size)))
            latest, largest = BARS.get(count, (float("inf"), float("inf")))
            missed |= p99 >= latest or size >= largest
    console.print(table)
    if missed:
        console.print("[red]Above the bar.[/red]")
        raise typer.Exit(1)


def _crowd(url: str, count: int, events: int) -> tuple[float, ...]:
    """Told by a process of its own, so that what one crowd took of memory is not given to the next."""
    port = free_port()
    environment = {"DATABASE_URL": url, **in_production(port)}
    command = [sys.executable, "-c", "from server.cli.main import main; main()", "serve"]
    with serving(command, port, "/readyz", **environment) as server:
        order = Order(port, Shop(port).place(), SUBSCRIPTION)
        return uvloop.run(measure(url, order, server, count, events))


if __name__ == "__main__":
    typer.run(main)
