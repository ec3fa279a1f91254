"""What every payment provider must do: the same tests for each.

To plug a provider in, subclass `PaymentContract` in a module of tests under a name that begins with `Test`, and give it
a fixture `provider` whose value is a `Provider`: the gateway under test, and what buyers do out of its sight:

    class TestSandbox(PaymentContract):
        @pytest.fixture
        async def provider(self) -> Provider:
            return SandboxUnderTest(...)

The provider must know the tokens below, none of its money may be real, and it may keep what earlier tests left behind.
"""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Protocol
from uuid import UUID, uuid4

import pytest

from domain.payments.gateway import (
    Confirmation,
    Intent,
    NewIntent,
    PaymentGateway,
    ProviderRefund,
    ProviderRefused,
    RefundOrder,
    Setup,
)
from domain.payments.payment import CaptureMethod, PaymentId, PaymentStatus
from domain.payments.refund import RefundId, RefundReason, RefundStatus
from domain.shared.ids import uuid7
from domain.shared.money import Money

VISA = "pm_card_visa"
DECLINED = "pm_card_chargeDeclined"
NO_FUNDS = "pm_card_chargeDeclinedInsufficientFunds"
AUTHENTICATION = "pm_card_authenticationRequired"
DISPUTED = "pm_card_createDispute"
BACK = "http://shop.example/back"
AUTOMATIC, MANUAL = CaptureMethod.AUTOMATIC, CaptureMethod.MANUAL


class WithGateway(Protocol):
    @property
    def gateway(self) -> PaymentGateway: ...


class Provider(WithGateway, Protocol):
    """A gateway, and the buyer's side of it."""

    async def approve(self, intent: Intent) -> None:
        """The buyer follows `intent.next_action` and says yes. Nothing happens when it is too late for that."""
        ...

    async def refuse(self, intent: Intent) -> None:
        """The buyer follows `intent.next_action` and says no."""
        ...

    async def keep(self, setup: Setup, method: str) -> None:
        """The buyer's browser completes `setup` with the means of payment that the token `method` stands for."""
        ...


def money(amount: str, currency: str = "USD") -> Money:
    return Money.of(Decimal(amount), currency)


def some_intent(
    amount: Money | None = None, capture: CaptureMethod = AUTOMATIC, customer: str | None = None
) -> NewIntent:
    return NewIntent(
        payment_id=PaymentId(uuid7()),
        order_id=str(uuid7()),
        order_number="SO-1001",
        amount=amount or money("24.50"),
        capture_method=capture,
        customer=customer,
    )


async def confirmed(provider: WithGateway, new: NewIntent, method: str | None = VISA, key: str | None = None) -> Intent:
    intent = await provider.gateway.create(new)
    return await provider.gateway.confirm(Confirmation(intent.reference, method, BACK, key or fresh()))


async def captured(provider: WithGateway, amount: Money | None = None) -> Intent:
    return await confirmed(provider, some_intent(amount))


async def authorized(provider: WithGateway, amount: Money | None = None) -> Intent:
    return await confirmed(provider, some_intent(amount, MANUAL))


def some_refund(intent: Intent, amount: Money, refund_id: UUID | None = None) -> RefundOrder:
    return RefundOrder(RefundId(refund_id or uuid7()), intent.reference, amount, RefundReason.OTHER)


def fresh() -> str:
    return str(uuid4())


def total(refunds: list[ProviderRefund]) -> Money:
    return sum((one.amount for one in refunds), Money.zero("USD"))


class PaymentContract:
    async def test_a_new_intent_waits_for_a_means_of_payment(self, provider: Provider) -> None:
        new = some_intent()
        intent = await provider.gateway.create(new)
        assert intent.status is PaymentStatus.REQUIRES_PAYMENT_METHOD
        assert (intent.payment_id, intent.amount, intent.amount_captured) == (new.payment_id, new.amount, money("0"))
        assert (intent.capture_method, intent.is_live, intent.is_disputed) == (AUTOMATIC, False, False)
        assert (intent.failure, intent.next_action, tuple(intent.refunds)) == (None, None, ())
        assert intent.client_secret
        assert intent.client_secret not in repr(intent)

    async def test_creating_twice_gives_the_same_intent(self, provider: Provider) -> None:
        new = some_intent()
        first = await provider.gateway.create(new)
        assert await provider.gateway.create(new) == first
        again = await asyncio.gather(*(provider.gateway.create(new) for _ in range(3)))
        assert {one.reference for one in again} == {first.reference}

    async def test_creating_again_tells_how_far_the_intent_has_got(self, provider: Provider) -> None:
        new = some_intent()
        paid = await confirmed(provider, new)
        assert await provider.gateway.create(new) == paid

    async def test_a_payment_cannot_be_created_again_with_another_amount(self, provider: Provider) -> None:
        new = some_intent()
        await provider.gateway.create(new)
        with pytest.raises(ProviderRefused):
            await provider.gateway.create(replace(new, amount=money("1")))

    async def test_a_good_card_pays_at_once(self, provider: Provider) -> None:
        intent = await captured(provider)
        assert intent.status is PaymentStatus.CAPTURED
        assert (intent.amount, intent.amount_captured) == (money("24.50"), money("24.50"))
        assert intent.method is not None
        assert (intent.method.type, intent.method.brand, intent.method.last4) == ("card", "visa", "4242")
        assert intent.method.exp_month in range(1, 13)
        assert intent.method.exp_year is not None
        assert intent.method_reference
        assert (intent.failure, intent.next_action) == (None, None)
        assert await provider.gateway.retrieve(intent.reference) == intent

    async def test_a_confirmation_that_comes_twice_pays_once(self, provider: Provider) -> None:
        new, key = some_intent(), fresh()
        first = await confirmed(provider, new, key=key)
        second = await confirmed(provider, new, key=key)
        assert second == first
        assert second.amount_captured == new.amount

    async def test_what_is_paid_cannot_be_paid_again(self, provider: Provider) -> None:
        intent = await captured(provider)
        again = await provider.gateway.confirm(Confirmation(intent.reference, DECLINED, BACK, fresh()))
        assert again == intent

    async def test_a_confirmation_without_a_means_of_payment_is_refused(self, provider: Provider) -> None:
        with pytest.raises(ProviderRefused):
            await confirmed(provider, some_intent(), None)

    async def test_an_unknown_means_of_payment_is_refused(self, provider: Provider) -> None:
        with pytest.raises(ProviderRefused):
            await confirmed(provider, some_intent(), "pm_card_nobody")

    async def test_an_unknown_intent_is_refused(self, provider: Provider) -> None:
        with pytest.raises(ProviderRefused):
            await provider.gateway.retrieve("pi_0123456789")

    async def test_manual_capture_authorizes_first(self, provider: Provider) -> None:
        intent = await authorized(provider)
        assert (intent.status, intent.capture_method) == (PaymentStatus.AUTHORIZED, MANUAL)
        assert intent.amount_captured == money("0")
        taken = await provider.gateway.capture(intent.reference, intent.amount, fresh())
        assert (taken.status, taken.amount_captured) == (PaymentStatus.CAPTURED, intent.amount)

    async def test_a_part_can_be_captured_and_the_rest_is_let_go(self, provider: Provider) -> None:
        intent = await authorized(provider)
        taken = await provider.gateway.capture(intent.reference, money("10"), fresh())
        assert (taken.status, taken.amount, taken.amount_captured) == (
            PaymentStatus.CAPTURED,
            intent.amount,
            money("10"),
        )
        again = await provider.gateway.capture(intent.reference, money("5"), fresh())
        assert (again.status, again.amount_captured) == (PaymentStatus.CAPTURED, money("10"))

    async def test_a_capture_that_comes_twice_is_one(self, provider: Provider) -> None:
        intent, key = await authorized(provider), fresh()
        one = await provider.gateway.capture(intent.reference, money("10"), key)
        assert await provider.gateway.capture(intent.reference, money("10"), key) == one

    async def test_no_more_is_captured_than_was_authorized(self, provider: Provider) -> None:
        intent = await authorized(provider)
        with pytest.raises(ProviderRefused):
            await provider.gateway.capture(intent.reference, money("24.51"), fresh())
        assert (await provider.gateway.retrieve(intent.reference)).status is PaymentStatus.AUTHORIZED

    async def test_what_is_not_authorized_cannot_be_captured(self, provider: Provider) -> None:
        intent = await provider.gateway.create(some_intent(capture=MANUAL))
        with pytest.raises(ProviderRefused):
            await provider.gateway.capture(intent.reference, intent.amount, fresh())

    async def test_an_unpaid_intent_can_be_canceled_and_stays_so(self, provider: Provider) -> None:
        intent = await provider.gateway.create(some_intent())
        assert (await provider.gateway.cancel(intent.reference, fresh())).status is PaymentStatus.CANCELED
        assert (await provider.gateway.cancel(intent.reference, fresh())).status is PaymentStatus.CANCELED
        late = await provider.gateway.confirm(Confirmation(intent.reference, VISA, BACK, fresh()))
        assert (late.status, late.amount_captured) == (PaymentStatus.CANCELED, money("0"))

    async def test_an_authorization_can_be_let_go(self, provider: Provider) -> None:
        intent = await authorized(provider)
        assert (await provider.gateway.cancel(intent.reference, fresh())).status is PaymentStatus.CANCELED
        late = await provider.gateway.capture(intent.reference, intent.amount, fresh())
        assert (late.status, late.amount_captured) == (PaymentStatus.CANCELED, money("0"))

    async def test_canceling_what_is_paid_says_that_it_is_paid(self, provider: Provider) -> None:
        intent = await captured(provider)
        assert await provider.gateway.cancel(intent.reference, fresh()) == intent

    @pytest.mark.parametrize(
        ("method", "decline_code"), [(DECLINED, "generic_decline"), (NO_FUNDS, "insufficient_funds")]
    )
    async def test_a_declined_card_is_told_with_its_codes(
        self, provider: Provider, method: str, decline_code: str
    ) -> None:
        intent = await confirmed(provider, some_intent(), method)
        assert (intent.status, intent.amount_captured) == (PaymentStatus.FAILED, money("0"))
        assert intent.failure is not None
        assert (intent.failure.code, intent.failure.decline_code) == ("card_declined", decline_code)
        assert intent.failure.message
        assert (await provider.gateway.retrieve(intent.reference)).failure == intent.failure

    async def test_a_declined_intent_can_be_canceled(self, provider: Provider) -> None:
        intent = await confirmed(provider, some_intent(), DECLINED)
        over = await provider.gateway.cancel(intent.reference, fresh())
        assert (over.status, over.failure) == (PaymentStatus.CANCELED, None)

    @pytest.mark.parametrize(
        ("capture", "paid"), [(AUTOMATIC, PaymentStatus.CAPTURED), (MANUAL, PaymentStatus.AUTHORIZED)]
    )
    async def test_a_card_may_want_the_buyer_to_approve_which_can_be_late(
        self, provider: Provider, capture: CaptureMethod, paid: PaymentStatus
    ) -> None:
        intent = await confirmed(provider, some_intent(capture=capture), AUTHENTICATION)
        assert (intent.status, intent.amount_captured) == (PaymentStatus.REQUIRES_ACTION, money("0"))
        assert intent.next_action is not None
        assert (intent.next_action.url or "").startswith("http")
        await provider.approve(intent)
        later = await provider.gateway.retrieve(intent.reference)
        assert (later.status, later.next_action, later.failure) == (paid, None, None)

    async def test_a_buyer_who_refuses_has_failed_to_pay(self, provider: Provider) -> None:
        intent = await confirmed(provider, some_intent(), AUTHENTICATION)
        await provider.refuse(intent)
        later = await provider.gateway.retrieve(intent.reference)
        assert (later.status, later.next_action) == (PaymentStatus.FAILED, None)
        assert later.failure is not None
        assert later.failure.code == "payment_intent_authentication_failure"

    async def test_approving_what_was_canceled_pays_nothing(self, provider: Provider) -> None:
        intent = await confirmed(provider, some_intent(), AUTHENTICATION)
        assert (await provider.gateway.cancel(intent.reference, fresh())).status is PaymentStatus.CANCELED
        await provider.approve(intent)
        later = await provider.gateway.retrieve(intent.reference)
        assert (later.status, later.amount_captured) == (PaymentStatus.CANCELED, money("0"))

    async def test_a_dispute_is_told(self, provider: Provider) -> None:
        intent = await confirmed(provider, some_intent(), DISPUTED)
        later = await provider.gateway.retrieve(intent.reference)
        assert (later.status, later.is_disputed) == (PaymentStatus.CAPTURED, True)

    async def test_parts_and_then_the_rest_can_be_refunded_and_never_more(self, provider: Provider) -> None:
        intent = await captured(provider)
        part, rest = some_refund(intent, money("4.50")), some_refund(intent, money("20"))
        first = await provider.gateway.refund(part)
        assert (first.refund_id, first.amount, first.status) == (
            part.refund_id,
            money("4.50"),
            RefundStatus.SUCCEEDED,
        )
        with pytest.raises(ProviderRefused):
            await provider.gateway.refund(some_refund(intent, money("20.01")))
        second = await provider.gateway.refund(rest)
        with pytest.raises(ProviderRefused):
            await provider.gateway.refund(some_refund(intent, money("0.01")))
        later = await provider.gateway.retrieve(intent.reference)
        assert sorted(one.reference for one in later.refunds) == sorted([first.reference, second.reference])
        assert {one.refund_id for one in later.refunds} == {part.refund_id, rest.refund_id}
        assert (later.status, later.amount_captured) == (PaymentStatus.CAPTURED, intent.amount)

    async def test_a_refund_that_comes_twice_is_one(self, provider: Provider) -> None:
        intent = await captured(provider)
        order = some_refund(intent, money("10"))
        first = await provider.gateway.refund(order)
        assert await provider.gateway.refund(order) == first
        others = await asyncio.gather(*(provider.gateway.refund(order) for _ in range(3)))
        assert {one.reference for one in others} == {first.reference}
        assert list((await provider.gateway.retrieve(intent.reference)).refunds) == [first]

    async def test_two_full_refunds_at_once_pay_back_once(self, provider: Provider) -> None:
        intent = await captured(provider)
        orders = (some_refund(intent, intent.amount) for _ in range(2))
        ends = await asyncio.gather(*(provider.gateway.refund(one) for one in orders), return_exceptions=True)
        assert sorted(isinstance(end, ProviderRefused) for end in ends) == [False, True]
        refunds = list((await provider.gateway.retrieve(intent.reference)).refunds)
        assert total(refunds) == intent.amount

    async def test_all_refunds_are_listed_however_many_there_are(self, provider: Provider) -> None:
        intent = await captured(provider)
        orders = [some_refund(intent, money("0.10")) for _ in range(23)]
        for order in orders:
            await provider.gateway.refund(order)
        refunds = list((await provider.gateway.retrieve(intent.reference)).refunds)
        assert {one.refund_id for one in refunds} == {order.refund_id for order in orders}
        assert len(refunds) == len(orders)
        assert total(refunds) == money("2.30")

    async def test_what_was_not_captured_cannot_be_refunded(self, provider: Provider) -> None:
        for intent in (await authorized(provider), await provider.gateway.create(some_intent())):
            with pytest.raises(ProviderRefused):
                await provider.gateway.refund(some_refund(intent, money("1")))

    async def test_no_more_is_refunded_than_was_captured(self, provider: Provider) -> None:
        intent = await authorized(provider)
        await provider.gateway.capture(intent.reference, money("10"), fresh())
        with pytest.raises(ProviderRefused):
            await provider.gateway.refund(some_refund(intent, money("10.01")))
        assert (await provider.gateway.refund(some_refund(intent, money("10")))).amount == money("10")

    @pytest.mark.parametrize(
        ("amount", "part"),
        [
            (money("1250", "JPY"), money("250", "JPY")),
            (money("12.50", "USD"), money("2.50", "USD")),
            (money("12.340", "KWD"), money("2.340", "KWD")),
            (money("1250", "ISK"), money("250", "ISK")),
            (money("1250", "RSD"), money("250", "RSD")),
            (money("1250.50", "HUF"), money("250.50", "HUF")),
        ],
    )
    async def test_each_currency_keeps_its_amounts(self, provider: Provider, amount: Money, part: Money) -> None:
        intent = await authorized(provider, amount)
        assert intent.amount == amount
        taken = await provider.gateway.capture(intent.reference, amount, fresh())
        assert (taken.amount_captured, taken.amount) == (amount, amount)
        assert (await provider.gateway.refund(some_refund(intent, part))).amount == part
        assert [one.amount for one in (await provider.gateway.retrieve(intent.reference)).refunds] == [part]

    async def test_a_customer_is_made_once_for_each_key(self, provider: Provider) -> None:
        user, key = str(uuid7()), fresh()
        customer = await provider.gateway.new_customer(user, key)
        assert await provider.gateway.new_customer(user, key) == customer
        assert await provider.gateway.new_customer(str(uuid7()), fresh()) != customer

    async def test_a_kept_card_pays_until_it_is_forgotten(self, provider: Provider) -> None:
        customer = await provider.gateway.new_customer(str(uuid7()), fresh())
        setup = await provider.gateway.set_up(customer, fresh())
        assert (setup.customer, setup.is_complete) == (customer, False)
        assert setup.client_secret
        assert setup.client_secret not in repr(setup)
        await provider.keep(setup, VISA)
        kept = await provider.gateway.retrieve_setup(setup.reference)
        assert (kept.customer, kept.is_complete) == (customer, True)
        assert kept.method is not None
        assert (kept.method.brand, kept.method.last4) == ("visa", "4242")
        assert kept.method_reference is not None
        paid = await confirmed(provider, some_intent(customer=customer), kept.method_reference)
        assert (paid.status, paid.method_reference) == (PaymentStatus.CAPTURED, kept.method_reference)
        await provider.gateway.detach(kept.method_reference)
        await provider.gateway.detach(kept.method_reference)
        with pytest.raises(ProviderRefused):
            await confirmed(provider, some_intent(customer=customer), kept.method_reference)

    async def test_a_set_up_that_comes_twice_is_one(self, provider: Provider) -> None:
        customer, key = await provider.gateway.new_customer(str(uuid7()), fresh()), fresh()
        one = await provider.gateway.set_up(customer, key)
        assert (await provider.gateway.set_up(customer, key)).reference == one.reference
