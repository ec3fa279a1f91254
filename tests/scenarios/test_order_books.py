"""A machine that fills carts, places, cancels, lets expire and restocks at random: the books agree whatever it does."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from domain.orders.order import OrderCancelReason, OrderId, OrderStatus
from domain.orders.placing import Placement
from domain.products.inventory import InventoryReason, VariantId
from domain.products.stock_keeping import Change
from domain.shared.errors import InvalidInput, SeveralErrors
from domain.users.user import ANONYMOUS, Actor, UserRole
from persistence.audit import violations
from persistence.database import ConnectionSettings
from server.settings import read_settings
from server.wiring import Shop, open_shop
from tests import sql
from tests.generous import GenerousLimiter
from tests.selling import Market, market
from tests.sizes import BOOK_STORIES, REPEATABLE

STAFF = Actor(None, UserRole.ADMIN)
UNITS = 6
VARIANTS = st.integers(0, 2)


class Books(RuleBasedStateMachine):
    """Knows by itself what should be on hand and reserved, and compares. A new stall for each story."""

    runner: asyncio.Runner
    shop: Shop

    def __init__(self) -> None:
        super().__init__()
        self.variants: list[VariantId] = []
        self.on_hand: list[int] = []
        self.reserved: list[int] = []
        self.pending: dict[OrderId, dict[int, int]] = {}
        self.stall: Market

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @initialize()
    def open(self) -> None:
        self.stall = self.run(market(self.shop.database))
        self.variants = [self.run(self.stall.variant(UNITS)) for _ in range(3)]
        self.on_hand, self.reserved = [UNITS] * 3, [0] * 3

    @rule(wanted=st.dictionaries(VARIANTS, st.integers(1, 4), min_size=1))
    def buy(self, wanted: dict[int, int]) -> None:
        cart = self.run(self.stall.cart({self.variants[which]: units for which, units in wanted.items()}))
        enough = all(self.on_hand[which] - self.reserved[which] >= units for which, units in wanted.items())
        try:
            placed = self.run(self.shop.services.order_placing.place(ANONYMOUS, Placement(cart)))
        except SeveralErrors:
            assert not enough
            return
        assert enough
        self.pending[placed.order.id] = wanted
        for which, units in wanted.items():
            self.reserved[which] += units

    @precondition(lambda self: self.pending)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(sorted(self.pending)))
        done = self.run(self.shop.services.orders.cancel(STAFF, order, OrderCancelReason.OTHER, None))
        assert done.status is OrderStatus.CANCELED
        self._released(order)

    @precondition(lambda self: self.pending)
    @rule(data=st.data())
    def expire(self, data: st.DataObject) -> None:
        late = data.draw(st.lists(st.sampled_from(sorted(self.pending)), min_size=1, unique=True))
        self.run(
            sql.run(
                self.shop.database,
                "UPDATE orders SET expires_at = now() WHERE id = ANY(CAST(:ids AS uuid[]))",
                ids=late,
            )
        )
        assert self.run(self.shop.overdue.expire()) == len(late)
        for order in late:
            self._released(order)

    def _released(self, order: OrderId) -> None:
        for which, units in self.pending.pop(order).items():
            self.reserved[which] -= units

    @rule(which=VARIANTS, delta=st.integers(-4, 4).filter(bool))
    def count(self, which: int, delta: int) -> None:
        change = Change(self.variants[which], delta, InventoryReason.CORRECTION, None)
        fits = self.on_hand[which] + delta >= self.reserved[which]
        try:
            self.run(self.shop.services.stock_keeping.adjust(change, None))
        except InvalidInput:
            assert not fits
            return
        assert fits
        self.on_hand[which] += delta

    @invariant()
    def stock_is_what_it_should_be(self) -> None:
        found = [self.run(self.stall.stock(variant)) for variant in self.variants]
        assert found == list(zip(self.on_hand, self.reserved, strict=True))

    def teardown(self) -> None:
        assert self.run(_found(self.shop)) == []


async def _found(shop: Shop) -> list[Any]:
    return [violation async for violation in violations(shop.database.settings)]


def test_the_books_agree_whatever_happens(empty_database: ConnectionSettings) -> None:
    chosen = read_settings(database_url=empty_database.url, public_url="http://shop.example")
    with asyncio.Runner() as runner:
        opened = open_shop(chosen, None, GenerousLimiter())
        shop = runner.run(opened.__aenter__())
        try:
            machine: Callable[[], Books] = type("Story", (Books,), {"runner": runner, "shop": shop})
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=BOOK_STORIES,
                    stateful_step_count=15,
                    deadline=None,
                    derandomize=REPEATABLE,
                    database=None,
                    suppress_health_check=[HealthCheck.too_slow],
                ),
            )
        finally:
            runner.run(opened.__aexit__(None, None, None))
