"""Paying while everything goes wrong: money is never taken twice, never kept without an order, and never forgotten."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from random import Random

import pytest

from adapters.sandbox.scenarios import scenario, within
from domain.orders.errors import InvalidTransition
from domain.orders.order import OrderCancelReason, OrderStatus
from domain.payments.payment import CaptureMethod, Payment, PaymentStatus
from domain.payments.placing import Placed
from domain.payments.refunds import RefundWish
from domain.payments.wish import Wish
from domain.products.inventory import VariantId
from domain.shared.errors import DomainError, InvalidInput, Unavailable
from domain.shared.money import Money
from server.wiring import Shop
from tests import sql
from tests.paying import STAFF, Till
from tests.selling import books_agree
from tests.sizes import CANCELS_AGAINST_PAYING, PAYMENT_STORIES

TOKENS = (
    *("pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined"),
    *("pm_card_authenticationRequired", "pm_card_unknown"),
)
MISHAPS = "down=0.15,hang=0.1,error-after-effect=0.2"
AT_ONCE = 8
"""Stories at the same time, in one process."""
PARTS = 4
"""That processes share among them."""


@pytest.fixture
async def till(own_shop: Shop) -> Till:
    return await Till.of(own_shop)


async def tried(doing: Awaitable[object]) -> None:
    """As somebody would who takes no for an answer."""
    with suppress(DomainError):
        await doing


class Story:
    """One order, and what its buyer and the shop do with it at random, one after the other or at once."""

    def __init__(self, till: Till, mug: VariantId, seed: int) -> None:
        self._till = till
        self._mug = mug
        self._random = Random(seed)
        self._seed = seed
        self._placed: Placed
        self._payments: list[Payment] = []

    async def run(self) -> None:
        capture = self._random.choice([CaptureMethod.AUTOMATIC, CaptureMethod.AUTOMATIC, CaptureMethod.MANUAL])
        self._placed = await self._till.place(self._mug, self._random.randint(1, 3), capture)
        assert self._placed.payment is not None
        self._payments.append(self._placed.payment)
        with within(scenario(f"{MISHAPS},seed={self._seed}")):
            for _ in range(self._random.randint(2, 6)):
                chosen = [self._random.choice(self._steps()) for _ in range(self._random.choice([1, 1, 2]))]
                await asyncio.gather(*(tried(step()) for step in chosen))

    def _steps(self) -> list[Callable[[], Awaitable[object]]]:
        paying = [self._confirm] * 3 + [self._again, self._capture]
        return [*paying, self._cancel, self._refund, self._let_go, self._expire]

    async def _confirm(self) -> None:
        payment = self._payments[-1]
        await self._till.payments.confirm(STAFF, payment.id, self._random.choice(TOKENS))

    async def _again(self) -> None:
        self._payments.append(await self._till.payments.create(STAFF, self._placed.order.id, Wish()))

    async def _capture(self) -> None:
        payment = self._random.choice(self._payments)
        part = Money.of_units(self._random.randint(1, payment.amount.units), payment.amount.currency_code)
        await self._till.payments.capture(STAFF, payment.id, self._random.choice([None, part]))

    async def _cancel(self) -> None:
        await self._till.shop.services.orders.cancel(STAFF, self._placed.order.id, OrderCancelReason.CUSTOMER, None)

    async def _refund(self) -> None:
        amount = self._random.choice([None, Money.of(Decimal(1), "USD")])
        await self._till.refunds.create(RefundWish(self._placed.order.id, amount=amount))

    async def _let_go(self) -> None:
        await self._till.payments.cancel(STAFF, self._random.choice(self._payments).id)

    async def _expire(self) -> None:
        await sql.run(
            self._till.shop.database,
            "UPDATE orders SET expires_at = now() WHERE id = :id AND expires_at IS NOT NULL",
            id=self._placed.order.id,
        )
        await self._till.shop.overdue.expire()


@pytest.mark.parametrize("part", range(PARTS))
async def test_whatever_goes_wrong_our_money_is_the_provider_s_money_in_the_end(till: Till, part: int) -> None:
    mug = await till.stall.variant(10 * PAYMENT_STORIES)
    turns = asyncio.Semaphore(AT_ONCE)

    async def told(seed: int) -> None:
        async with turns:
            await Story(till, mug, seed).run()
            await till.carry_out(f"down=0.2,error-after-effect=0.3,seed={seed}")

    await asyncio.gather(*(told(seed) for seed in range(part, PAYMENT_STORIES, PARTS)))
    await till.quiet()
    assert await till.differences() == []
    assert await kept_for_nothing(till) == 0
    assert await sql.value(till.shop.database, "SELECT count(*) FROM payments WHERE status = 'processing'") == 0
    assert await sql.value(till.shop.database, "SELECT count(*) FROM refunds WHERE status = 'pending'") == 0
    assert await overpaid(till) == 0
    await books_agree(till.shop.database.settings)


async def kept_for_nothing(till: Till) -> int:
    """Orders that ended, for which the shop still has money."""
    ended = "status IN ('canceled', 'expired') AND amount_captured > amount_refunded"
    return await till.stall.orders(ended)


async def overpaid(till: Till) -> int:
    return await till.stall.orders("amount_captured - amount_refunded > total")


async def test_canceling_and_paying_in_the_same_moment_never_keeps_the_money(till: Till) -> None:
    mug = await till.stall.variant(10 * CANCELS_AGAINST_PAYING)
    orders = till.shop.services.orders
    for _ in range(CANCELS_AGAINST_PAYING):
        placed = await till.place(mug)
        assert placed.payment is not None
        await asyncio.gather(
            tried(till.payments.confirm(STAFF, placed.payment.id, "pm_card_visa")),
            tried(orders.cancel(STAFF, placed.order.id, OrderCancelReason.CUSTOMER, None)),
        )
    await till.quiet()
    assert await kept_for_nothing(till) == 0
    assert await till.stall.orders("status IN ('canceled', 'confirmed')") == CANCELS_AGAINST_PAYING
    assert await till.stall.orders("status = 'confirmed' AND payment_status <> 'paid'") == 0
    assert await till.differences() == []
    await books_agree(till.shop.database.settings)


async def test_who_could_not_call_off_a_payment_can_begin_another_once_it_has_failed(till: Till) -> None:
    placed = await till.place(await till.stall.variant(10))
    assert placed.payment is not None
    await till.payments.confirm(STAFF, placed.payment.id, "pm_usBankAccount_accountClosed")
    with pytest.raises(InvalidTransition, match="processing"):
        await till.payments.cancel(STAFF, placed.payment.id)
    await sql.run(till.shop.database, "UPDATE sandbox_intents SET settles_at = now()")
    await till.quiet()
    again = await till.payments.create(STAFF, placed.order.id, Wish())
    await till.payments.confirm(STAFF, again.id, "pm_card_visa")
    await till.quiet()
    order = await till.order(placed.order.id)
    assert (order.status, order.amount_captured) == (OrderStatus.CONFIRMED, order.cost.total)
    assert await till.differences() == []


async def paid(till: Till, units: int = 10) -> Placed:
    placed = await till.place(await till.stall.variant(1_000), units)
    assert placed.payment is not None
    await till.payments.confirm(STAFF, placed.payment.id, "pm_card_visa")
    return placed


async def test_two_full_refunds_at_once_pay_back_once(till: Till) -> None:
    for _ in range(5):
        placed = await paid(till)
        wish = RefundWish(placed.order.id)
        done = await asyncio.gather(*(till.refunds.create(wish) for _ in range(2)), return_exceptions=True)
        assert sorted(type(one).__name__ for one in done) == ["BegunRefund", "InvalidInput"]
        await till.quiet()
        order = await till.order(placed.order.id)
        assert order.amount_refunded == order.amount_captured == order.cost.total
    assert await till.differences() == []


async def test_a_hundred_refunds_of_one_percent_and_one_of_everything_never_pay_back_more(till: Till) -> None:
    placed = await paid(till, 19)
    total = placed.order.cost.total
    assert total == Money.of(Decimal(195), "USD")
    percent = RefundWish(placed.order.id, amount=Money.of_units(total.units // 100, "USD"))
    wishes = [percent] * 100 + [RefundWish(placed.order.id)]
    done = await asyncio.gather(*(patient(till, wish) for wish in wishes))
    await till.quiet()
    order = await till.order(placed.order.id)
    assert order.amount_refunded == order.amount_captured == total
    assert {type(one) for one in done if isinstance(one, DomainError)} <= {InvalidInput}
    assert await till.differences() == []
    await books_agree(till.shop.database.settings)


async def patient(till: Till, wish: RefundWish) -> object:
    while True:
        try:
            return await till.refunds.create(wish)
        except Unavailable:
            await asyncio.sleep(0.01)
        except DomainError as refused:
            return refused


async def test_a_provider_that_is_away_is_in_nobody_s_way_and_charges_nothing_twice(till: Till) -> None:
    mug = await till.stall.variant(100)
    for mishaps in ("down", "hang,seed=1", "error-after-effect"):
        with within(scenario(mishaps)):
            placed = await till.place(mug)
            assert placed.payment is not None
            assert (await till.order(placed.order.id)).status is OrderStatus.PENDING
            for _ in range(3):
                await tried(till.payments.confirm(STAFF, placed.payment.id, "pm_card_visa"))
        await till.quiet()
        if (await till.payment(placed.payment.id)).status is PaymentStatus.REQUIRES_PAYMENT_METHOD:
            await till.payments.confirm(STAFF, placed.payment.id, "pm_card_visa")
        assert (await till.payment(placed.payment.id)).status is PaymentStatus.CAPTURED
        order = await till.order(placed.order.id)
        assert (order.status, order.amount_captured) == (OrderStatus.CONFIRMED, order.cost.total)
    assert await till.stall.stock(mug) == (100, 3)
    assert await till.differences() == []
    await books_agree(till.shop.database.settings)


async def test_money_that_comes_when_the_order_has_expired_goes_back_by_itself(till: Till) -> None:
    placed = await till.place(await till.stall.variant(5))
    assert placed.payment is not None
    with within(scenario("error-after-effect")):
        await tried(till.payments.confirm(STAFF, placed.payment.id, "pm_card_visa"))
    await sql.run(till.shop.database, "UPDATE orders SET expires_at = now()")
    assert await till.shop.overdue.expire() == 1
    await till.quiet()
    order = await till.order(placed.order.id)
    assert order.status is OrderStatus.EXPIRED
    assert order.payment_status.name == "REFUNDED" or not order.amount_captured.units
    assert await kept_for_nothing(till) == 0
    assert await till.differences() == []
