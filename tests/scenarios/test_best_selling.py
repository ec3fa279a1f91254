"""What buyers order changes which products sell best, once, and no longer when they cancel."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from domain.orders.order import OrderId
from domain.orders.ranking import RANKING_TOPICS, rank
from domain.products.inventory import VariantId
from domain.shared.clock import now
from domain.shared.consuming import Delivery
from domain.shared.events import Event
from persistence.connections import ConnectionSettings
from persistence.unit_of_work import SqlUnitsOfWork
from resolvers import global_ids
from server.settings import read_settings
from server.wiring import Shop, open_shop
from tests import sql
from tests.generous import GenerousLimiter
from tests.graphql.asking import data
from tests.graphql.ordering import Counter
from tests.graphql.paying import VISA, Sale, Till, uuid_of
from tests.selling import Market, market
from tests.server.buses import until

BEST = "{ products(first: 10, sortBy: {field: %s}) { nodes { id } } }"
CONFIRMED, CANCELED = RANKING_TOPICS


@dataclass(frozen=True, slots=True)
class Shelf:
    """Three products for sale, and a till to buy them at."""

    till: Till
    mug: VariantId
    jug: VariantId
    pot: VariantId

    @property
    def shop(self) -> Shop:
        return self.till.counter.shop

    @property
    def stall(self) -> Market:
        return self.till.counter.stall

    async def bought(self, wanted: dict[VariantId, int]) -> Sale:
        """Placed and paid, as a guest does it."""
        sale = await self.till.placed(await self.stall.cart(wanted))
        await self.till.done("paymentConfirm", paymentId=sale.payment, paymentMethodToken=VISA, **sale.key)
        return sale

    async def called_off(self, sale: Sale) -> None:
        canceled = await self.till.counter.cancel(sale.order, accessToken=sale.token)
        assert canceled["userErrors"] == []

    async def best(self, field: str = "BEST_SELLING") -> list[VariantId]:
        """The variants of the products as they are listed."""
        nodes = (await data(self.shop, BEST % field))["products"]["nodes"]
        rows = await sql.rows(self.shop.database, "SELECT product_id, id FROM product_variants")
        of = {global_ids.encode("Product", product): variant for product, variant in rows}
        return [of[node["id"]] for node in nodes]

    async def sold(self) -> tuple[int, int, int]:
        asked = "SELECT v.id, p.units_sold FROM products p JOIN product_variants v ON v.product_id = p.id"
        units = {row[0]: row[1] for row in await sql.rows(self.shop.database, asked)}
        return units[self.mug], units[self.jug], units[self.pot]

    async def tell(self, event: Event) -> None:
        """The consumer who keeps the ranks."""
        [consumer] = [one for one in self.shop.consumers if one.name == "search_index"]
        await consumer.handlers[event.topic](Delivery(event, consumer.name, now()))


@asynccontextmanager
async def shelf_in(database: ConnectionSettings, home: Path, broker: str | None = None) -> AsyncGenerator[Shelf]:
    settings = read_settings(
        database_url=database.url, public_url="http://shop.example", souk_home=home, amqp_url=broker
    )
    async with open_shop(settings, None, GenerousLimiter()) as shop:
        stall = await market(shop.database)
        mug, jug, pot = [await stall.variant(1_000) for _ in range(3)]
        yield Shelf(Till(Counter(shop, stall)), mug, jug, pot)


@pytest.fixture
async def shelf(empty_database: ConnectionSettings, tmp_path: Path) -> AsyncGenerator[Shelf]:
    async with shelf_in(empty_database, tmp_path) as opened:
        yield opened


async def test_what_is_bought_most_comes_first(shelf: Shelf) -> None:
    await shelf.bought({shelf.jug: 3, shelf.mug: 1})
    await shelf.bought({shelf.pot: 2})
    await shelf.till.placed(await shelf.stall.cart({shelf.mug: 50}))  # nobody has paid for these
    await shelf.till.behind()
    assert await shelf.sold() == (1, 3, 2)
    for field in ("BEST_SELLING", "RELEVANCE"):
        assert await shelf.best(field) == [shelf.jug, shelf.pot, shelf.mug]
    await shelf.bought({shelf.mug: 3})
    await shelf.till.behind()
    assert await shelf.best() == [shelf.mug, shelf.jug, shelf.pot]


async def test_a_canceled_order_counts_no_longer(shelf: Shelf) -> None:
    kept = await shelf.bought({shelf.jug: 2})
    sale = await shelf.bought({shelf.pot: 9, shelf.jug: 1})
    await shelf.till.behind()
    assert (await shelf.best(), await shelf.sold()) == ([shelf.pot, shelf.jug, shelf.mug], (0, 3, 9))
    await shelf.called_off(sale)
    await shelf.till.behind()
    assert ((await shelf.best())[0], await shelf.sold()) == (shelf.jug, (0, 2, 0))
    await shelf.till.shipped(kept)
    await shelf.till.behind()
    assert await shelf.sold() == (0, 2, 0)


async def test_an_order_that_is_canceled_before_it_is_paid_never_counted(shelf: Shelf) -> None:
    await shelf.bought({shelf.mug: 4})
    sale = await shelf.till.placed(await shelf.stall.cart({shelf.mug: 3}))
    await shelf.called_off(sale)
    await shelf.till.behind()
    assert await shelf.sold() == (4, 0, 0)


async def test_what_is_told_twice_counts_once_and_the_end_may_be_told_first(shelf: Shelf) -> None:
    sale = await shelf.bought({shelf.mug: 4})
    order = uuid_of("Order", sale.order)
    confirmed = Event(CONFIRMED, order)
    for event in (confirmed, confirmed, Event(CONFIRMED, order)):
        await shelf.tell(event)
    await shelf.till.behind()
    assert await shelf.sold() == (4, 0, 0)

    late = await shelf.bought({shelf.jug: 5})
    await shelf.called_off(late)
    canceled = Event(CANCELED, uuid_of("Order", late.order))
    for event in (canceled, Event(CONFIRMED, canceled.key), canceled, Event(CANCELED, canceled.key)):
        await shelf.tell(event)
    await shelf.till.behind()
    assert await shelf.sold() == (4, 0, 0)


async def test_an_order_that_is_canceled_while_it_is_counted_is_taken_back(shelf: Shelf) -> None:
    sale = await shelf.bought({shelf.mug: 4})
    order = uuid_of("Order", sale.order)
    begin = SqlUnitsOfWork(shelf.shop.database, shelf.shop.signals, now)

    async def end() -> None:
        await shelf.called_off(sale)
        await shelf.tell(Event(CANCELED, order))

    async with begin() as work:
        await rank(work, Event(CONFIRMED, order))
        ending = asyncio.ensure_future(end())
        await asyncio.wait([ending], timeout=0.2)
        await work.commit()
    await ending
    assert await shelf.sold() == (0, 0, 0)


async def test_effect_and_note_are_one_transaction(shelf: Shelf) -> None:
    """Who dies between the count and the commit has neither counted nor noted it."""
    sale = await shelf.bought({shelf.mug: 4})
    event = Event(CONFIRMED, uuid_of("Order", sale.order))
    begin = SqlUnitsOfWork(shelf.shop.database, shelf.shop.signals, now)
    async with begin() as work:
        await work.receive(Delivery(event, "search_index", now()))
        await rank(work, event)
    assert await shelf.sold() == (0, 0, 0)
    await shelf.tell(event)
    assert await shelf.sold() == (4, 0, 0)


async def test_an_order_that_is_not_there_and_lines_without_a_variant_hold_up_nothing(shelf: Shelf) -> None:
    sale = await shelf.bought({shelf.mug: 4, shelf.jug: 1})
    await sql.run(shelf.shop.database, "DELETE FROM product_variants WHERE id = :id", id=shelf.mug)
    await shelf.tell(Event(CONFIRMED, OrderId(uuid_of("Order", sale.order))))
    await shelf.tell(Event(CANCELED, OrderId(shelf.jug)))
    units = await sql.rows(shelf.shop.database, "SELECT units_sold FROM products ORDER BY id")
    assert [row[0] for row in units] == [0, 1, 0]


@pytest.mark.parametrize("way", ["in process", "rabbitmq"])
async def test_of_orders_that_come_at_once_none_is_lost(
    request: pytest.FixtureRequest, empty_database: ConnectionSettings, tmp_path: Path, way: str
) -> None:
    """Twenty, each of all three products, in either order; a quarter is canceled while the others are counted."""
    url = request.getfixturevalue("rabbitmq_url") if way == "rabbitmq" else None
    async with shelf_in(empty_database, tmp_path, url) as shelf:
        one, other = {shelf.mug: 1, shelf.jug: 2, shelf.pot: 3}, {shelf.pot: 3, shelf.jug: 2, shelf.mug: 1}
        sales = [await shelf.bought(other if number % 2 else one) for number in range(20)]
        works = [shelf.shop.relay.run()]
        if shelf.shop.consuming is not None:
            works.append(shelf.shop.consuming.run())
        tasks = [asyncio.create_task(work) for work in works]
        try:
            await asyncio.gather(*(shelf.called_off(sale) for sale in sales[::4]))

            async def all_is_done() -> bool:
                asked = "SELECT count(*) FROM inbox WHERE consumer = 'search_index'"
                return await sql.value(shelf.shop.database, asked) == 25

            await until(all_is_done)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert await shelf.sold() == (15, 30, 45)
        assert await shelf.best() == [shelf.pot, shelf.jug, shelf.mug]
        await shelf.till.books_agree()
        parked = "SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL AND consumer = 'search_index'"
        assert await sql.value(shelf.shop.database, parked) == 0
