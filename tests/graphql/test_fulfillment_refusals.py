"""What cannot be packed, sent or told: typed errors that say where and why, and nothing is changed."""

from typing import Any

import pytest

from domain.orders.fulfillment import TRANSITIONS, FulfillmentStatus
from domain.shared.ids import uuid7
from resolvers import global_ids
from tests import sql
from tests.graphql.asking import ADMIN
from tests.graphql.ordering import Counter, Json, kinds
from tests.graphql.shipping import Warehouse, order_id

ROUTES: dict[FulfillmentStatus, tuple[str, ...]] = {
    FulfillmentStatus.PENDING: (),
    FulfillmentStatus.IN_TRANSIT: ("IN_TRANSIT",),
    FulfillmentStatus.OUT_FOR_DELIVERY: ("IN_TRANSIT", "OUT_FOR_DELIVERY"),
    FulfillmentStatus.DELIVERED: ("IN_TRANSIT", "DELIVERED"),
    FulfillmentStatus.FAILED: ("IN_TRANSIT", "FAILED"),
    FulfillmentStatus.RETURNED: ("IN_TRANSIT", "FAILED", "RETURNED"),
    FulfillmentStatus.CANCELED: ("CANCELED",),
}
"""How a shipment gets there."""


@pytest.fixture
def warehouse(counter: Counter) -> Warehouse:
    return Warehouse(counter)


async def two_lines(warehouse: Warehouse) -> Json:
    stall = warehouse.counter.stall
    return await warehouse.ordered({await stall.variant(10): 3, await stall.variant(10): 2})


def lines(order: Json, *units: int) -> list[Json]:
    return [
        {"orderLineId": line["id"], "quantity": quantity} for line, quantity in zip(order["lines"], units, strict=False)
    ]


async def test_no_more_than_was_ordered_and_no_less_than_one_is_packed(warehouse: Warehouse) -> None:
    order = await two_lines(warehouse)
    for quantity in (0, -1, -(2**31), 4, 2**31 - 1):
        [error] = await warehouse.refused("fulfillmentCreate", orderId=order["id"], lines=lines(order, quantity))
        assert (error["__typename"], error["code"]) == ("ValidationError", "OUT_OF_RANGE")
        assert error["field"] == ["lines", "0", "quantity"]
        assert "from 1 to 3" in error["message"]


async def test_everything_that_is_wrong_is_told_at_once(warehouse: Warehouse) -> None:
    order, other = await two_lines(warehouse), await two_lines(warehouse)
    nothing = global_ids.encode("OrderLine", uuid7())
    sent = [
        *lines(order, 1, 3),
        {"orderLineId": order["lines"][0]["id"], "quantity": 1},
        *lines(other, 1),
        {"orderLineId": nothing, "quantity": 1},
        {"orderLineId": order["id"], "quantity": 1},
    ]
    errors = await warehouse.refused("fulfillmentCreate", orderId=order["id"], lines=sent)
    assert [(error["code"], error["field"]) for error in errors] == [
        ("OUT_OF_RANGE", ["lines", "1", "quantity"]),
        ("INVALID", ["lines", "2", "orderLineId"]),
        *(("NOT_FOUND", ["lines", str(place), "orderLineId"]) for place in (3, 4, 5)),
    ]
    assert [error["id"] for error in errors[2:]] == [other["lines"][0]["id"], nothing, order["id"]]


async def test_what_is_packed_or_gone_cannot_be_packed_again(warehouse: Warehouse) -> None:
    order = await two_lines(warehouse)
    await warehouse.moved(await warehouse.packed(order, 1), "IN_TRANSIT")
    await warehouse.packed(order, 1, 2)
    for wanted, field, code in (
        (lines(order, 2), ["lines", "0", "quantity"], "OUT_OF_RANGE"),
        (lines(order, 1, 1), ["lines", "1"], "OUT_OF_RANGE"),
    ):
        [error] = await warehouse.refused("fulfillmentCreate", orderId=order["id"], lines=wanted)
        assert (error["field"], error["code"]) == (field, code)
    await warehouse.packed(order)
    [error] = await warehouse.refused("fulfillmentCreate", orderId=order["id"])
    assert (error["__typename"], error["code"], error["field"]) == ("ConflictError", "CONFLICT", ["lines"])


async def test_what_was_paid_back_is_neither_packed_nor_sent(warehouse: Warehouse) -> None:
    order = await two_lines(warehouse)
    packed = await warehouse.packed(order, 3)
    await warehouse.counter.do(
        "UPDATE order_lines SET quantity_canceled = 1, quantity_refunded = 1, quantity_reserved = quantity_reserved - 1"
    )
    [error] = await warehouse.refused("fulfillmentCreate", orderId=order["id"], lines=lines(order, 1))
    assert error["field"] == ["lines", "0"]
    [error] = await warehouse.refused("fulfillmentUpdate", id=packed["id"], status="IN_TRANSIT")
    assert (error["__typename"], error["from"], error["action"]) == ("InvalidTransitionError", "PENDING", "IN_TRANSIT")
    await warehouse.done("fulfillmentCancel", id=packed["id"])
    shipment = await warehouse.moved(await warehouse.packed(order), "IN_TRANSIT")
    assert [line["quantity"] for line in shipment["lines"]] == [2, 1]
    assert await warehouse.stands(order) == ("CONFIRMED", "FULFILLED")


async def test_empty_and_endless_wishes_are_refused(warehouse: Warehouse) -> None:
    order = await two_lines(warehouse)
    [error] = await warehouse.refused("fulfillmentCreate", orderId=order["id"], lines=[])
    assert (error["code"], error["field"]) == ("REQUIRED", ["lines"])
    [error] = await warehouse.refused("fulfillmentCreate", orderId=order["id"], lines=lines(order, 1) * 101)
    assert (error["code"], error["field"]) == ("INVALID", ["lines"])


async def test_only_confirmed_orders_are_packed(warehouse: Warehouse) -> None:
    mug = await warehouse.counter.stall.variant(10)
    pending, canceled, expired = [await warehouse.ordered({mug: 1}, confirmed=False) for _ in range(3)]
    complete = await warehouse.ordered({mug: 1})
    await warehouse.moved(await warehouse.packed(complete), "IN_TRANSIT", "DELIVERED")
    await warehouse.counter.cancel(canceled["id"], ADMIN)
    late = "UPDATE orders SET expires_at = now() - interval '1 s' WHERE id = :id"
    await warehouse.counter.do(late, id=order_id(expired["id"]))
    assert await warehouse.counter.shop.overdue.expire() == 1
    orders = {"PENDING": pending, "CANCELED": canceled, "EXPIRED": expired, "COMPLETED": complete}
    for status, order in orders.items():
        for more in ({}, {"lines": lines(order, 7)}):
            [error] = await warehouse.refused("fulfillmentCreate", orderId=order["id"], **more)
            told = (error["__typename"], error["code"], error["from"], error["action"])
            assert told == ("InvalidTransitionError", "INVALID_TRANSITION", status, "FULFILL")


@pytest.mark.parametrize("status", FulfillmentStatus, ids=lambda status: status.name)
async def test_a_shipment_moves_along_the_table_and_nowhere_else(
    warehouse: Warehouse, status: FulfillmentStatus
) -> None:
    order = await warehouse.ordered({await warehouse.counter.stall.variant(10): 1})
    shipment = await warehouse.moved(await warehouse.packed(order), *ROUTES[status])
    assert shipment["status"] == status.name
    for other in set(FulfillmentStatus) - TRANSITIONS[status]:
        [error] = await warehouse.refused("fulfillmentUpdate", id=shipment["id"], status=other.name, location="Hull")
        assert (error["__typename"], error["from"], error["action"]) == (
            "InvalidTransitionError",
            status.name,
            other.name,
        )
    if FulfillmentStatus.CANCELED not in TRANSITIONS[status]:
        [error] = await warehouse.refused("fulfillmentCancel", id=shipment["id"])
        assert kinds([error]) == [("InvalidTransitionError", "INVALID_TRANSITION")]
    if status not in {FulfillmentStatus.IN_TRANSIT, FulfillmentStatus.OUT_FOR_DELIVERY}:
        [error] = await warehouse.refused("fulfillmentUpdate", id=shipment["id"], location="Hull")
        assert (error["__typename"], error["field"]) == ("ValidationError", ["location"])
    await warehouse.books_agree()


BAD_URLS = (
    *("post.example/77", "/77", "javascript:alert(1)", "ftp://post.example/77", "data:text/html,77", "https://", " "),
    *(
        "https:///77",
        "https://post.example/7 7",
        "https://post.example/\n",
        "https://post.example:port/",
        "https://[::1",
    ),
    *("https://user@post.example/", "https://user:secret@post.example/", "", "https://post.example/\u202e77"),
)


async def test_buyers_are_led_to_the_web_and_nowhere_else(warehouse: Warehouse) -> None:
    order = await warehouse.ordered({await warehouse.counter.stall.variant(10): 1})
    for url in BAD_URLS:
        sent = {"orderId": order["id"], "tracking": {"url": url}}
        [error] = await warehouse.refused("fulfillmentCreate", **sent)
        told = (error["__typename"], error["code"], error["field"])
        assert told == ("ValidationError", "INVALID", ["tracking", "url"]), url


LONG: list[tuple[dict[str, Any], list[list[str]]]] = [
    ({"tracking": {"carrier": "c" * 101, "number": "n" * 101}}, [["tracking", "carrier"], ["tracking", "number"]]),
    ({"tracking": {"url": "https://post.example/" + "u" * 1_980}}, [["tracking", "url"]]),
    ({"location": "l" * 201, "status": "IN_TRANSIT"}, [["location"]]),
]


async def test_what_is_too_long_is_refused(warehouse: Warehouse) -> None:
    order = await warehouse.ordered({await warehouse.counter.stall.variant(10): 1})
    shipment = await warehouse.packed(order)
    for sent, fields in LONG:
        errors = await warehouse.refused("fulfillmentUpdate", id=shipment["id"], **sent)
        assert [(error["code"], error["field"]) for error in errors] == [("TOO_LONG", field) for field in fields]


async def test_what_is_just_long_enough_is_kept(warehouse: Warehouse) -> None:
    order = await warehouse.ordered({await warehouse.counter.stall.variant(10): 1})
    tracking = {"carrier": "c" * 100, "number": "n" * 100, "url": "https://post.example/".ljust(2_000, "u")}
    shipment = await warehouse.packed(order, tracking=tracking)
    assert shipment["tracking"] == tracking
    await warehouse.moved(shipment, "IN_TRANSIT", location="l" * 200)
    [location] = await sql.rows(
        warehouse.counter.shop.database, "SELECT location FROM order_events WHERE location > ''"
    )
    assert len(location[0]) == 200


@pytest.mark.parametrize("mutation", ["fulfillmentUpdate", "fulfillmentCancel"])
async def test_what_is_not_there_is_not_found(warehouse: Warehouse, mutation: str) -> None:
    order = await warehouse.ordered({await warehouse.counter.stall.variant(10): 1})
    for nothing in (global_ids.encode("Fulfillment", uuid7()), order["id"], "nothing"):
        [error] = await warehouse.refused(mutation, id=nothing)
        assert (error["__typename"], error["field"], error["id"]) == ("NotFoundError", ["id"], nothing)
    for nothing in (global_ids.encode("Order", uuid7()), order["lines"][0]["id"]):
        [error] = await warehouse.refused("fulfillmentCreate", orderId=nothing)
        assert (error["__typename"], error["field"], error["id"]) == ("NotFoundError", ["orderId"], nothing)
