"""Payments in the matrix of access: the ways to what is the owner's, and what mutations about payments are sent."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.orders.order import Order
from domain.payments.payment import CaptureMethod
from domain.payments.wish import Wish
from domain.shared.ids import uuid7
from resolvers import global_ids
from tests.graphql.access_rules import Rule
from tests.graphql.access_shopping import placed
from tests.graphql.access_ways import Step, Way, by_node, by_order, of_user
from tests.graphql.access_world import World
from tests.graphql.paid_goods import AUTHORIZED, PAID_BACK, kept_method
from tests.people import Person

Input = Mapping[str, Any]

_FOUND = [Step(("payment",), Rule.OWNER, hides=True)]
_MONEY_CAME = f"events(first: {AUTHORIZED}) {{ nodes {{ ... on OrderPaymentEvent {{ %s }} }} }}"
_MONEY_WENT = f"events(first: {PAID_BACK}) {{ nodes {{ ... on OrderRefundEvent {{ %s }} }} }}"


def _payment(variable: str) -> Way:
    document = f"query(${variable}: ID!) {{ payment(id: ${variable}) {{ %s }} }}"
    return Way("payment", document, ("payment",), _FOUND)


WAYS: Mapping[str, Sequence[Way]] = {
    "Payment": [
        *by_order("payments { %s }", ("payments", 0)),
        *by_node("Payment", "payment"),
        _payment("payment"),
        *by_node("Refund", "refund", "payment { %s }", ("payment",)),
        *by_node("OrderPaymentEvent", "moneyCame", "payment { %s }", ("payment",)),
    ],
    "Refund": [
        *by_order("refunds { %s }", ("refunds", 0)),
        *by_node("Refund", "refund"),
        *by_node("OrderRefundEvent", "moneyWent", "refund { %s }", ("refund",)),
    ],
    "RefundLine": [
        *by_order("refunds { lines { %s } }", ("refunds", 0, "lines", 0)),
        *by_node("Refund", "refund", "lines { %s }", ("lines", 0)),
    ],
    "SavedPaymentMethod": [
        *of_user("paymentMethods { %s }", ("paymentMethods", 0)),
        *by_node("SavedPaymentMethod", "method"),
    ],
    "OrderPaymentEvent": [
        *by_order(_MONEY_CAME, ("events", "nodes", AUTHORIZED - 1)),
        *by_node("OrderPaymentEvent", "moneyCame"),
    ],
    "OrderRefundEvent": [
        *by_order(_MONEY_WENT, ("events", "nodes", PAID_BACK - 1)),
        *by_node("OrderRefundEvent", "moneyWent"),
    ],
}
TO_SECRETS = [*by_node("Payment", "unpaid"), _payment("unpaid")]
"""Of a payment that can still be paid."""
TO_ORDERS = [
    *by_node("Payment", "payment", "order { %s }", ("order",)),
    *by_node("Refund", "refund", "order { %s }", ("order",)),
    *by_node("OrderPaymentEvent", "moneyCame", "order { %s }", ("order",)),
    *by_node("OrderRefundEvent", "moneyWent", "order { %s }", ("order",)),
]
TO_LINES = by_node("Refund", "refund", "lines { orderLine { %s } }", ("lines", 0, "orderLine"))
MISSING = {
    "payment": "Payment",
    "unpaid": "Payment",
    "refund": "Refund",
    "method": "SavedPaymentMethod",
    "moneyCame": "OrderPaymentEvent",
    "moneyWent": "OrderRefundEvent",
}
"""Variables of the documents, with the type that each is an id of."""


async def pays_again(world: World, one: Person) -> Input:
    order, _ = await placed(world, one, Wish())
    return {"orderId": global_ids.encode("Order", order.id), "idempotencyKey": uuid7().hex}


async def pays(world: World, one: Person) -> Input:
    _, payment = await placed(world, one, Wish())
    return {"paymentId": global_ids.encode("Payment", payment.id), "paymentMethodToken": "pm_card_visa"}


async def _authorized(world: World, one: Person, capture: CaptureMethod = CaptureMethod.MANUAL) -> tuple[Order, Input]:
    order, payment = await placed(world, one, Wish(capture))
    await world.shop.services.payments.confirm(one.actor, payment.id, "pm_card_visa")
    return order, {"paymentId": global_ids.encode("Payment", payment.id)}


async def captures(world: World, one: Person) -> Input:
    return (await _authorized(world, one))[1]


async def lets_go(world: World, one: Person) -> Input:
    return (await _authorized(world, one))[1]


async def pays_back(world: World, one: Person) -> Input:
    order, payment = await _authorized(world, one, CaptureMethod.AUTOMATIC)
    return {"orderId": global_ids.encode("Order", order.id), **payment, "idempotencyKey": uuid7().hex}


async def keeps_a_method(_: World, __: Person) -> Input:
    return {}


async def forgets_a_method(world: World, one: Person) -> Input:
    kept = await kept_method(world.shop, one)
    return {"id": global_ids.encode("SavedPaymentMethod", kept)}
