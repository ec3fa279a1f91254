"""What buyers are written about their orders: what they bought, what it came to, and where it is."""

from collections.abc import AsyncGenerator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain.orders.order import OrderId
from domain.shared.events import Event
from persistence import outbox
from persistence.database import ConnectionSettings
from resolvers import global_ids
from server.settings import read_settings
from server.wiring import Shop, open_shop
from tests import letters, sql
from tests.generous import GenerousLimiter
from tests.graphql.asking import data
from tests.letters import Letter
from tests.selling import market

PLACE = "mutation($input: OrderPlaceInput!) { orderPlace(input: $input) { order { id number } userErrors { code } } }"
SHIPMENT = """
INSERT INTO fulfillments (id, order_id, status, tracking_carrier, tracking_number, tracking_url, created_at, shipped_at)
VALUES (:id, :order, 'in_transit', 'Post', 'JD77', :url, now(), now())
"""


@pytest.fixture
async def shop(empty_database: ConnectionSettings, tmp_path: Path) -> AsyncGenerator[Shop]:
    """One that keeps its letters for this test."""
    settings = read_settings(database_url=empty_database.url, public_url="http://shop.example", souk_home=tmp_path)
    async with open_shop(settings, None, GenerousLimiter()) as opened:
        yield opened


async def an_order(shop: Shop) -> tuple[OrderId, str]:
    """Of two mugs, to Leeds. Its id and number."""
    stall = await market(shop.database)
    cart = await stall.cart({await stall.variant(5): 2}, email="bea@shop.example")
    given = {"cartId": global_ids.encode("Cart", cart), "idempotencyKey": str(uuid4())}
    order = (await data(shop, PLACE, {"input": given}))["orderPlace"]["order"]
    return OrderId(await sql.value(shop.database, "SELECT id FROM orders")), order["number"]


async def written(shop: Shop, topic: str, key: UUID, **facts: str) -> list[Letter]:
    async with shop.database.transaction() as transaction:
        await outbox.write(transaction, [Event(topic, key, facts)])
        await transaction.commit()
    while await shop.relay.turn():
        pass
    return letters.in_folder(shop.settings.souk_home)


async def shipment(shop: Shop, order: OrderId, url: str = "https://post.example/JD77") -> str:
    """Of one of the two mugs."""
    identity = uuid4()
    await sql.run(shop.database, SHIPMENT, id=identity, order=order, url=url)
    await sql.run(
        shop.database,
        "INSERT INTO fulfillment_lines (fulfillment_id, order_line_id, quantity) "
        "SELECT :id, id, 1 FROM order_lines WHERE order_id = :order",
        id=identity,
        order=order,
    )
    return str(identity)


async def test_a_confirmed_order_is_written_about_with_its_amounts(shop: Shop) -> None:
    order, number = await an_order(shop)
    (letter,) = await written(shop, "order.confirmed", order)
    assert (letter.to, letter.subject) == ("bea@shop.example", f"Your order {number} at Souk")
    # as English is written in Great Britain, where it goes
    assert "2 x Mug, Blue: US$20.00\nShipping, Parcel: US$5.00\nTotal: US$25.00" in letter.text
    assert "It goes to: Leeds, GB." in letter.text
    assert "Canary Row" not in letter.text


async def test_a_shipment_is_written_about_when_it_leaves_and_when_it_arrives(shop: Shop) -> None:
    order, number = await an_order(shop)
    sent = await shipment(shop, order)
    (letter,) = await written(shop, "fulfillment.shipped", order, fulfillment_id=sent)
    assert letter.subject == f"Your order {number} is on its way"
    assert "Mug, Blue: 1 x" in letter.text
    assert "Follow the parcel:\nhttps://post.example/JD77" in letter.text
    assert "Post JD77" in letter.text
    _, arrived = await written(shop, "fulfillment.delivered", order, fulfillment_id=sent)
    assert arrived.subject == f"Your order {number} was delivered"
    assert "Mug, Blue: 1 x" in arrived.text


async def test_what_is_no_web_page_is_no_link(shop: Shop) -> None:
    order, _ = await an_order(shop)
    sent = await shipment(shop, order, "javascript:alert(1)")
    (letter,) = await written(shop, "fulfillment.shipped", order, fulfillment_id=sent)
    assert "javascript" not in letter.text


async def test_a_canceled_order_is_written_about_with_the_reason(shop: Shop) -> None:
    order, number = await an_order(shop)
    await sql.run(shop.database, "UPDATE orders SET cancel_reason = 'inventory'")
    (letter,) = await written(shop, "order.canceled", order)
    assert letter.subject == f"Your order {number} was canceled"
    assert "something of it is not in stock any more" in letter.text


async def test_who_has_left_and_what_is_gone_is_written_nothing_about(shop: Shop) -> None:
    order, _ = await an_order(shop)
    await sql.run(shop.database, "UPDATE orders SET email = 'erased'")
    assert await written(shop, "order.confirmed", order) == []
    assert await written(shop, "order.canceled", uuid4()) == []
    assert await written(shop, "fulfillment.shipped", order, fulfillment_id=str(uuid4())) == []
    assert await sql.value(shop.database, "SELECT count(*) FROM outbox") == 0
