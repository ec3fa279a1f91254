"""Shipments from packing to the door or back again, as administrators move them and buyers see them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from domain.products.inventory import VariantId
from domain.shared.ids import uuid7
from domain.users.user import ANONYMOUS, Actor
from resolvers import global_ids
from tests import sql
from tests.graphql.asking import ADMIN, ask, data
from tests.graphql.ordering import Counter, Json
from tests.graphql.shipping import Warehouse, order_id, uuid_of
from tests.people import PASSWORD, person

TRACKING = {"carrier": "Post", "number": "JD 77", "url": "https://post.example/JD77"}


@pytest.fixture
def warehouse(counter: Counter) -> Warehouse:
    return Warehouse(counter)


async def test_some_units_are_packed_and_stay_reserved(warehouse: Warehouse) -> None:
    stall = warehouse.counter.stall
    mug, jug = await stall.variant(10), await stall.variant(10)
    order = await warehouse.ordered({mug: 3, jug: 1})
    answer = await warehouse.ask(
        "fulfillmentCreate",
        orderId=order["id"],
        lines=[{"orderLineId": order["lines"][0]["id"], "quantity": 2}],
        tracking=TRACKING,
        estimatedDeliveryAt="2026-12-01T12:00:00Z",
    )
    assert answer["userErrors"] == []
    made = answer["fulfillment"]
    assert (made["status"], made["tracking"], made["order"]["id"]) == ("PENDING", TRACKING, order["id"])
    assert made["lines"] == [{"orderLine": {"id": order["lines"][0]["id"], "sku": mug.hex}, "quantity": 2}]
    assert (made["estimatedDeliveryAt"], made["shippedAt"]) == ("2026-12-01T12:00:00Z", None)
    assert answer["order"]["fulfillmentStatus"] == "UNFULFILLED"
    assert [line["quantityFulfilled"] for line in answer["order"]["lines"]] == [0, 0]
    assert [await stall.stock(one) for one in (mug, jug)] == [(10, 3), (10, 1)]
    rest = await warehouse.packed(order)
    assert sorted(line["quantity"] for line in rest["lines"]) == [1, 1]
    await warehouse.books_agree()


async def test_two_partial_shipments_are_delivered_one_after_the_other(warehouse: Warehouse) -> None:
    stall = warehouse.counter.stall
    mug, jug = await stall.variant(10), await stall.variant(10)
    order = await warehouse.ordered({mug: 3, jug: 1})
    first, second = await warehouse.packed(order, 2), await warehouse.packed(order)
    shipped = await warehouse.moved(first, "IN_TRANSIT", location="Leeds")
    assert datetime.fromisoformat(shipped["shippedAt"]) >= datetime.fromisoformat(shipped["createdAt"])
    assert await warehouse.stands(order) == ("CONFIRMED", "PARTIALLY_FULFILLED")
    assert [await stall.stock(one) for one in (mug, jug)] == [(8, 1), (10, 1)]
    await warehouse.moved(second, "IN_TRANSIT")
    assert await warehouse.stands(order) == ("CONFIRMED", "FULFILLED")
    assert [await stall.stock(one) for one in (mug, jug)] == [(7, 0), (9, 0)]
    arrived = await warehouse.moved(first, "OUT_FOR_DELIVERY", "DELIVERED")
    assert arrived["deliveredAt"] is not None
    assert await warehouse.stands(order) == ("CONFIRMED", "PARTIALLY_DELIVERED")
    await warehouse.moved(second, "DELIVERED")
    assert await warehouse.stands(order) == ("COMPLETED", "DELIVERED")
    found = await warehouse.order(order["id"])
    assert found["completedAt"] is not None
    assert [line["quantityFulfilled"] for line in found["lines"]] == [3, 1]
    assert [one["status"] for one in found["fulfillments"]] == ["DELIVERED", "DELIVERED"]
    _tells_the_whole_story(found["events"]["nodes"], first)
    ledger = "SELECT on_hand_delta, reserved_delta FROM inventory_adjustments WHERE reason = 'shipped' ORDER BY 1"
    assert [tuple(row) for row in await sql.rows(stall.database, ledger)] == [(-2, -2), (-1, -1), (-1, -1)]
    created, sent = ["fulfillment.created"] * 2, ["fulfillment.shipped"] * 2
    assert await warehouse.topics() == [*created, *sent, *["fulfillment.delivered"] * 2]
    await warehouse.books_agree()


def _tells_the_whole_story(events: list[Json], first: Json) -> None:
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert [(event["type"], event["location"]) for event in events if "location" in event] == [
        ("FULFILLMENT_CREATED", None),
        ("FULFILLMENT_CREATED", None),
        ("SHIPMENT_IN_TRANSIT", "Leeds"),
        ("SHIPMENT_IN_TRANSIT", None),
        ("SHIPMENT_OUT_FOR_DELIVERY", None),
        ("SHIPMENT_DELIVERED", None),
        ("SHIPMENT_DELIVERED", None),
    ]
    assert events[4]["fulfillment"] == {"id": first["id"], "status": "DELIVERED"}
    last = {"type": "ORDER_COMPLETED", "message": "The order is complete."}
    assert events[-1] == {"sequence": 10, **last, "previousStatus": "CONFIRMED", "status": "COMPLETED"}


async def test_what_could_not_be_delivered_is_sent_again_or_comes_back(warehouse: Warehouse) -> None:
    mug = await warehouse.counter.stall.variant(10)
    order = await warehouse.ordered({mug: 2})
    shipped = await warehouse.moved(await warehouse.packed(order, 1), "IN_TRANSIT")
    again = await warehouse.moved(shipped, "FAILED", "IN_TRANSIT")
    assert again["shippedAt"] == shipped["shippedAt"]
    assert await warehouse.counter.stall.stock(mug) == (9, 1)
    await warehouse.moved(again, "FAILED", "RETURNED")
    assert await warehouse.stands(order) == ("CONFIRMED", "PARTIALLY_RETURNED")
    # what came back is on the shelf only once somebody has looked at it
    assert await warehouse.counter.stall.stock(mug) == (9, 1)
    await warehouse.moved(await warehouse.packed(order), "IN_TRANSIT", "DELIVERED", "RETURNED")
    assert await warehouse.stands(order) == ("CONFIRMED", "RETURNED")
    sent = ["FULFILLMENT_CREATED", "SHIPMENT_IN_TRANSIT"]
    failed = ["SHIPMENT_FAILED", "SHIPMENT_IN_TRANSIT", "SHIPMENT_FAILED", "RETURN_RECEIVED"]
    assert (await warehouse.told(order))[2:] == [*sent, *failed, *sent, "SHIPMENT_DELIVERED", "RETURN_RECEIVED"]
    topics = ["created", "shipped", "failed", "failed", "returned", "created", "shipped", "delivered", "returned"]
    assert await warehouse.topics() == [f"fulfillment.{name}" for name in topics]
    await warehouse.books_agree()


async def test_what_a_buyer_sends_back_leaves_the_order_complete(warehouse: Warehouse) -> None:
    order = await warehouse.ordered({await warehouse.counter.stall.variant(10): 2})
    shipment = await warehouse.moved(await warehouse.packed(order), "IN_TRANSIT", "DELIVERED")
    await warehouse.moved(shipment, "RETURNED")
    assert await warehouse.stands(order) == ("COMPLETED", "RETURNED")
    await warehouse.books_agree()


async def test_what_was_unpacked_can_be_packed_again(warehouse: Warehouse) -> None:
    mug = await warehouse.counter.stall.variant(10)
    order = await warehouse.ordered({mug: 2})
    first = await warehouse.packed(order)
    canceled = await warehouse.done("fulfillmentCancel", id=first["id"])
    assert (canceled["status"], canceled["shippedAt"]) == ("CANCELED", None)
    second = await warehouse.packed(order)
    assert await warehouse.counter.stall.stock(mug) == (10, 2)
    # the same by the other mutation
    assert (await warehouse.moved(second, "CANCELED"))["status"] == "CANCELED"
    told = await warehouse.told(order)
    assert told[2:] == ["FULFILLMENT_CREATED", "FULFILLMENT_CANCELED"] * 2
    assert await warehouse.topics() == ["fulfillment.created", "fulfillment.canceled"] * 2
    await warehouse.books_agree()


async def test_an_order_that_is_canceled_is_unpacked(warehouse: Warehouse) -> None:
    mug = await warehouse.counter.stall.variant(10)
    order = await warehouse.ordered({mug: 3})
    gone = await warehouse.packed(order, 1)
    await warehouse.done("fulfillmentCancel", id=gone["id"])
    for units in (1, 2):
        await warehouse.packed(order, units)
    assert (await warehouse.counter.cancel(order["id"], ADMIN))["userErrors"] == []
    found = await warehouse.order(order["id"])
    assert (found["status"], found["fulfillmentStatus"]) == ("CANCELED", "UNFULFILLED")
    assert [one["status"] for one in found["fulfillments"]] == ["CANCELED"] * 3
    ended = ["FULFILLMENT_CANCELED", "FULFILLMENT_CANCELED", "ORDER_CANCELED", "REFUND_CREATED"]
    assert (await warehouse.told(order))[-4:] == ended
    assert await warehouse.counter.stall.stock(mug) == (10, 0)
    await warehouse.books_agree()


async def test_nothing_is_canceled_once_something_has_left(warehouse: Warehouse) -> None:
    order = await warehouse.ordered({await warehouse.counter.stall.variant(10): 2})
    await warehouse.moved(await warehouse.packed(order, 1), "IN_TRANSIT")
    await warehouse.packed(order)
    [error] = (await warehouse.counter.cancel(order["id"], ADMIN))["userErrors"]
    assert (error["__typename"], error["from"], error["action"]) == ("InvalidTransitionError", "CONFIRMED", "CANCEL")
    await warehouse.books_agree()


async def test_how_a_shipment_is_followed_changes_without_its_status(warehouse: Warehouse) -> None:
    order = await warehouse.ordered({await warehouse.counter.stall.variant(10): 1})
    made = await warehouse.packed(order, tracking={"carrier": "  Post \n Office ", "number": ""})
    assert made["tracking"] == {"carrier": "Post Office", "number": None, "url": None}
    changes: list[tuple[dict[str, Any], dict[str, Any] | None]] = [
        ({"tracking": {"number": "JD77"}}, {"carrier": "Post Office", "number": "JD77", "url": None}),
        ({"tracking": {}}, {"carrier": "Post Office", "number": "JD77", "url": None}),
        ({"tracking": {"carrier": None}}, {"carrier": None, "number": "JD77", "url": None}),
        ({"status": None, "location": None}, {"carrier": None, "number": "JD77", "url": None}),
        ({"tracking": {"url": TRACKING["url"]}}, {"carrier": None, "number": "JD77", "url": TRACKING["url"]}),
        ({"tracking": None}, None),
        ({"tracking": TRACKING}, TRACKING),
        ({"tracking": {"carrier": None, "number": " ", "url": None}}, None),
    ]
    for sent, tracking in changes:
        assert (await warehouse.done("fulfillmentUpdate", id=made["id"], **sent))["tracking"] == tracking
    due = "2026-12-24T18:00:00Z"
    for sent, wanted in (({"estimatedDeliveryAt": due}, due), ({}, due), ({"estimatedDeliveryAt": None}, None)):
        assert (await warehouse.done("fulfillmentUpdate", id=made["id"], **sent))["estimatedDeliveryAt"] == wanted
    assert (await warehouse.told(order))[2:] == ["FULFILLMENT_CREATED"]
    moved = await warehouse.moved(made, "IN_TRANSIT", tracking=TRACKING, estimatedDeliveryAt=due)
    assert (moved["tracking"], moved["estimatedDeliveryAt"]) == (TRACKING, due)
    [stored] = (await warehouse.order(order["id"]))["fulfillments"]
    assert stored == moved


async def test_a_shipment_on_its_way_is_seen_here_and_there(warehouse: Warehouse) -> None:
    order = await warehouse.ordered({await warehouse.counter.stall.variant(10): 1})
    shipment = await warehouse.moved(await warehouse.packed(order), "IN_TRANSIT", location=" Leeds ")
    await warehouse.done("fulfillmentUpdate", id=shipment["id"], location="York")
    await warehouse.moved(shipment, "OUT_FOR_DELIVERY")
    await warehouse.done("fulfillmentUpdate", id=shipment["id"], location="Hull")
    events = (await warehouse.order(order["id"]))["events"]["nodes"][3:]
    assert [(event["type"], event["location"]) for event in events] == [
        ("SHIPMENT_IN_TRANSIT", "Leeds"),
        ("SHIPMENT_IN_TRANSIT", "York"),
        ("SHIPMENT_OUT_FOR_DELIVERY", None),
        ("SHIPMENT_OUT_FOR_DELIVERY", "Hull"),
    ]
    assert await warehouse.topics() == ["fulfillment.created", "fulfillment.shipped"]


@pytest.mark.parametrize("happened", ["deleted", "not counted", "not counted any more", "counted since"])
async def test_variants_that_are_gone_or_not_counted_are_shipped_all_the_same(
    warehouse: Warehouse, happened: str
) -> None:
    stall, counter = warehouse.counter.stall, warehouse.counter
    mug, jug = await stall.variant(10), await stall.variant(10)
    untrack, track = (f"UPDATE product_variants SET tracked = {value} WHERE id = :id" for value in ("false", "true"))
    if happened in {"not counted", "counted since"}:
        await counter.do(untrack, id=mug)
    order = await warehouse.ordered({mug: 2, jug: 1})
    shipment = await warehouse.packed(order)
    match happened:
        case "deleted":
            await counter.do("DELETE FROM product_variants WHERE id = :id", id=mug)
        case "not counted any more":
            await counter.do(untrack, id=mug)
        case "counted since":
            await counter.do(track, id=mug)
        case _:
            pass
    await warehouse.moved(shipment, "IN_TRANSIT")
    assert await stall.stock(jug) == (9, 0)
    if happened != "deleted":
        # a reservation that was made ends, one that was not made does not
        assert await stall.stock(mug) == ((8, 0) if happened == "not counted any more" else (10, 0))
    assert await warehouse.stands(order) == ("CONFIRMED", "FULFILLED")
    await warehouse.books_agree()


async def test_each_request_has_its_effect_once(warehouse: Warehouse) -> None:
    mug = await warehouse.counter.stall.variant(10)
    order = await warehouse.ordered({mug: 2})
    line = {"orderLineId": order["lines"][0]["id"], "quantity": 1}
    packing = {"orderId": order["id"], "lines": [line], "tracking": TRACKING, "idempotencyKey": "pack"}
    first, second = [await warehouse.ask("fulfillmentCreate", **packing) for _ in range(2)]
    assert first == second
    identity = first["fulfillment"]["id"]
    for mutation, sent in (
        ("fulfillmentUpdate", {"id": identity, "status": "IN_TRANSIT", "idempotencyKey": "ship"}),
        ("orderNoteAdd", {"orderId": order["id"], "note": "Wrapped.", "idempotencyKey": "note"}),
        ("fulfillmentCancel", {"id": (await warehouse.packed(order))["id"], "idempotencyKey": "cancel"}),
    ):
        once, twice = [await warehouse.ask(mutation, **sent) for _ in range(2)]
        assert once["userErrors"] == []
        assert once == twice
    assert await warehouse.counter.stall.stock(mug) == (9, 1)
    assert (await warehouse.told(order)).count("NOTE_ADDED") == 1
    [error] = await warehouse.refused("fulfillmentUpdate", id=identity, status="DELIVERED", idempotencyKey="ship")
    assert error["code"] == "IDEMPOTENCY_KEY_REUSED"


async def test_a_note_stands_in_the_timeline(warehouse: Warehouse) -> None:
    order = await warehouse.ordered({await warehouse.counter.stall.variant(10): 1}, confirmed=False)
    noted = await warehouse.done("orderNoteAdd", orderId=order["id"], note="  Wrapped\nas a gift. ")
    assert noted["events"]["nodes"][-1] == {
        "sequence": 2,
        "type": "NOTE_ADDED",
        "message": "A note was added. Wrapped as a gift.",
        "previousStatus": "PENDING",
        "status": "PENDING",
    }
    await warehouse.done("orderNoteAdd", orderId=order["id"], note="n" * 1_000)
    await warehouse.books_agree()
    for note, code in (("", "REQUIRED"), (" \n ", "REQUIRED"), ("n" * 1_001, "TOO_LONG")):
        [error] = await warehouse.refused("orderNoteAdd", orderId=order["id"], note=note)
        assert (error["__typename"], error["code"], error["field"]) == ("ValidationError", code, ["note"])
    for nothing in (global_ids.encode("Order", uuid7()), "nothing"):
        [error] = await warehouse.refused("orderNoteAdd", orderId=nothing, note="Lost.")
        assert (error["code"], error["field"], error["id"]) == ("NOT_FOUND", ["orderId"], nothing)


async def test_who_leaves_takes_along_what_was_noted_and_where_shipments_were(warehouse: Warehouse) -> None:
    counter = warehouse.counter
    mug, owner = await counter.stall.variant(10), await person(counter.shop)
    mine = await _bought(counter, {mug: 2}, owner.actor)
    others = await warehouse.ordered({mug: 1})
    for order in (mine, others):
        shipment = await warehouse.packed(order, tracking=TRACKING)
        await warehouse.moved(shipment, "IN_TRANSIT", location="At Canary's door")
        await warehouse.done("orderNoteAdd", orderId=order["id"], note="Canary has a dog.")
    kept = await warehouse.order(others["id"])
    deleting = "mutation($input: UserDeleteInput!) { userDelete(input: $input) { deletedUserId userErrors { code } } }"
    sent = {"input": {"password": PASSWORD}}
    assert (await data(counter.shop, deleting, sent, owner.actor))["userDelete"]["userErrors"] == []
    found = await warehouse.order(mine["id"])
    assert [(event["type"], event["message"]) for event in found["events"]["nodes"][3:]] == [
        ("SHIPMENT_IN_TRANSIT", "A shipment is on its way."),
        ("NOTE_ADDED", "A note was added."),
    ]
    assert {event["location"] for event in found["events"]["nodes"] if "location" in event} == {None}
    assert [one["tracking"] for one in found["fulfillments"]] == [{"carrier": "Post", "number": None, "url": None}]
    # of others, all is as it was, and what was sent can still arrive
    assert await warehouse.order(others["id"]) == kept
    await warehouse.moved(found["fulfillments"][0], "DELIVERED")
    await warehouse.books_agree()


async def _bought(counter: Counter, wanted: Mapping[VariantId, int], actor: Actor) -> Json:
    """Theirs, and confirmed."""
    cart = await counter.stall.cart(wanted, user_id=actor.user_id)
    identity = (await counter.bought(cart, actor))["order"]["id"]
    await counter.stall.confirm(order_id(identity))
    return await Warehouse(counter).order(identity)


async def test_buyers_see_their_shipments_and_nobody_else_does(warehouse: Warehouse) -> None:
    counter = warehouse.counter
    mug, owner, other = await counter.stall.variant(10), await person(counter.shop), await person(counter.shop)
    order = await _bought(counter, {mug: 1}, owner.actor)
    identity, shipment = order["id"], await warehouse.packed(order)
    [event] = await sql.rows(
        counter.shop.database,
        "SELECT id FROM order_events WHERE fulfillment_id IS NOT NULL AND type = :type",
        type="fulfillment_created",
    )
    happened = global_ids.encode("OrderFulfillmentEvent", event[0])
    node = """query($id: ID!) { node(id: $id) { id
      ... on Fulfillment { order { id } } ... on OrderFulfillmentEvent { fulfillment { id } } } }"""
    assert await warehouse.order(identity, owner.actor) == await warehouse.order(identity)
    for wanted in (shipment["id"], happened):
        for actor, there in ((owner.actor, True), (ADMIN, True), (other.actor, False), (ANONYMOUS, False)):
            found = (await data(counter.shop, node, {"id": wanted}, actor))["node"]
            assert (found is not None) is there
    # an event has one name, and a fulfilment is none
    itself = uuid_of("Fulfillment", shipment["id"])
    for kind, of in (("OrderLifecycleEvent", event[0]), ("OrderFulfillmentEvent", itself)):
        found = await ask(counter.shop, node, {"id": global_ids.encode(kind, of)}, ADMIN)
        assert found == {"data": {"node": None}, "errors": []}
