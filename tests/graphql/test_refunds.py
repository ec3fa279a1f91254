"""Refunds as the shop makes them: by amount, by lines, and everything; and what goes back to the shelf."""

import pytest

from domain.payments.payment import PaymentProvider
from tests import sql
from tests.graphql.asking import ADMIN, data
from tests.graphql.ordering import CANCEL, Counter
from tests.graphql.paying import Sale, Till, money, usd
from tests.graphql.test_payments import AMOUNTS


@pytest.fixture
def till(counter: Counter) -> Till:
    return Till(counter)


async def line_of(till: Till, sale: Sale) -> str:
    return (await till.order(sale))["lines"][0]["id"]


async def test_an_amount_goes_back_and_then_everything(till: Till) -> None:
    sale = await till.paid()
    some = {"amount": usd("5"), "reason": "REQUESTED_BY_CUSTOMER", "note": "It was late."}
    refund = await till.done("refundCreate", ADMIN, orderId=sale.order, **some)
    assert (refund["status"], refund["amount"], refund["lines"]) == ("PENDING", money("5.00"), [])
    assert (refund["reason"], refund["note"]) == ("REQUESTED_BY_CUSTOMER", "It was late.")
    assert await till.stands(sale) == ("CONFIRMED", "PAID", "0.00")
    await till.behind()
    assert await till.stands(sale) == ("CONFIRMED", "PARTIALLY_REFUNDED", "0.00")
    assert await till.taken() == 1_000
    rest = await till.done("refundCreate", ADMIN, orderId=sale.order)
    assert rest["amount"] == money("10.00")
    assert await till.refused("refundCreate", ADMIN, orderId=sale.order) == [("AMOUNT_TOO_LARGE", "orderId")]
    await till.behind()
    assert await till.stands(sale) == ("CONFIRMED", "REFUNDED", "0.00")
    order = await till.order(sale)
    assert [(one["status"], one["amount"]) for one in order["refunds"]] == [
        *(("SUCCEEDED", money("5.00")), ("SUCCEEDED", money("10.00"))),
    ]
    assert order["payments"][0]["amountRefunded"] == money("15.00")
    told = await till.told(sale)
    assert told[3:] == ["REFUND_CREATED", "REFUND_SUCCEEDED", "REFUND_CREATED", "REFUND_SUCCEEDED"]
    assert order["events"]["nodes"][3]["refund"] == {"id": refund["id"]}
    assert await till.taken() == 0


async def test_units_that_were_not_sent_are_for_sale_again(till: Till) -> None:
    sale = await till.paid(units=3)
    assert await till.stock() == (10, 3)
    lines = [{"orderLineId": await line_of(till, sale), "quantity": 2, "restock": False}]
    refund = await till.done("refundCreate", ADMIN, orderId=sale.order, lines=lines)
    assert refund["amount"] == money("20.00")
    assert [(one["quantity"], one["restocked"]) for one in refund["lines"]] == [(2, True)]
    assert await till.stock() == (10, 1)
    order = await till.order(sale)
    assert [line["quantityRefunded"] for line in order["lines"]] == [2]
    assert "RETURN_RECEIVED" not in await till.told(sale)
    await till.shipped(sale)
    assert (await till.order(sale))["fulfillmentStatus"] == "FULFILLED"
    assert await till.stock() == (9, 0)
    await till.behind()
    await till.books_agree()


async def test_units_that_were_sent_are_back_on_the_shelf_only_if_they_came_back(till: Till) -> None:
    sale = await till.paid(units=3)
    await till.shipped(sale)
    line = await line_of(till, sale)
    gone = [{"orderLineId": line, "quantity": 1, "restock": False}]
    refund = await till.done("refundCreate", ADMIN, orderId=sale.order, lines=gone)
    assert [one["restocked"] for one in refund["lines"]] == [False]
    assert await till.stock() == (7, 0)
    back = [{"orderLineId": line, "quantity": 2}]
    refund = await till.done("refundCreate", ADMIN, orderId=sale.order, lines=back)
    assert (refund["amount"], [one["restocked"] for one in refund["lines"]]) == (money("20.00"), [True])
    assert await till.stock() == (9, 0)
    assert (await till.told(sale))[-1] == "RETURN_RECEIVED"
    await till.behind()
    await till.books_agree()
    assert await till.stands(sale) == ("CONFIRMED", "PARTIALLY_REFUNDED", "0.00")


async def test_no_more_than_what_was_captured_goes_back(till: Till) -> None:
    sale = await till.paid()
    for amount, why in AMOUNTS:
        assert await till.refused("refundCreate", ADMIN, orderId=sale.order, amount=amount) == [why]
    unpaid = await till.sold()
    assert await till.refused("refundCreate", ADMIN, orderId=unpaid.order) == [("AMOUNT_TOO_LARGE", "orderId")]
    authorized = await till.paid(capture="MANUAL")
    assert await till.refused("refundCreate", ADMIN, orderId=authorized.order) == [("AMOUNT_TOO_LARGE", "orderId")]
    await till.done("refundCreate", ADMIN, orderId=sale.order, amount=usd("14"))
    assert await till.refused("refundCreate", ADMIN, orderId=sale.order, amount=usd("1.01")) == [
        ("AMOUNT_TOO_LARGE", "amount.amount")
    ]
    assert await till.refused("refundCreate", orderId=sale.order) == [("UNAUTHENTICATED", None)]


async def test_lines_are_those_of_the_order_and_have_units_left(till: Till) -> None:
    sale, other = await till.paid(units=2), await till.paid()
    line, foreign = await line_of(till, sale), await line_of(till, other)

    async def refused(*lines: tuple[str, int]) -> list[tuple[str, object]]:
        sent = [{"orderLineId": one, "quantity": quantity} for one, quantity in lines]
        return await till.refused("refundCreate", ADMIN, orderId=sale.order, lines=sent)

    assert await refused((foreign, 1)) == [("NOT_FOUND", "lines.0.orderLineId")]
    assert await refused((line, 1), ("nothing", 1)) == [("NOT_FOUND", "lines.1.orderLineId")]
    for units in (3, 0, -1):
        assert await refused((line, units)) == [("OUT_OF_RANGE", "lines.0.quantity")]
    assert await refused((line, 1), (line, 1)) == [("INVALID", "lines.1.orderLineId")]
    assert await refused() == [("REQUIRED", "lines")]
    wrong = {"orderId": sale.order, "paymentId": other.payment}
    assert await till.refused("refundCreate", ADMIN, **wrong) == [("NOT_FOUND", "paymentId")]
    assert await till.refused("refundCreate", ADMIN, orderId="nothing") == [("NOT_FOUND", "orderId")]
    assert await till.refused("refundCreate", ADMIN, orderId=sale.order, note="a" * 501) == [("TOO_LONG", "note")]
    await till.done("refundCreate", ADMIN, orderId=sale.order, lines=[{"orderLineId": line, "quantity": 2}])
    assert await refused((line, 1)) == [("OUT_OF_RANGE", "lines.0.quantity")]


async def test_a_refund_that_is_repeated_is_made_once(till: Till) -> None:
    sale = await till.paid(units=2)
    lines = [{"orderLineId": await line_of(till, sale), "quantity": 1}]
    wanted = {"orderId": sale.order, "lines": lines, "idempotencyKey": "back"}
    first = await till.ask("refundCreate", ADMIN, **wanted)
    assert await till.ask("refundCreate", ADMIN, **wanted) == first
    await till.behind()
    assert await till.taken() == 1_500
    assert len((await till.order(sale))["refunds"]) == 1


async def test_a_refund_that_the_bank_sends_back_leaves_the_money_here(till: Till) -> None:
    sale = await till.paid(token="pm_card_refundFail")
    await till.done("refundCreate", ADMIN, orderId=sale.order, amount=usd("5"))
    await till.behind()
    assert await till.stands(sale) == ("CONFIRMED", "PARTIALLY_REFUNDED", "0.00")
    await till.counter.do("UPDATE sandbox_refunds SET settles_at = now() - interval '1 second'")
    reference = await sql.value(till.counter.shop.database, "SELECT reference FROM payments")
    await till.counter.shop.services.payments.learn(PaymentProvider.SANDBOX, reference)
    assert await till.stands(sale) == ("CONFIRMED", "PAID", "0.00")
    assert [one["status"] for one in (await till.order(sale))["refunds"]] == ["FAILED"]
    assert (await till.told(sale))[3:] == ["REFUND_CREATED", "REFUND_SUCCEEDED", "REFUND_FAILED"]


async def test_what_was_paid_for_an_order_that_is_canceled_goes_back(till: Till) -> None:
    sale = await till.paid(units=2)
    sent = {"input": {"id": sale.order, "accessToken": sale.token}}
    canceled = (await data(till.counter.shop, CANCEL, sent))["orderCancel"]
    assert canceled["userErrors"] == []
    await till.behind()
    assert await till.stands(sale) == ("CANCELED", "REFUNDED", "0.00")
    assert (await till.told(sale))[3:] == ["ORDER_CANCELED", "REFUND_CREATED", "REFUND_SUCCEEDED"]
    assert (await till.taken(), await till.stock()) == (0, (10, 0))
    await till.books_agree()
