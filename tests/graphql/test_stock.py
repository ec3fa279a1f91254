"""The ledger of stock: what administrators count is booked, and nothing is counted that cannot be."""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import pytest

from domain.products.inventory import LONGEST_NOTE, MOST_UNITS, VariantId
from domain.shared.ids import uuid7
from domain.users.user import ANONYMOUS, UserRole
from resolvers import global_ids
from server.wiring import Shop
from tests import sql
from tests.graphql.accounts.mutations import Errors
from tests.graphql.asking import ask, codes, data
from tests.graphql.market import GOODS, Given, books, send
from tests.people import Person, person

LEDGER = """query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { productVariant(id: $id) {
  inventory { tracked onHand reserved available
    adjustments(first: $first, after: $after, last: $last, before: $before) { totalCount
      nodes { id delta reason note user { id } createdAt } edges { node { id } }
      pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } } } }"""
RANGE: Errors = [("ValidationError", "OUT_OF_RANGE", ["delta"])]


@pytest.fixture
async def admin(market: Shop) -> Person:
    return await person(market, UserRole.ADMIN)


@pytest.fixture
async def cup(market: Shop) -> AsyncGenerator[VariantId]:
    """A variant of which 10 are on hand and 3 promised."""
    identity = VariantId(uuid7())
    await sql.run(
        market.database,
        "INSERT INTO product_variants (id, product_id, title, price, on_hand, reserved) "
        f"VALUES (:id, '{GOODS}', :title, 5, 10, 3)",
        id=identity,
        title=f"Cup {identity}",
    )
    yield identity
    await sql.run(market.database, "DELETE FROM product_variants WHERE id = :id", id=identity)


def of(variant: UUID, delta: int = 1, reason: str = "CORRECTION", **more: object) -> dict[str, Any]:
    return {"variantId": global_ids.encode("ProductVariant", variant), "delta": delta, "reason": reason, **more}


async def ledger(shop: Shop, variant: UUID, who: Person, **page: object) -> Any:
    given = {"id": global_ids.encode("ProductVariant", variant), "first": None if "last" in page else 20, **page}
    return (await data(shop, LEDGER, given, who.actor))["productVariant"]["inventory"]


async def test_what_was_counted_is_on_hand_and_booked_with_who_counted(
    market: Shop, admin: Person, cup: VariantId
) -> None:
    steps = [(5, "RECEIVED", "a box"), (-2, "DAMAGED", None), (-6, "CORRECTION", " "), (1, "CORRECTION", "a\n b\u202e")]
    on_hand = 10
    for delta, reason, note in steps:
        on_hand += delta
        shown = (await send(market, "inventoryAdjust", of(cup, delta, reason, note=note), admin)).done
        stock = {"onHand": on_hand, "reserved": 3, "available": on_hand - 3}
        assert shown["productVariant"] == {"id": of(cup)["variantId"], "inventory": stock}
    found = await ledger(market, cup, admin)
    assert found["adjustments"]["totalCount"] == len(steps) + 1
    me = {"id": global_ids.encode("User", admin.user.id)}
    booked = [(one["delta"], one["reason"], one["user"]) for one in found["adjustments"]["nodes"]]
    assert booked == [*((delta, reason, me) for delta, reason, _ in reversed(steps)), (10, "RECEIVED", None)]
    assert [one["note"] for one in found["adjustments"]["nodes"]] == ["a b", None, None, "a box", None]
    assert sum(one["delta"] for one in found["adjustments"]["nodes"]) == found["onHand"]


async def test_a_ledger_is_read_a_page_at_a_time_the_newest_first(market: Shop, admin: Person, cup: VariantId) -> None:
    for delta in range(1, 6):
        await send(market, "inventoryAdjust", of(cup, delta), admin)
    whole = [one["delta"] for one in (await ledger(market, cup, admin))["adjustments"]["nodes"]]
    assert whole == [5, 4, 3, 2, 1, 10]
    first = (await ledger(market, cup, admin, first=4))["adjustments"]
    assert [one["delta"] for one in first["nodes"]] == whole[:4]
    assert [one["node"]["id"] for one in first["edges"]] == [one["id"] for one in first["nodes"]]
    second = (await ledger(market, cup, admin, first=4, after=first["pageInfo"]["endCursor"]))["adjustments"]
    assert [one["delta"] for one in second["nodes"]] == whole[4:]
    assert (second["pageInfo"]["hasNextPage"], second["pageInfo"]["hasPreviousPage"]) == (False, True)
    last = (await ledger(market, cup, admin, last=2))["adjustments"]
    assert last["nodes"] == second["nodes"]


async def test_an_adjustment_is_found_by_its_id_by_administrators(market: Shop, admin: Person, cup: VariantId) -> None:
    await send(market, "inventoryAdjust", of(cup, 4, "RECEIVED"), admin)
    [newest] = (await ledger(market, cup, admin, first=1))["adjustments"]["nodes"]
    document = "query($id: ID!) { node(id: $id) { id ... on InventoryAdjustment { delta reason } } }"
    shown = {"id": newest["id"], "delta": 4, "reason": "RECEIVED"}
    assert await data(market, document, {"id": newest["id"]}, admin.actor) == {"node": shown}
    for actor in (ANONYMOUS, (await person(market)).actor):
        assert await data(market, document, {"id": newest["id"]}, actor) == {"node": None}


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"delta": 0}, RANGE),
        ({"delta": -8}, RANGE),  # two of those that are promised
        ({"delta": -(2**31)}, RANGE),
        ({"delta": 2**31 - 1}, RANGE),
        ({"delta": MOST_UNITS + 1}, RANGE),
        ({"delta": MOST_UNITS - 9}, RANGE),
        ({"delta": -1, "reason": "RECEIVED"}, RANGE),
        ({"delta": 1, "reason": "DAMAGED"}, RANGE),
        *(
            ({"reason": reason}, [("ValidationError", "INVALID", ["reason"])])
            for reason in ("RESERVED", "RELEASED", "SHIPPED", "RETURNED")
        ),
        ({"note": "x" * (LONGEST_NOTE + 1)}, [("ValidationError", "TOO_LONG", ["note"])]),
        ({"idempotencyKey": ""}, [("ValidationError", "OUT_OF_RANGE", ["idempotencyKey"])]),
        *(
            ({"variantId": strange}, [("NotFoundError", "NOT_FOUND", ["variantId"])])
            for strange in ("", "x", global_ids.encode("ProductVariant", GOODS), global_ids.encode("Product", GOODS))
        ),
    ],
)
async def test_what_cannot_be_counted_is_refused_and_books_nothing(
    market: Shop, admin: Person, cup: VariantId, given: Given, errors: Errors
) -> None:
    before = await books(market)
    assert (await send(market, "inventoryAdjust", {**of(cup), **given}, admin)).refused == errors
    assert await books(market) == before


async def test_all_but_what_is_promised_can_be_taken_away_and_no_more_put_there_than_can_be_counted(
    market: Shop, admin: Person, cup: VariantId
) -> None:
    for delta, left in ((-7, 3), (MOST_UNITS - 3, MOST_UNITS), (-MOST_UNITS + 3, 3)):
        shown = (await send(market, "inventoryAdjust", of(cup, delta), admin)).done
        assert shown["productVariant"]["inventory"]["onHand"] == left


@pytest.mark.parametrize("delta", [2**31, -(2**31) - 1, 1.5, "1", True, None])
async def test_a_number_that_is_no_int_of_graphql_makes_the_request_wrong(
    market: Shop, admin: Person, cup: VariantId, delta: object
) -> None:
    document = "mutation($input: InventoryAdjustInput!) { inventoryAdjust(input: $input) { userErrors { code } } }"
    answer = await ask(market, document, {"input": {**of(cup), "delta": delta}}, admin.actor)
    assert (answer.get("data"), codes(answer)) == (None, ["BAD_USER_INPUT"])


async def test_only_administrators_count(market: Shop, cup: VariantId) -> None:
    customer = await person(market)
    before = await books(market)
    for who, error in (
        (ANONYMOUS, ("AuthenticationError", "UNAUTHENTICATED", None)),
        (customer, ("PermissionError", "FORBIDDEN", None)),
    ):
        for variant in (cup, GOODS):
            assert (await send(market, "inventoryAdjust", of(variant), who)).refused == [error]
    assert await books(market) == before
    for actor, code in ((ANONYMOUS, "UNAUTHENTICATED"), (customer.actor, "FORBIDDEN")):
        answer = await ask(market, LEDGER, {"id": of(cup)["variantId"], "first": 1}, actor)
        assert (answer["data"], codes(answer)) == ({"productVariant": {"inventory": None}}, [code])


async def test_a_repetition_is_answered_as_before_and_books_nothing(
    market: Shop, admin: Person, cup: VariantId
) -> None:
    given = of(cup, 5, "RECEIVED", idempotencyKey=f"count {cup}")
    first = await send(market, "inventoryAdjust", given, admin)
    before = await books(market)
    again = await send(market, "inventoryAdjust", given, admin)
    assert (again.payload, first.replayed, again.replayed) == (first.done, False, True)
    reused: Errors = [("ConflictError", "IDEMPOTENCY_KEY_REUSED", ["idempotencyKey"])]
    assert (await send(market, "inventoryAdjust", {**given, "delta": 6}, admin)).refused == reused
    assert await books(market) == before


async def test_what_is_not_counted_can_be_adjusted_all_the_same(market: Shop, admin: Person, cup: VariantId) -> None:
    await sql.run(market.database, "UPDATE product_variants SET tracked = false WHERE id = :id", id=cup)
    shown = (await send(market, "inventoryAdjust", of(cup), admin)).done
    assert shown["productVariant"]["inventory"]["onHand"] == 11
