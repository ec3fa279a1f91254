"""Random stories of orders: what the shop says can be done with one is just what it then does."""

import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from domain.orders.fulfilling import unpacked
from domain.orders.fulfillment import FulfillmentStatus
from domain.orders.fulfillments import Packing, Update
from domain.orders.order import OrderCancelReason, OrderId
from domain.orders.placing import Placement
from domain.orders.shipment import Details
from domain.payments.actions import OrderAction, Situation, available
from domain.payments.payment import CaptureMethod, Payment, PaymentStatus
from domain.payments.refunds import RefundWish, ReturnWish
from domain.payments.settling import refundable
from domain.payments.wish import Wish
from domain.shared.clock import now
from domain.shared.errors import DomainError
from domain.shared.money import Money
from domain.users.user import ANONYMOUS, Actor, UserRole
from persistence.audit import violations
from server.wiring import Shop
from tests import sql
from tests.selling import Market, market
from tests.sizes import ACTION_STORIES

STAFF = Actor(None, UserRole.ADMIN)
STEPS = 14
TOKENS = (
    *("pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired"),
    *("pm_usBankAccount", "pm_usBankAccount_accountClosed", "pm_card_pendingRefund", "pm_card_refundFail"),
)
CENTS = (1, 100, 999, 1_000, 1_500, 2_500, 3_500)


class Unwritten:
    """A unit of work that is never committed: what is done in it is undone."""

    def __init__(self, work: object) -> None:
        self._work = work

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)

    async def commit(self, result: object = None) -> None:
        del result


def unwritten(begin: Callable[..., Any]) -> Any:
    @asynccontextmanager
    async def begun(*once: object) -> AsyncGenerator[Unwritten]:
        async with begin(*once) as work:
            yield Unwritten(work)

    return begun


@dataclass
class Story:
    """One order, and what happens to it; `told` is what did, for whoever looks for the reason of a failure."""

    shop: Shop
    stall: Market
    order: OrderId
    chance: random.Random
    told: list[str] = field(default_factory=list[str])

    @classmethod
    async def begun(cls, shop: Shop, stall: Market, chance: random.Random) -> "Story":
        variants = [await stall.variant(10) for _ in range(chance.randint(1, 2))]
        cart = await stall.cart({variant: chance.randint(1, 2) for variant in variants})
        wish = Wish(chance.choice(list(CaptureMethod)))
        placed = await shop.services.checkout_placing.place(ANONYMOUS, Placement(cart), wish)
        return cls(shop, stall, placed.order.id, chance)

    async def situation(self) -> Situation:
        orders, payments, key = self.shop.readers.orders, self.shop.readers.payments, [self.order]
        return Situation(
            (await orders.by_ids(key))[self.order],
            (await orders.lines_of(key)).get(self.order, ()),
            (await orders.fulfillments_of(key)).get(self.order, ()),
            (await payments.of_orders(key)).get(self.order, ()),
            (await payments.refunds_of(key)).get(self.order, ()),
        )

    async def go_on(self) -> None:
        """One thing that happens, or is refused."""
        steps: Sequence[Callable[[], Awaitable[object]]] = (
            *(self.pay, self.pay, self.pay, self.begin_again, self.capture, self.capture, self.let_go),
            *(self.pack, self.pack, self.move, self.move, self.move, self.cancel, self.expire),
            *(self.pay_back, self.pay_back, self.take_back, self.behind, self.behind, self.hear_from_the_bank),
        )
        step = self.chance.choice(steps)
        self.told.append(step.__name__)
        with suppress(DomainError):
            await step()

    async def last(self, *statuses: PaymentStatus) -> Payment:
        payments = [one for one in (await self.situation()).payments if not statuses or one.status in statuses]
        return payments[-1] if payments else (await self.situation()).payments[-1]

    async def pay(self) -> None:
        token = self.chance.choice(TOKENS)
        self.told.append(token)
        await self.shop.services.payments.confirm(STAFF, (await self.last()).id, token)

    async def begin_again(self) -> None:
        await self.shop.services.payments.create(STAFF, self.order, Wish(self.chance.choice(list(CaptureMethod))))

    async def capture(self) -> None:
        payment = await self.last(PaymentStatus.AUTHORIZED)
        amount = self.chance.choice([None, Money.of_units(self.chance.choice(CENTS), "USD")])
        await self.shop.services.payments.capture(STAFF, payment.id, amount)

    async def let_go(self) -> None:
        await self.shop.services.payments.cancel(STAFF, (await self.last()).id)

    async def pack(self) -> None:
        lines = (await self.situation()).lines
        chosen = self.chance.choice([None, [(self.chance.choice(lines).id, 1)]])
        await self.shop.services.fulfillments.create(Packing(self.order, chosen, Details()))

    async def move(self) -> None:
        fulfillments = (await self.situation()).fulfillments
        if fulfillments:
            one, status = self.chance.choice(fulfillments), self.chance.choice(list(FulfillmentStatus))
            self.told.append(status.name)
            await self.shop.services.fulfillments.update(Update(one.id, status, None, Details()))

    async def cancel(self) -> None:
        if self.chance.random() < 0.5:
            await self.shop.services.orders.cancel(STAFF, self.order, OrderCancelReason.OTHER, None)

    async def expire(self) -> None:
        late = "UPDATE orders SET expires_at = now() WHERE id = :id AND status = 'pending'"
        if self.chance.random() < 0.3:
            await sql.run(self.shop.database, late, id=self.order)
            await self.shop.overdue.expire()

    async def pay_back(self) -> None:
        amount = self.chance.choice([None, Money.of_units(self.chance.choice(CENTS), "USD")])
        await self.shop.services.refunds.create(RefundWish(self.order, amount=amount))

    async def take_back(self) -> None:
        line = self.chance.choice((await self.situation()).lines)
        wish = ReturnWish(line.id, self.chance.randint(1, 2), restock=self.chance.choice([True, False]))
        await self.shop.services.refunds.create(RefundWish(self.order, lines=[wish]))

    async def behind(self) -> None:
        """What waits in the outbox is carried out."""
        while await self.shop.relay.turn():
            pass

    async def hear_from_the_bank(self) -> None:
        for table in ("sandbox_intents", "sandbox_refunds"):
            await sql.run(self.shop.database, f"UPDATE {table} SET settles_at = now() WHERE settles_at IS NOT NULL")
        for payment in (await self.situation()).payments:
            if payment.reference is not None:
                await self.shop.services.payments.check(payment)

    async def says(self) -> dict[OrderAction, bool]:
        return {one.action: one.allowed for one in available(await self.situation(), now(), is_staff=True)}

    async def does(self, action: OrderAction) -> bool:
        """Whether it is done when it is tried. Only the beginning of a payment is not undone."""
        services, reason = self.shop.services, OrderCancelReason.OTHER
        begin: Any = unwritten(services.refunds.begin)
        try:
            match action:
                case OrderAction.PAY:
                    await self.begin_again()
                case OrderAction.CANCEL:
                    await replace(services.orders, begin=begin).cancel(STAFF, self.order, reason, None)
                case OrderAction.FULFILL:
                    fulfillments = replace(services.fulfillments, begin=begin)
                    await fulfillments.create(Packing(self.order, None, Details()))
                case OrderAction.REFUND:
                    await replace(services.refunds, begin=begin).create(RefundWish(self.order))
                case OrderAction.RETURN:
                    return await self._takes_back(begin)
        except DomainError as refused:
            self.told.append(f"{action.name}: {refused}")
            return False
        return True

    async def _takes_back(self, begin: Any) -> bool:
        """Whether some unit that was sent is paid back, with what is left of the money."""
        situation = await self.situation()
        free, refunds = (
            unpacked(situation.lines, situation.fulfillments),
            replace(self.shop.services.refunds, begin=begin),
        )
        left = max((refundable(one, situation.refunds) for one in situation.payments), key=lambda one: one.units)
        for line in situation.lines:
            # those that were not sent go first
            wish = ReturnWish(line.id, free[line.id] + 1, restock=True)
            with suppress(DomainError):
                await refunds.create(RefundWish(self.order, amount=left, lines=[wish]))
                return True
        return False


@pytest.mark.parametrize("seed", range(ACTION_STORIES))
async def test_what_is_allowed_is_what_is_done(own_shop: Shop, seed: int) -> None:
    chance = random.Random(seed)
    story = await Story.begun(own_shop, await market(own_shop.database), chance)
    for step in range(STEPS):
        await story.go_on()
        told = await story.says()
        for action in OrderAction:
            # trying to pay begins another payment: not after each step, so that some payments go on
            if action is OrderAction.PAY and told[action] and step % 3:
                continue
            assert await story.does(action) is told[action], (action, story.told)
            if action is OrderAction.PAY:
                told = await story.says()
    found = [violation async for violation in violations(own_shop.database.settings)]
    assert found == []
