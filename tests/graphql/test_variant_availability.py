"""Following the stock of variants."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from domain.products.inventory import VariantId
from domain.shared.following import POLL_SECONDS
from domain.shared.ids import uuid7
from domain.users.user import ANONYMOUS, Actor, UserRole
from resolvers import global_ids
from server.wiring import Shop
from tests import sql
from tests.conftest import Statements
from tests.graphql.asking import ADMIN, data
from tests.graphql.following import STOCK, following, variant_id
from tests.graphql.ordering import Counter
from tests.people import person

ADJUST = """mutation($id: ID!, $delta: Int!) {
  inventoryAdjust(input: {variantId: $id, delta: $delta, reason: CORRECTION}) { userErrors { code } } }"""


def ids(*variants: VariantId) -> dict[str, list[str]]:
    return {"ids": [variant_id(one) for one in variants]}


async def adjust(shop: Shop, variant: VariantId, delta: int) -> None:
    keeper = await person(shop, UserRole.ADMIN)
    answer = await data(shop, ADJUST, {"id": variant_id(variant), "delta": delta}, keeper.actor)
    assert answer == {"inventoryAdjust": {"userErrors": []}}


def seen(variant: dict[str, Any]) -> tuple[str, int, str]:
    return variant["id"], variant["quantityAvailable"], variant["stockStatus"]


async def test_each_variant_is_told_as_it_is_and_again_when_its_stock_changes(counter: Counter) -> None:
    mug, jug = await counter.stall.variant(20), await counter.stall.variant(0)
    async with following(counter.shop, STOCK, ids(mug, jug)) as page:
        assert [seen(await page.next()) for _ in range(2)] == [
            (variant_id(mug), 20, "IN_STOCK"),
            (variant_id(jug), 0, "OUT_OF_STOCK"),
        ]
        placed = await counter.bought(await counter.stall.cart({mug: 15}))
        assert seen(await page.next()) == (variant_id(mug), 5, "LOW_STOCK")
        await counter.cancel(placed["order"]["id"], accessToken=placed["accessToken"])
        assert seen(await page.next()) == (variant_id(mug), 20, "IN_STOCK")
        await adjust(counter.shop, jug, 3)
        assert seen(await page.next()) == (variant_id(jug), 3, "LOW_STOCK")
        await adjust(counter.shop, mug, -20)
        assert seen(await page.next()) == (variant_id(mug), 0, "OUT_OF_STOCK")


async def test_what_changes_nothing_for_buyers_is_not_told(counter: Counter) -> None:
    mug = await counter.stall.variant(20)
    async with following(counter.shop, STOCK, ids(mug)) as page:
        assert seen(await page.next())[1] == 20
        await counter.shop.signals.publish("variants.stock", mug.hex)
        await adjust(counter.shop, mug, 1)
        assert seen(await page.next())[1] == 21


async def test_a_change_that_nobody_was_told_of_is_told_all_the_same(counter: Counter) -> None:
    mug = await counter.stall.variant(20)
    async with following(counter.shop, STOCK, ids(mug)) as page:
        assert seen(await page.next())[1] == 20
        await sql.run(counter.shop.database, "UPDATE product_variants SET on_hand = 4 WHERE id = :id", id=mug)
        assert seen(await page.next())[1] == 4


async def test_who_is_slow_gets_the_newest_without_the_steps_in_between(counter: Counter) -> None:
    mug = await counter.stall.variant(20)
    async with (
        following(counter.shop, STOCK, ids(mug)) as slow,
        following(counter.shop, STOCK, ids(mug)) as quick,
    ):
        assert seen(await slow.next()) == seen(await quick.next())
        for _ in range(5):
            await adjust(counter.shop, mug, 1)
        while seen(await quick.next())[1] != 25:
            pass
        assert seen(await slow.next())[1] == 25


async def test_what_is_not_there_is_left_out_and_nothing_but_that_is_refused(counter: Counter) -> None:
    mug = await counter.stall.variant(20)
    none = [global_ids.encode("ProductVariant", uuid7()), global_ids.encode("Order", mug), "none"]
    async with following(counter.shop, STOCK, {"ids": [*none, variant_id(mug)]}) as page:
        assert seen(await page.next())[0] == variant_id(mug)
    for wrong in (none, []):
        async with following(counter.shop, STOCK, {"ids": wrong}) as refused:
            assert await refused.refused() == ["NOT_FOUND"]
    async with following(counter.shop, STOCK, {"ids": [variant_id(mug)] * 101}) as refused:
        assert await refused.refused() == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(("actor", "there"), [(ANONYMOUS, False), (ADMIN, True)])
async def test_what_is_not_published_is_there_for_administrators_alone(
    counter: Counter, actor: Actor, *, there: bool
) -> None:
    mug = await counter.stall.variant(20)
    await sql.run(
        counter.shop.database,
        "UPDATE products SET status = 'draft' WHERE id = (SELECT product_id FROM product_variants WHERE id = :id)",
        id=mug,
    )
    async with following(counter.shop, STOCK, ids(mug), actor) as page:
        if there:
            assert seen(await page.next())[1] == 20
            await adjust(counter.shop, mug, 1)
            assert seen(await page.next())[1] == 21
        else:
            assert await page.refused() == ["NOT_FOUND"]


CROWD = 300


async def test_however_many_follow_a_variant_it_is_read_once_for_each_change(
    counter: Counter, own_statements: Statements
) -> None:
    mug = await counter.stall.variant(20)
    async with AsyncExitStack() as stack:
        crowd = [await stack.enter_async_context(following(counter.shop, STOCK, ids(mug))) for _ in range(CROWD)]
        assert await _available(crowd) == [20] * CROWD
        waiting = asyncio.ensure_future(_available(crowd))
        await asyncio.sleep(0)  # all of them wait
        own_statements.clear()
        begun = time.monotonic()
        await adjust(counter.shop, mug, 1)
        assert await waiting == [21] * CROWD
        polls = (time.monotonic() - begun) // POLL_SECONDS + 1
        reads = [one for one in own_statements.seen if one.startswith("SELECT") and "products.status" in one]
        assert len(reads) <= 2 + polls  # the last who came had it looked at, too


async def _available(crowd: Sequence[Any]) -> list[int]:
    return [seen(one)[1] for one in await asyncio.gather(*(follower.next() for follower in crowd))]


async def test_nothing_is_watched_when_nobody_follows_any_more(counter: Counter) -> None:
    mug = await counter.stall.variant(20)
    watch = counter.shop.services.followed.stock_watch
    async with following(counter.shop, STOCK, ids(mug)) as page:
        await page.next()
        assert watch.followed == 1
    assert watch.followed == 0
