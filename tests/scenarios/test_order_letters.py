"""What buyers are written about their orders: what they bought, what it came to, where it is, what they get back."""

from collections.abc import AsyncGenerator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain.orders.order import OrderId
from domain.payments.payment import PaymentProvider
from domain.shared.clock import now
from domain.shared.consuming import Delivery
from domain.shared.events import Event
from persistence import outbox
from persistence.connections import ConnectionSettings
from resolvers import global_ids
from server.settings import read_settings
from server.wiring import Shop, open_shop
from tests import letters, sql
from tests.generous import GenerousLimiter
from tests.graphql.asking import ADMIN, data
from tests.graphql.ordering import Counter
from tests.graphql.paying import Sale, Till, usd, uuid_of
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


@pytest.fixture
async def till(shop: Shop) -> Till:
    return Till(Counter(shop, await market(shop.database)))


async def of_refunds(till: Till) -> list[Letter]:
    """Those about refunds, once all that waits is carried out."""
    await till.behind()
    found = letters.in_folder(till.counter.shop.settings.souk_home)
    return [letter for letter in found if "refund" in letter.subject]


def succeeded(sale: Sale, refund: str) -> Event:
    return Event("refund.succeeded", uuid_of("Order", sale.order), {"refund_id": str(uuid_of("Refund", refund))})


async def tell(till: Till, event: Event) -> None:
    """The consumer who writes letters about orders."""
    [consumer] = [one for one in till.counter.shop.consumers if one.name == "order_letters"]
    await consumer.handlers[event.topic](Delivery(event, consumer.name, now()))


async def test_each_refund_is_written_about_when_the_money_is_on_its_way(till: Till) -> None:
    sale = await till.paid(units=2)
    await till.done("refundCreate", ADMIN, orderId=sale.order, amount=usd("5"), note="He shouted at us.")
    (letter,) = await of_refunds(till)
    number = await sql.value(till.counter.shop.database, "SELECT number FROM orders")
    assert letter.to == await sql.value(till.counter.shop.database, "SELECT email FROM orders")
    assert letter.subject == f"A refund for your order {number}"
    assert "Paid back now: US$5.00\nPaid back so far: US$5.00\nYou had paid: US$25.00" in letter.text
    assert "It comes the way that you paid: Visa ending in 4242." in letter.text
    assert "shouted" not in letter.text
    line = (await till.order(sale))["lines"][0]["id"]
    await till.done("refundCreate", ADMIN, orderId=sale.order, lines=[{"orderLineId": line, "quantity": 1}])
    _, of_one_mug = await of_refunds(till)
    assert "Mug, Blue: 1 x\nPaid back now: US$10.00\nPaid back so far: US$15.00\n" in of_one_mug.text


async def test_money_of_a_canceled_order_is_written_about_when_it_goes_back(till: Till) -> None:
    sale = await till.paid()
    await till.counter.cancel(sale.order, accessToken=sale.token)
    (letter,) = await of_refunds(till)
    assert "Paid back now: US$15.00\nPaid back so far: US$15.00\nYou had paid: US$15.00" in letter.text


async def test_a_refund_that_is_not_through_is_not_written_about(till: Till) -> None:
    sale = await till.paid(token="pm_card_pendingRefund")
    await till.done("refundCreate", ADMIN, orderId=sale.order)
    assert await of_refunds(till) == []


async def test_a_refund_that_the_bank_sent_back_before_the_letter_was_written_is_not_written_about(till: Till) -> None:
    sale = await till.paid(token="pm_card_refundFail")
    refund = await till.done("refundCreate", ADMIN, orderId=sale.order)
    assert len(await of_refunds(till)) == 1
    await till.counter.do("UPDATE sandbox_refunds SET settles_at = now() - interval '1 second'")
    reference = await sql.value(till.counter.shop.database, "SELECT reference FROM payments")
    await till.counter.shop.services.payments.learn(PaymentProvider.SANDBOX, reference)
    await tell(till, succeeded(sale, refund["id"]))
    assert len(await of_refunds(till)) == 1


async def test_a_refund_is_written_about_once_however_often_it_is_told(till: Till) -> None:
    sale = await till.paid()
    refund = await till.done("refundCreate", ADMIN, orderId=sale.order)
    assert len(await of_refunds(till)) == 1
    event = succeeded(sale, refund["id"])
    await tell(till, event)
    assert len(await of_refunds(till)) == 2
    for letter in (till.counter.shop.settings.souk_home / "mail").iterdir():
        letter.unlink()
    await tell(till, event)
    assert await of_refunds(till) == []


async def test_who_has_left_and_what_is_gone_is_written_nothing_about(shop: Shop) -> None:
    order, _ = await an_order(shop)
    await sql.run(shop.database, "UPDATE orders SET email = 'erased'")
    assert await written(shop, "order.confirmed", order) == []
    assert await written(shop, "order.canceled", uuid4()) == []
    assert await written(shop, "fulfillment.shipped", order, fulfillment_id=str(uuid4())) == []
    assert await written(shop, "refund.succeeded", order, refund_id=str(uuid4())) == []
    assert await sql.value(shop.database, "SELECT count(*) FROM outbox") == 0
