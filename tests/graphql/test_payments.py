"""Payments as clients make them: how an order's money comes in, and what stands in the way."""

import pytest

from domain.users.user import ANONYMOUS
from tests import sql
from tests.graphql.asking import ADMIN, data
from tests.graphql.ordering import Counter
from tests.graphql.paying import VISA, Till, money, usd
from tests.people import person


@pytest.fixture
def till(counter: Counter) -> Till:
    return Till(counter)


async def test_a_guest_pays(till: Till) -> None:
    sale = await till.sold()
    assert await till.stands(sale) == ("PENDING", "PENDING", "15.00")
    assert [one["status"] for one in (await till.order(sale))["payments"]] == ["REQUIRES_PAYMENT_METHOD"]
    payment = await till.done("paymentConfirm", paymentId=sale.payment, paymentMethodToken=VISA, **sale.key)
    assert (payment["id"], payment["status"], payment["method"]) == (
        *(sale.payment, "CAPTURED"),
        {"brand": "visa", "last4": "4242"},
    )
    assert (payment["amount"], payment["amountCaptured"], payment["failure"]) == (money("15.00"), money("15.00"), None)
    assert await till.stands(sale) == ("CONFIRMED", "PAID", "0.00")
    order = await till.order(sale)
    assert order["expiresAt"] is None
    assert [(event["sequence"], event["type"]) for event in order["events"]["nodes"]] == [
        *((1, "ORDER_PLACED"), (2, "PAYMENT_CAPTURED"), (3, "ORDER_CONFIRMED")),
    ]
    assert order["events"]["nodes"][1]["amount"] == money("15.00")
    assert order["events"]["nodes"][1]["payment"] == {"id": sale.payment}
    assert await till.taken() == 1_500
    assert await till.refused("paymentConfirm", paymentId=sale.payment, paymentMethodToken=VISA, **sale.key) == [
        ("INVALID_TRANSITION", None)
    ]


@pytest.mark.parametrize(
    ("token", "code", "retryable"),
    [
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds", True),
        ("pm_card_chargeDeclinedLostCard", "lost_card", False),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", False),
    ],
)
async def test_who_is_declined_is_told_why_and_pays_with_another_payment(
    till: Till, token: str, code: str, *, retryable: bool
) -> None:
    sale = await till.sold()
    answer = await till.ask("paymentConfirm", paymentId=sale.payment, paymentMethodToken=token, **sale.key)
    [error] = answer["userErrors"]
    assert (error["__typename"], error["code"]) == ("PaymentDeclinedError", "PAYMENT_DECLINED")
    assert (error["declineCode"], error["retryable"]) == (code, retryable)
    assert await till.stands(sale) == ("PENDING", "FAILED", "15.00")
    again = await till.ask("paymentConfirm", paymentId=sale.payment, paymentMethodToken=VISA, **sale.key)
    assert again == answer
    new = await till.done("paymentCreate", orderId=sale.order, **sale.key)
    assert (new["status"], new["amount"]) == ("REQUIRES_PAYMENT_METHOD", money("15.00"))
    await till.done("paymentConfirm", paymentId=new["id"], paymentMethodToken=VISA, **sale.key)
    assert await till.stands(sale) == ("CONFIRMED", "PAID", "0.00")
    assert [one["status"] for one in (await till.order(sale))["payments"]] == ["FAILED", "CAPTURED"]
    assert await till.told(sale) == ["ORDER_PLACED", "PAYMENT_FAILED", "PAYMENT_CAPTURED", "ORDER_CONFIRMED"]
    assert await till.taken() == 1_500


async def test_money_is_taken_in_part_by_hand_and_the_rest_by_another_payment(till: Till) -> None:
    sale = await till.paid(capture="MANUAL")
    assert await till.stands(sale) == ("CONFIRMED", "AUTHORIZED", "15.00")
    assert await till.refused("paymentCreate", orderId=sale.order, **sale.key) == [("INVALID_TRANSITION", None)]
    payment = await till.done("paymentCapture", ADMIN, paymentId=sale.payment, amount=usd("6"))
    assert (payment["status"], payment["amount"], payment["amountCaptured"]) == (
        *("CAPTURED", money("15.00")),
        money("6.00"),
    )
    assert await till.stands(sale) == ("CONFIRMED", "PARTIALLY_PAID", "9.00")
    rest = await till.done("paymentCreate", orderId=sale.order, **sale.key)
    assert rest["amount"] == money("9.00")
    await till.done("paymentConfirm", paymentId=rest["id"], paymentMethodToken=VISA, **sale.key)
    assert await till.stands(sale) == ("CONFIRMED", "PAID", "0.00")
    assert await till.told(sale) == [
        *("ORDER_PLACED", "PAYMENT_AUTHORIZED", "ORDER_CONFIRMED", "PAYMENT_CAPTURED", "PAYMENT_CAPTURED"),
    ]
    assert await till.taken() == 1_500
    await till.behind()
    assert await till.stands(sale) == ("CONFIRMED", "PAID", "0.00")


AMOUNTS = [
    (usd("15.01"), ("AMOUNT_TOO_LARGE", "amount.amount")),
    (usd("1e30"), ("AMOUNT_TOO_LARGE", "amount.amount")),
    (usd("0"), ("OUT_OF_RANGE", "amount.amount")),
    (usd("-1"), ("OUT_OF_RANGE", "amount.amount")),
    (usd("1.001"), ("INVALID", "amount.amount")),
    ({"amount": "1", "currencyCode": "EUR"}, ("CURRENCY_MISMATCH", "amount.currencyCode")),
]


async def test_no_more_than_what_is_authorized_is_captured_and_of_the_same_currency(till: Till) -> None:
    sale = await till.paid(capture="MANUAL")
    for amount, why in AMOUNTS:
        assert await till.refused("paymentCapture", ADMIN, paymentId=sale.payment, amount=amount) == [why]
    assert await till.refused("paymentCapture", paymentId=sale.payment) == [("UNAUTHENTICATED", None)]
    payment = await till.done("paymentCapture", ADMIN, paymentId=sale.payment)
    assert payment["amountCaptured"] == money("15.00")
    again = await till.ask("paymentCapture", ADMIN, paymentId=sale.payment, amount=usd("5"))
    assert [error["code"] for error in again["userErrors"]] == ["INVALID_TRANSITION"]
    assert await till.taken() == 1_500


async def test_an_authorization_is_let_go(till: Till) -> None:
    sale = await till.paid(capture="MANUAL")
    payment = await till.done("paymentCancel", ADMIN, paymentId=sale.payment)
    assert payment["status"] == "CANCELED"
    assert await till.stands(sale) == ("CONFIRMED", "VOIDED", "15.00")
    assert (await till.told(sale))[-1] == "PAYMENT_CANCELED"
    for mutation in ("paymentCancel", "paymentCapture"):
        answer = await till.ask(mutation, ADMIN, paymentId=sale.payment)
        [error] = answer["userErrors"]
        assert (error["from"], error["action"]) == ("CANCELED", mutation.removeprefix("payment").upper())
    new = await till.done("paymentCreate", orderId=sale.order, **sale.key)
    await till.done("paymentConfirm", paymentId=new["id"], paymentMethodToken=VISA, **sale.key)
    assert await till.stands(sale) == ("CONFIRMED", "PAID", "0.00")


async def test_a_payment_that_nobody_tried_is_let_go_without_the_provider(till: Till) -> None:
    sale = await till.sold()
    assert (await till.done("paymentCancel", ADMIN, paymentId=sale.payment))["status"] == "CANCELED"
    assert await till.stands(sale) == ("PENDING", "VOIDED", "15.00")
    assert await till.refused("paymentConfirm", paymentId=sale.payment, paymentMethodToken=VISA, **sale.key) == [
        ("INVALID_TRANSITION", None)
    ]


async def test_what_the_buyer_has_to_do_is_told(till: Till) -> None:
    sale = await till.paid(token="pm_card_authenticationRequired")
    [payment] = (await till.order(sale))["payments"]
    assert (payment["status"], payment["nextAction"]["type"]) == ("REQUIRES_ACTION", "redirect_to_url")
    assert payment["nextAction"]["url"].startswith("http")
    assert await till.stands(sale) == ("PENDING", "PENDING", "15.00")
    assert (await till.told(sale))[-1] == "PAYMENT_REQUIRES_ACTION"


async def test_the_buyer_comes_back_to_the_page_of_the_order(till: Till) -> None:
    await till.paid(token="pm_card_authenticationRequired")
    [order] = await sql.rows(till.counter.shop.database, "SELECT number FROM orders")
    [intent] = await sql.rows(till.counter.shop.database, "SELECT return_url FROM sandbox_intents")
    assert intent[0] == f"http://shop.example/track/{order[0]}"


async def test_a_means_of_payment_must_be_one(till: Till) -> None:
    sale = await till.sold()
    unpaid = {"paymentId": sale.payment, **sale.key}
    [error] = (await till.ask("paymentConfirm", **unpaid, paymentMethodToken="pm_nothing"))["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID", ["paymentMethodToken"])
    assert await till.refused("paymentConfirm", **unpaid) == [("REQUIRED", "paymentMethodToken")]
    assert await till.stands(sale) == ("PENDING", "PENDING", "15.00")


async def test_only_who_has_the_order_gets_to_its_payments(till: Till) -> None:
    owner, other = await person(till.counter.shop), await person(till.counter.shop)
    guest, sale = await till.sold(), await till.sold(actor=owner.actor)
    document = "query($id: ID!) { payment(id: $id) { id } }"
    for one, strangers in ((guest, (ANONYMOUS, other.actor)), (sale, (ANONYMOUS, other.actor))):
        for stranger in strangers:
            wanted = {"paymentId": one.payment, "paymentMethodToken": VISA}
            assert await till.refused("paymentConfirm", stranger, **wanted) == [("NOT_FOUND", "paymentId")]
            assert await till.refused("paymentCreate", stranger, orderId=one.order) == [("NOT_FOUND", "orderId")]
            found = await data(till.counter.shop, document, {"id": one.payment}, stranger)
            assert found == {"payment": None}
    for stranger in (owner.actor, ADMIN):
        found = await data(till.counter.shop, document, {"id": sale.payment}, stranger)
        assert found == {"payment": {"id": sale.payment}}
    wrong = {"paymentId": sale.payment, "paymentMethodToken": VISA, "accessToken": guest.token}
    assert await till.refused("paymentConfirm", **wrong) == [("NOT_FOUND", "paymentId")]
    for nothing in ("nothing", "", guest.order):
        assert await till.refused("paymentConfirm", ADMIN, paymentId=nothing) == [("NOT_FOUND", "paymentId")]
    paid = await till.done("paymentConfirm", owner.actor, paymentId=sale.payment, paymentMethodToken=VISA)
    assert paid["status"] == "CAPTURED"


async def test_what_is_repeated_is_answered_alike_and_done_once(till: Till) -> None:
    sale = await till.sold()
    first = await till.done("paymentCreate", orderId=sale.order, idempotencyKey="new", **sale.key)
    assert await till.done("paymentCreate", orderId=sale.order, idempotencyKey="new", **sale.key) == first
    confirm = {"paymentId": first["id"], "paymentMethodToken": VISA, "idempotencyKey": "pay", **sale.key}
    assert await till.done("paymentConfirm", **confirm) == await till.done("paymentConfirm", **confirm)
    assert await till.taken() == 1_500
    other = {**confirm, "paymentMethodToken": "pm_card_amex"}
    assert await till.refused("paymentConfirm", **other) == [("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")]
    assert len((await till.order(sale))["payments"]) == 2
    manual, let_go = await till.paid(capture="MANUAL"), await till.paid(capture="MANUAL")
    capture = {"paymentId": manual.payment, "amount": usd("4"), "idempotencyKey": "take"}
    assert await till.done("paymentCapture", ADMIN, **capture) == await till.done("paymentCapture", ADMIN, **capture)
    cancel = {"paymentId": let_go.payment, "idempotencyKey": "let go"}
    assert await till.done("paymentCancel", ADMIN, **cancel) == await till.done("paymentCancel", ADMIN, **cancel)
    assert await till.taken() == 1_900


async def test_what_was_declined_is_declined_again_under_its_key(till: Till) -> None:
    sale = await till.sold()
    declined = {"paymentMethodToken": "pm_card_chargeDeclined", "idempotencyKey": "a try", **sale.key}
    first = await till.ask("paymentConfirm", paymentId=sale.payment, **declined)
    assert [error["code"] for error in first["userErrors"]] == ["PAYMENT_DECLINED"]
    assert await till.ask("paymentConfirm", paymentId=sale.payment, **declined) == first


async def test_who_mistypes_a_token_pays_the_same_payment_with_another(till: Till) -> None:
    sale = await till.sold()
    mistyped = {"paymentId": sale.payment, "paymentMethodToken": "pm_card_vsia", **sale.key}
    [error] = (await till.ask("paymentConfirm", **mistyped))["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID", ["paymentMethodToken"])
    assert await till.stands(sale) == ("PENDING", "PENDING", "15.00")
    paid = await till.done("paymentConfirm", paymentId=sale.payment, paymentMethodToken=VISA, **sale.key)
    assert paid["status"] == "CAPTURED"
    assert await till.taken() == 1_500


async def test_what_a_guest_repeats_without_the_key_to_the_order_is_not_answered(till: Till) -> None:
    sale = await till.sold()
    confirm = {"paymentId": sale.payment, "paymentMethodToken": VISA, "idempotencyKey": "pay"}
    await till.done("paymentConfirm", **confirm, **sale.key)
    answer = await till.ask("paymentConfirm", **confirm)
    assert answer["payment"] is None
    assert answer["userErrors"] != []


async def test_an_order_that_costs_nothing_is_confirmed_at_once(till: Till) -> None:
    mug = await till.counter.stall.variant(10)
    await till.counter.stall.code("ALL")
    await till.counter.do("UPDATE discount_codes SET value = 100")
    await till.counter.do("UPDATE shipping_rates SET price = 0")
    [cart] = await till.counter.stall.carts([{mug: 1}], codes=["ALL"])
    answer = await till.counter.bought(cart)
    assert (answer["order"]["status"], answer["order"]["paymentStatus"]) == ("CONFIRMED", "PAID")
    assert answer["order"]["expiresAt"] is None
    assert [event["type"] for event in answer["order"]["events"]["nodes"]] == ["ORDER_PLACED", "ORDER_CONFIRMED"]
    key = {"orderId": answer["order"]["id"], "accessToken": answer["accessToken"]}
    assert await till.refused("paymentCreate", **key) == [("INVALID_TRANSITION", None)]
    assert await till.refused("refundCreate", ADMIN, orderId=answer["order"]["id"]) == [("PAYMENT_REQUIRED", "orderId")]
    found = await data(till.counter.shop, PAYMENTS, {"id": answer["order"]["id"]}, ADMIN)
    assert found == {"order": {"payments": [], "balanceDue": money("0.00")}}


PAYMENTS = "query($id: ID!) { order(id: $id) { payments { id } balanceDue { amount } } }"


async def test_what_can_be_done_with_an_order_depends_on_who_looks_and_where_it_stands(till: Till) -> None:
    owner = await person(till.counter.shop)
    guest, sale = await till.sold(), await till.sold(actor=owner.actor)
    for one, buyer in ((guest, ANONYMOUS), (sale, owner.actor)):
        assert await till.actions(one, buyer) == {"PAY", "CANCEL"}
        assert await till.actions(one, ADMIN) == {"PAY", "CANCEL"}
        await till.done("paymentConfirm", buyer, paymentId=one.payment, paymentMethodToken=VISA, **one.key)
        assert await till.actions(one, buyer) == {"CANCEL"}
        assert await till.actions(one, ADMIN) == {"CANCEL", "FULFILL", "REFUND"}
        await till.shipped(one)
        assert await till.actions(one, buyer) == set()
        assert await till.actions(one, ADMIN) == {"REFUND", "RETURN"}
    order = await till.order(sale, owner.actor)
    assert [(one["action"], one["reason"]["__typename"]) for one in order["availableActions"]] == [
        *(("PAY", "InvalidTransitionError"), ("CANCEL", "InvalidTransitionError"), ("FULFILL", "PermissionError")),
        *(("REFUND", "PermissionError"), ("RETURN", "PermissionError")),
    ]
