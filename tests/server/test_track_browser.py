"""A buyer's page in a real browser, over a real server that dies meanwhile."""

import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from domain.orders.fulfillment import FulfillmentStatus
from domain.orders.fulfillments import Packing, Update
from domain.orders.order import OrderId
from domain.orders.shipment import Details
from persistence.connections import ConnectionSettings
from server.graphiql_build import is_outdated
from server.settings import CHECKOUT, read_settings
from server.wiring import open_shop
from tests import selling
from tests.command import Serving, Souk
from tests.generous import GenerousLimiter
from tests.graphql.asking import ADMIN, data
from tests.graphql.ordering import Counter
from tests.graphql.paying import Sale, Till, uuid_of
from tests.server.browsing import Tab, browsing
from tests.server.chromium import CHROMIUM

EVENTS = "query($id: ID!) { order(id: $id) { number events(first: 100) { nodes { sequence type } } } }"
LIVE = "document.getElementById('connection').dataset.state === 'live'"
SHOWN = (
    "[...document.querySelectorAll('#timeline li')].reverse().map((one) => [+one.dataset.sequence, one.dataset.type])"
)
PROGRESS = "[...document.querySelectorAll('#progress li')].map((one) => [one.firstChild.textContent, one.className])"
MAP = "[...document.querySelectorAll('#map li')].map((one) => [one.firstChild.textContent, one.className])"

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
    pytest.mark.skipif(is_outdated(CHECKOUT / "web"), reason="web/dist is not built from these files: run `make web`"),
]


@dataclass(frozen=True, slots=True)
class Street:
    """A shop that is served on one port whenever it is, the people behind its counter, and a browser."""

    souk: Souk
    database_url: str
    port: int
    till: Till
    tab: Tab

    @contextmanager
    def open(self) -> Generator[Serving]:
        with self.souk.serving(DATABASE_URL=self.database_url, PORT=str(self.port)) as serving:
            yield serving

    async def look(self, name: str, token: str | None = None) -> None:
        """Open the page, as often as one likes in the same tab."""
        fragment = "" if token is None else f"#token={quote(token)}"
        await self.tab.open(f"http://127.0.0.1:{self.port}/track/{quote(name, safe='')}{fragment}")

    async def paid(self, sale: Sale) -> None:
        await self.till.done("paymentConfirm", paymentId=sale.payment, paymentMethodToken="pm_card_visa", **sale.key)

    async def number(self, sale: Sale) -> str:
        return (await data(self.till.counter.shop, EVENTS, {"id": sale.order}, ADMIN))["order"]["number"]

    async def stored(self, sale: Sale) -> list[list[object]]:
        order = (await data(self.till.counter.shop, EVENTS, {"id": sale.order}, ADMIN))["order"]
        return [[event["sequence"], event["type"]] for event in order["events"]["nodes"]]

    async def moved(self, sale: Sale, *statuses: FulfillmentStatus) -> None:
        fulfillments = self.till.counter.shop.services.fulfillments
        order = OrderId(uuid_of("Order", sale.order))
        told = Details(carrier="Post", number="JD77", url="https://post.example/JD77")
        packed = (await fulfillments.create(Packing(order, None, told))).fulfillment
        for status in statuses:
            await fulfillments.update(Update(packed.id, status, None, Details()))

    async def agrees(self, sale: Sale) -> None:
        """Wait until the page shows all that is stored; then it shows exactly that."""
        stored = await self.stored(sale)
        await self.tab.until(f"document.querySelectorAll('#timeline li').length >= {len(stored)}")
        assert await self.tab.value(SHOWN) == stored


@pytest.fixture
async def street(empty_database: ConnectionSettings, souk_home: Path, tmp_path: Path) -> AsyncGenerator[Street]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    settings = read_settings(database_url=empty_database.url, port=port)
    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(open_shop(settings, lambda _, __: None, GenerousLimiter()))
        tab = await stack.enter_async_context(browsing(tmp_path))
        till = Till(Counter(shop, await selling.market(shop.database)))
        yield Street(Souk(souk_home), empty_database.url, port, till, tab)


def heard(tab: Tab) -> list[int]:
    return [one["payload"]["data"]["orderEvents"]["sequence"] for one in tab.frames() if one["type"] == "next"]


async def test_the_page_moves_with_the_order_and_over_a_death_of_the_server(street: Street) -> None:
    sale, tab = await street.till.sold(), street.tab
    with street.open() as serving:
        await street.look(await street.number(sale), sale.token)
        await tab.until(LIVE)
        assert await tab.text("#headline") == "Waiting for the payment"
        assert await tab.value(PROGRESS) == [
            ["Placed", "done"],
            ["Confirmed", "open"],
            ["Sent", "open"],
            ["Delivered", "open"],
        ]
        before = len(await street.stored(sale))
        await street.paid(sale)
        await street.agrees(sale)
        assert await tab.text("#headline") == "We get it ready"
        serving.process.kill()
        await tab.until(f"!({LIVE})")
    await street.moved(sale, FulfillmentStatus.IN_TRANSIT)  # while nobody answers
    with street.open():
        await tab.until(LIVE)
        await street.agrees(sale)
        assert await tab.text("#headline") == "It is on its way"
        assert [one for one in await tab.value(MAP) if one[1] == "done"] == [
            ["Placed", "done"],
            ["Confirmed", "done"],
            ["Authorized", "done"],
            ["Paid", "done"],
            ["Sent", "done"],
        ]
    stored = await street.stored(sale)
    assert heard(tab) == list(range(before + 1, len(stored) + 1))  # none was sent twice, and none was missing
    assert tab.complaints() == []


async def test_the_token_leaves_the_address_and_is_in_no_other(street: Street) -> None:
    sale = await street.till.sold()
    number = await street.number(sale)
    with street.open() as serving:
        await street.look(number, sale.token)
        await street.tab.until(LIVE)
        assert await street.tab.value("location.href") == f"{serving.address}/track/{number}"
        assert not any(str(sale.token) in address.partition("#")[0] for address in street.tab.addresses())
        assert str(sale.token) not in serving.output


async def test_whoever_comes_back_to_the_tab_needs_no_token_and_may_use_the_id(street: Street) -> None:
    sale = await street.till.sold()
    with street.open():
        await street.look(sale.order, sale.token)
        await street.tab.until(LIVE)
        for name in (sale.order, await street.number(sale)):  # the number is where a payment leads back to
            await street.look(name)
            await street.tab.until(LIVE)
            await street.agrees(sale)


async def test_without_a_token_the_page_asks_for_it_and_says_when_it_is_wrong(street: Street) -> None:
    sale, tab = await street.till.sold(), street.tab
    enter = "document.getElementById('token').value = %r; document.querySelector('#form button').click()"
    with street.open():
        await street.look(await street.number(sale))
        await tab.until("!document.getElementById('form').hidden")
        await tab.value(enter % "something else")
        await tab.until("document.getElementById('problem').textContent !== ''")
        assert "belongs to another" in await tab.text("#problem")
        assert await tab.value("document.activeElement.id") == "token"
        assert await tab.value("document.getElementById('order').hidden")
        await tab.value(enter % sale.token)
        await tab.until(LIVE)
        await street.agrees(sale)
        assert await tab.value("document.getElementById('form').hidden")


async def test_the_page_shows_how_the_order_ends(street: Street) -> None:
    delivered, canceled = await street.till.sold(), await street.till.sold()
    await street.paid(delivered)
    with street.open():
        await street.look(await street.number(delivered), delivered.token)
        await street.tab.until(LIVE)
        await street.moved(delivered, FulfillmentStatus.IN_TRANSIT, FulfillmentStatus.DELIVERED)
        await street.agrees(delivered)
        assert [mark for _, mark in await street.tab.value(PROGRESS)] == ["done"] * 4
        assert await street.tab.text("#headline") == "It has arrived"
        assert await street.tab.text("#parcels") == "Post JD77 (delivered)"
        assert await street.tab.value("document.querySelector('#parcels a').href") == "https://post.example/JD77"
        await street.look(await street.number(canceled), canceled.token)
        await street.tab.until(LIVE)
        await street.till.counter.cancel(canceled.order, ADMIN)
        await street.agrees(canceled)
        assert (await street.tab.value(PROGRESS))[-1] == ["Canceled", "ended"]
        assert await street.tab.text("#headline") == "Canceled"
    assert street.tab.complaints() == []


async def test_who_approves_a_payment_elsewhere_comes_back_to_the_page(street: Street) -> None:
    sale, tab = await street.till.sold(), street.tab
    number = await street.number(sale)
    with street.open():
        await street.look(number, sale.token)
        await tab.until(LIVE)
        asking = {"paymentId": sale.payment, "paymentMethodToken": "pm_card_authenticationRequired"}
        payment = await street.till.done("paymentConfirm", **asking, **sale.key)
        await tab.open(payment["nextAction"]["url"])
        await tab.value("document.querySelector('button[value=approve]').click()")
        await tab.until(f"location.pathname === '/track/{number}' && location.search === '' && {LIVE}")
        await tab.until("document.getElementById('headline').textContent === 'We get it ready'")
        await street.agrees(sale)


async def test_nothing_sticks_out_of_a_narrow_screen(street: Street) -> None:
    sale, tab = await street.till.sold(), street.tab
    await tab.call("Emulation.setDeviceMetricsOverride", width=320, height=640, deviceScaleFactor=1, mobile=True)
    with street.open():
        await street.look(await street.number(sale), sale.token)
        await tab.until(LIVE)
        assert await tab.value("document.documentElement.scrollWidth") == 320
