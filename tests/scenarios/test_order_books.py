"""A machine that places, pays, cancels, expires, packs, ships, pays back and restocks at random: the books agree."""

import asyncio
from collections import Counter
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

from domain.orders.errors import InvalidTransition
from domain.orders.fulfillment import TRANSITIONS, FulfillmentId, FulfillmentStatus
from domain.orders.fulfillments import Packing, Update
from domain.orders.order import OrderCancelReason, OrderStatus
from domain.orders.placing import Placement
from domain.orders.shipment import Details
from domain.payments.refunds import RefundWish, ReturnWish
from domain.payments.wish import Wish
from domain.products.inventory import InventoryReason, VariantId
from domain.products.stock_keeping import Change
from domain.shared.errors import Conflict, InvalidInput, SeveralErrors
from domain.users.user import ANONYMOUS, Actor, UserRole
from persistence.audit import violations
from persistence.connections import ConnectionSettings
from server.settings import read_settings
from server.wiring import Shop, open_shop
from tests import sql
from tests.generous import GenerousLimiter
from tests.scenarios.order_books import Expected, Shipment
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
        self.expected = Expected()
        self.stall: Market

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @initialize()
    def open(self) -> None:
        self.stall = self.run(market(self.shop.database))
        self.variants = [self.run(self.stall.variant(UNITS)) for _ in range(3)]
        numbers = range(len(self.variants))
        self.expected = Expected(dict.fromkeys(numbers, UNITS), dict.fromkeys(numbers, 0))

    @rule(wanted=st.dictionaries(VARIANTS, st.integers(1, 4), min_size=1))
    def buy(self, wanted: dict[int, int]) -> None:
        cart = self.run(self.stall.cart({self.variants[which]: units for which, units in wanted.items()}))
        on_hand, reserved = self.expected.on_hand, self.expected.reserved
        enough = all(on_hand[which] - reserved[which] >= units for which, units in wanted.items())
        try:
            placed = self.run(self.shop.services.checkout_placing.place(ANONYMOUS, Placement(cart), Wish()))
        except SeveralErrors:
            assert not enough
            return
        assert enough
        self.expected.pending[placed.order.id] = wanted
        for which, units in wanted.items():
            reserved[which] += units

    @precondition(lambda self: self.expected.pending)
    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(sorted(self.expected.pending)))
        self.run(self.stall.confirm(order))
        self.expected.confirmed[order] = self.expected.pending.pop(order)

    @precondition(lambda self: self.expected.pending or self.expected.confirmed)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(sorted([*self.expected.pending, *self.expected.confirmed])))
        try:
            done = self.run(self.shop.services.orders.cancel(STAFF, order, OrderCancelReason.OTHER, None))
        except InvalidTransition:
            assert self.expected.has_left(order)
            return
        assert done.status is OrderStatus.CANCELED
        assert not self.expected.has_left(order)
        self.expected.ended(order)

    @precondition(lambda self: self.expected.pending)
    @rule(data=st.data())
    def expire(self, data: st.DataObject) -> None:
        late = data.draw(st.lists(st.sampled_from(sorted(self.expected.pending)), min_size=1, unique=True))
        self.run(
            sql.run(
                self.shop.database,
                "UPDATE orders SET expires_at = now() WHERE id = ANY(CAST(:ids AS uuid[]))",
                ids=late,
            )
        )
        assert self.run(self.shop.overdue.expire()) == len(late)
        for order in late:
            self.expected.ended(order)

    @precondition(lambda self: self.expected.confirmed)
    @rule(data=st.data(), everything=st.booleans())
    def pack(self, data: st.DataObject, everything: bool) -> None:  # noqa: FBT001  (rules get theirs by name)
        order = data.draw(st.sampled_from(sorted(self.expected.confirmed)))
        free = self.expected.free(order)
        wanted = {
            which: data.draw(st.integers(0, units + 1)) for which, units in self.expected.confirmed[order].items()
        }
        wanted = +free if everything else +Counter(wanted)
        lines = self.run(self.shop.readers.orders.lines_of([order]))[order]
        wishes = [(line.id, wanted[self.variants.index(line.variant_id)]) for line in lines]
        packing = Packing(order, None if everything else [wish for wish in wishes if wish[1]], Details())
        try:
            packed = self.run(self.shop.services.fulfillments.create(packing))
        except (Conflict, InvalidInput, SeveralErrors):
            assert not wanted or not wanted <= free
            return
        assert wanted
        assert wanted <= free
        self.expected.shipments[packed.fulfillment.id] = Shipment(order, dict(wanted))

    @precondition(lambda self: self.expected.shipments)
    @rule(data=st.data(), status=st.sampled_from(FulfillmentStatus))
    def move(self, data: st.DataObject, status: FulfillmentStatus) -> None:
        """Anywhere: along the table, or against it."""
        identity = data.draw(st.sampled_from(sorted(self.expected.shipments)))
        self._move(identity, status)

    @precondition(lambda self: any(TRANSITIONS[one.status] for one in self.expected.shipments.values()))
    @rule(data=st.data())
    def move_on(self, data: st.DataObject) -> None:
        """So that stories go far."""
        ahead = {identity: TRANSITIONS[one.status] for identity, one in self.expected.shipments.items()}
        identity = data.draw(st.sampled_from(sorted(one for one, after in ahead.items() if after)))
        after = sorted(ahead[identity] - {FulfillmentStatus.CANCELED}, key=lambda status: status.value)
        self._move(identity, data.draw(st.sampled_from(after)))

    def _move(self, identity: FulfillmentId, status: FulfillmentStatus) -> None:
        service = self.shop.services.fulfillments
        try:
            self.run(service.update(Update(identity, status, None, Details())))
        except InvalidTransition:
            assert not self.expected.moved(identity, status)
            return
        assert self.expected.moved(identity, status)

    @precondition(lambda self: self.expected.confirmed)
    @rule(data=st.data(), units=st.integers(0, 3), restock=st.booleans())
    def pay_back(self, data: st.DataObject, units: int, restock: bool) -> None:  # noqa: FBT001  (see above)
        order = data.draw(st.sampled_from(sorted(self.expected.confirmed)))
        lines = self.run(self.shop.readers.orders.lines_of([order]))[order]
        line = data.draw(st.sampled_from(lines))
        wish = RefundWish(order, lines=[ReturnWish(line.id, units, restock)])
        which = self.variants.index(line.variant_id)
        try:
            self.run(self.shop.services.refunds.create(wish))
        except InvalidInput:
            assert not self.expected.paid_back(order, which, units, restock=restock)
            return
        assert self.expected.paid_back(order, which, units, restock=restock)

    @rule(which=VARIANTS, delta=st.integers(-4, 4).filter(bool))
    def count(self, which: int, delta: int) -> None:
        change = Change(self.variants[which], delta, InventoryReason.CORRECTION, None)
        fits = self.expected.on_hand[which] + delta >= self.expected.reserved[which]
        try:
            self.run(self.shop.services.stock_keeping.adjust(change, None))
        except InvalidInput:
            assert not fits
            return
        assert fits
        self.expected.on_hand[which] += delta

    @invariant()
    def stock_is_what_it_should_be(self) -> None:
        found = [self.run(self.stall.stock(variant)) for variant in self.variants]
        on_hand, reserved = self.expected.on_hand, self.expected.reserved
        assert found == [(on_hand[which], reserved[which]) for which in range(len(self.variants))]

    @invariant()
    def shipments_are_where_they_should_be(self) -> None:
        found = self.run(self.shop.readers.orders.fulfillments(list(self.expected.shipments)))
        assert {identity: one.status for identity, one in found.items()} == {
            identity: one.status for identity, one in self.expected.shipments.items()
        }

    @invariant()
    def the_books_agree(self) -> None:
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
                    stateful_step_count=25,
                    deadline=None,
                    derandomize=REPEATABLE,
                    database=None,
                    suppress_health_check=[HealthCheck.too_slow],
                ),
            )
        finally:
            runner.run(opened.__aexit__(None, None, None))
