"""Following one order, and all of them: over GraphQL, on a real PostgreSQL."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest

from domain.orders.events import OrderEventType
from domain.orders.order import OrderId
from domain.orders.progress import Progress
from domain.shared.clock import now
from domain.users.user import Actor, UserRole
from resolvers import global_ids
from server.graphql.request import RequestRefused
from server.wiring import Shop
from tests import sql
from tests.conftest import Statements
from tests.graphql.asking import ADMIN, ask, codes, data
from tests.graphql.following import ALL_EVENTS, EVENTS, Following, following
from tests.graphql.ordering import Counter, Json
from tests.people import Person, person


async def bought(counter: Counter, who: Person | None = None) -> Json:
    cart = await counter.stall.cart({await counter.stall.variant(10): 1}, who.user.id if who else None)
    if who is None:
        return await counter.bought(cart)
    return await counter.bought(cart, who.actor)


def of(placed: Json, after: str | None = None) -> Mapping[str, Any]:
    return {"id": placed["order"]["id"], "token": placed["accessToken"], "after": after}


async def cancel(counter: Counter, placed: Json) -> None:
    sent = {"accessToken": placed["accessToken"]} if placed["accessToken"] else {}
    actor = ADMIN if not sent else Actor()
    assert (await counter.cancel(placed["order"]["id"], actor, **sent))["userErrors"] == []


async def note(counter: Counter, placed: Json, count: int = 1) -> None:
    """So many further events, each in a transaction of its own."""
    order_id = global_ids.of_type("Order", placed["order"]["id"])
    assert order_id is not None
    for _ in range(count):
        await happen(counter.shop, OrderId(order_id))


async def happen(shop: Shop, order_id: OrderId) -> None:
    async with shop.services.orders.begin() as work:
        order = await work.orders.lock(order_id)
        assert order is not None
        progress = Progress(order, now())
        progress.happened(OrderEventType.NOTE_ADDED)
        await progress.store(work)
        await work.commit()


async def happen_unheard(shop: Shop, order_id: UUID) -> None:
    """Nobody is told that it did."""
    await sql.run(
        shop.database,
        "UPDATE orders SET events = events + 1 WHERE id = :id",
        "INSERT INTO order_events (order_id, sequence, id, type, occurred_at, message, status) "
        "SELECT id, events, gen_random_uuid(), 'note_added', now(), 'A note was added.', status "
        "FROM orders WHERE id = :id",
        id=order_id,
    )


async def cursor_of(counter: Counter, placed: Json) -> str:
    found = await data(
        counter.shop,
        "query($id: ID, $token: String) { order(id: $id, accessToken: $token) { eventCursor } }",
        of(placed),
    )
    return found["order"]["eventCursor"]


async def test_a_guest_sees_what_happened_and_then_what_happens(counter: Counter) -> None:
    placed = await bought(counter)
    async with following(counter.shop, EVENTS, of(placed)) as guest:
        first = await guest.next()
        assert (first["sequence"], first["type"], first["order"]["status"]) == (1, "ORDER_PLACED", "PENDING")
        await cancel(counter, placed)
        second = await guest.next()
        assert (second["sequence"], second["type"], second["order"]["status"]) == (2, "ORDER_CANCELED", "CANCELED")
        await note(counter, placed)
        assert await guest.sequences(1) == [3]


async def test_what_happens_between_the_query_and_the_subscription_comes_once(counter: Counter) -> None:
    placed = await bought(counter)
    cursor = await cursor_of(counter, placed)
    await cancel(counter, placed)
    async with following(counter.shop, EVENTS, of(placed, cursor)) as guest:
        event = await guest.next()
        assert event["type"] == "ORDER_CANCELED"
        await note(counter, placed, 2)
        assert await guest.sequences(2) == [3, 4]
    async with following(counter.shop, EVENTS, of(placed, event["cursor"])) as again:
        assert await again.sequences(2) == [3, 4]


async def test_many_stored_events_come_in_order_to_who_begins_and_to_who_joins(counter: Counter) -> None:
    placed = await bought(counter)
    await note(counter, placed, 250)
    async with (
        following(counter.shop, EVENTS, of(placed)) as first,
        following(counter.shop, EVENTS, of(placed)) as second,
    ):
        assert await first.sequences(120) == list(range(1, 121))
        assert await second.sequences(251) == list(range(1, 252))
        await note(counter, placed, 5)
        assert await first.sequences(136) == list(range(121, 257))
        assert await second.sequences(5) == list(range(252, 257))


async def test_owners_and_administrators_follow_an_order_and_nobody_else_does(counter: Counter) -> None:
    owner, other = await person(counter.shop), await person(counter.shop)
    placed = await bought(counter, owner)
    for actor in (owner.actor, ADMIN):
        async with following(counter.shop, EVENTS, of(placed), actor) as allowed:
            assert await allowed.sequences(1) == [1]
    for actor in (other.actor, Actor()):
        async with following(counter.shop, EVENTS, of(placed), actor) as refused:
            assert await refused.refused() == ["NOT_FOUND"]


async def test_what_is_not_there_and_what_is_not_yours_are_refused_alike(counter: Counter) -> None:
    placed, others = await bought(counter), await bought(counter)
    nothing = global_ids.encode("Order", UUID(int=7))
    for wrong in (
        {"id": placed["order"]["id"]},
        {"id": placed["order"]["id"], "token": others["accessToken"]},
        {"id": placed["order"]["id"], "token": placed["accessToken"][:-2]},
        {"id": placed["order"]["id"], "token": ""},
        {"id": nothing, "token": placed["accessToken"]},
        {"id": nothing},
        {"id": global_ids.encode("Product", UUID(int=7))},
        {"id": "none"},
    ):
        async with following(counter.shop, EVENTS, wrong) as refused:
            with pytest.raises(RequestRefused, match="There is no order with this id"):
                await anext(refused.answers)


@pytest.mark.parametrize("after", ["", "x", "WyJQTEFDRURfQVQ6REVTQyIsIjEiLCIwIl0"])
async def test_what_is_no_cursor_is_refused(counter: Counter, after: str) -> None:
    placed = await bought(counter)
    for document, variables, actor in ((EVENTS, of(placed, after), Actor()), (ALL_EVENTS, {"after": after}, ADMIN)):
        async with following(counter.shop, document, variables, actor) as refused:
            assert await refused.refused() == ["BAD_USER_INPUT"]


async def test_a_cursor_of_events_that_are_still_to_come_hides_none(counter: Counter) -> None:
    placed, busy = await bought(counter), await bought(counter)
    await note(counter, busy, 7)
    ahead = await cursor_of(counter, busy)
    async with following(counter.shop, EVENTS, of(placed, ahead)) as guest:
        waiting = asyncio.ensure_future(guest.next())
        while not counter.shop.services.followed.order_tracking.followed:  # noqa: ASYNC110  (nobody is told when it waits)
            await asyncio.sleep(0.01)
        await note(counter, placed)
        assert (await waiting)["sequence"] == 2


async def end(counter: Counter, placed: Json, how: str) -> None:
    order_id = global_ids.of_type("Order", placed["order"]["id"])
    await sql.run(counter.shop.database, f"UPDATE orders SET {how} WHERE id = :id", id=order_id)


async def test_a_token_that_was_taken_back_ends_the_stream_at_the_next_event(counter: Counter) -> None:
    placed = await bought(counter)
    async with following(counter.shop, EVENTS, of(placed)) as guest:
        assert await guest.sequences(1) == [1]
        await end(counter, placed, "access_nonce = NULL")
        await note(counter, placed)
        assert await guest.refused() == ["NOT_FOUND"]


async def test_a_token_that_was_taken_back_ends_the_stream_though_nothing_happens(counter: Counter) -> None:
    placed = await bought(counter)
    async with following(counter.shop, EVENTS, of(placed)) as guest:
        assert await guest.sequences(1) == [1]
        await end(counter, placed, "access_nonce = '\\x01'")
        assert await guest.refused() == ["NOT_FOUND"]


async def test_who_erases_their_account_follows_their_orders_no_longer(counter: Counter) -> None:
    owner = await person(counter.shop)
    placed = await bought(counter, owner)
    async with following(counter.shop, EVENTS, of(placed), owner.actor) as mine:
        assert await mine.sequences(1) == [1]
        answer = await ask(
            counter.shop,
            'mutation { userDelete(input: { password: "four random words together" }) { userErrors { code } } }',
            actor=owner.actor,
        )
        assert answer == {"data": {"userDelete": {"userErrors": []}}, "errors": []}
        await note(counter, placed)
        assert (await mine.refused())[0] in {"UNAUTHENTICATED", "NOT_FOUND"}


async def test_a_session_that_was_revoked_sees_no_further_event(counter: Counter) -> None:
    owner = await person(counter.shop)
    placed = await bought(counter, owner)
    async with following(counter.shop, EVENTS, of(placed), owner.actor) as mine:
        assert await mine.sequences(1) == [1]
        await data(counter.shop, "mutation { userLogout(input: {}) { loggedOut } }", actor=owner.actor)
        await note(counter, placed)
        assert await mine.refused() == ["UNAUTHENTICATED"]


async def test_who_is_no_administrator_any_more_follows_nothing_any_more(counter: Counter) -> None:
    boss, staff = await person(counter.shop, UserRole.ADMIN), await person(counter.shop, UserRole.ADMIN)
    async with following(counter.shop, ALL_EVENTS, actor=staff.actor) as all_of_them:
        waiting = asyncio.ensure_future(all_of_them.next())
        while not counter.shop.services.followed.order_stream.followed:  # noqa: ASYNC110  (nobody is told when it waits)
            await asyncio.sleep(0.01)
        placed = await bought(counter)
        assert (await waiting)["type"] == "ORDER_PLACED"
        await data(
            counter.shop,
            "mutation($id: ID!) { userRoleSet(input: {userId: $id, role: CUSTOMER}) { userErrors { code } } }",
            {"id": global_ids.encode("User", staff.user.id)},
            boss.actor,
        )
        await note(counter, placed)
        assert await all_of_them.refused() == ["UNAUTHENTICATED"]


async def test_all_events_are_for_administrators_alone(counter: Counter) -> None:
    someone = await person(counter.shop)
    for actor, code in ((Actor(), "UNAUTHENTICATED"), (someone.actor, "FORBIDDEN")):
        async with following(counter.shop, ALL_EVENTS, actor=actor) as refused:
            assert await refused.refused() == [code]


async def test_all_events_come_in_one_order_from_any_cursor_and_by_their_types(counter: Counter) -> None:
    orders = [await bought(counter) for _ in range(3)]
    first = await data(
        counter.shop, "query($id: ID) { order(id: $id) { events { edges { cursor } } } }", of(orders[0]), ADMIN
    )
    cursor = first["order"]["events"]["edges"][0]["cursor"]
    for placed in reversed(orders):
        await note(counter, placed)
    async with following(counter.shop, ALL_EVENTS, {"after": cursor}, ADMIN) as everything:
        seen = [await everything.next() for _ in range(5)]
        assert [(one["order"]["id"], one["sequence"]) for one in seen] == [
            *((placed["order"]["id"], 1) for placed in orders[1:]),
            *((placed["order"]["id"], 2) for placed in reversed(orders)),
        ]
        await note(counter, orders[1])
        assert (await everything.next())["sequence"] == 3
    async with following(counter.shop, ALL_EVENTS, {"after": seen[1]["cursor"]}, ADMIN) as later:
        assert [(await later.next())["cursor"] for _ in range(3)] == [one["cursor"] for one in seen[2:]]
    some = {"after": cursor, "types": ["NOTE_ADDED"]}
    async with following(counter.shop, ALL_EVENTS, some, ADMIN) as notes:
        assert (await notes.next())["type"] == "NOTE_ADDED"


async def test_without_a_cursor_all_events_begin_now(counter: Counter) -> None:
    await bought(counter)
    async with following(counter.shop, ALL_EVENTS, actor=ADMIN) as everything:
        waiting = asyncio.ensure_future(everything.next())
        while not counter.shop.services.followed.order_stream.followed:  # noqa: ASYNC110  (nobody is told when it waits)
            await asyncio.sleep(0.01)
        placed = await bought(counter)
        assert (await waiting)["order"]["id"] == placed["order"]["id"]


async def test_an_event_that_nobody_was_told_of_comes_all_the_same(counter: Counter) -> None:
    placed = await bought(counter)
    order_id = global_ids.of_type("Order", placed["order"]["id"])
    assert order_id is not None
    async with (
        following(counter.shop, EVENTS, of(placed)) as guest,
        following(counter.shop, ALL_EVENTS, actor=ADMIN) as everything,
    ):
        assert await guest.sequences(1) == [1]
        waiting = asyncio.gather(guest.next(), everything.next())
        while not counter.shop.services.followed.order_stream.followed:  # noqa: ASYNC110  (nobody is told when it waits)
            await asyncio.sleep(0.01)
        await happen_unheard(counter.shop, order_id)
        assert [one["sequence"] for one in await waiting] == [2, 2]


CROWD = 1_000


async def test_a_thousand_who_follow_one_order_cost_one_read_for_each_event(
    counter: Counter, own_statements: Statements
) -> None:
    placed = await bought(counter)
    async with AsyncExitStack() as stack:
        crowd: list[Following] = [
            await stack.enter_async_context(following(counter.shop, EVENTS, of(placed))) for _ in range(CROWD)
        ]
        assert await asyncio.gather(*(one.sequences(1) for one in crowd)) == [[1]] * CROWD
        for sequence in (2, 3):
            waiting = asyncio.gather(*(one.next() for one in crowd))
            await asyncio.sleep(0)  # all of them wait
            own_statements.clear()
            await note(counter, placed)
            shown = await waiting
            assert [one["sequence"] for one in shown] == [sequence] * CROWD
            reads = [one for one in own_statements.seen if one.startswith("SELECT") and " FOR " not in one]
            [of_events] = [one for one in reads if "order_events" in one]
            # and one for what the subscription selects of the order itself; polls fall into it now and then
            assert len([one for one in reads if one != of_events and "access_nonce" not in one]) == 1


async def test_a_subscription_sent_as_a_plain_request_is_told_how_to_subscribe(counter: Counter) -> None:
    answer = await ask(counter.shop, EVENTS, {"id": "x"})
    assert codes(answer) == ["OPERATION_RESOLUTION_FAILURE"]
    assert "text/event-stream" in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    "document",
    [
        "subscription { a: allOrderEvents { id } b: allOrderEvents { id } }",
        "subscription { __typename }",
        "subscription { allOrderEvents @skip(if: true) { id } }",
        "subscription($no: Boolean!) { allOrderEvents @include(if: $no) { id } }",
    ],
)
async def test_a_subscription_has_one_field(own_shop: Shop, document: str) -> None:
    with pytest.raises(RequestRefused):
        async with following(own_shop, document, {"no": False}, ADMIN) as refused:
            await anext(refused.answers)
