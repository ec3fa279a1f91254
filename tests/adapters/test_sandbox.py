"""The sandbox moves no money as Stripe would move some."""

import asyncio

import pytest

from adapters.sandbox.tokens import TOKENS
from domain.payments.gateway import NewIntent, OutcomeUnknown, ProviderDown, ProviderRefused
from domain.payments.payment import (
    CaptureMethod,
    PaymentFailure,
    PaymentId,
    PaymentMethodDetails,
    PaymentNextAction,
    PaymentProvider,
    PaymentStatus,
)
from domain.payments.refund import RefundStatus
from domain.shared.ids import uuid7
from domain.shared.money import Money
from persistence.database import Database
from tests.adapters.sandboxes import ADDRESS, Sandbox, fresh, refusal, sandbox_database, usd

SOME_MONEY = usd(5_000)


__all__ = ["sandbox_database"]


@pytest.fixture
def sandbox(sandbox_database: Database) -> Sandbox:
    return Sandbox.over(sandbox_database)


async def test_an_intent_begins_without_a_means_of_payment(sandbox: Sandbox) -> None:
    payment = PaymentId(uuid7())
    new = NewIntent(payment, "order", "SK-1", SOME_MONEY, CaptureMethod.AUTOMATIC)
    intent = await sandbox.gateway.create(new)
    assert sandbox.gateway.provider is PaymentProvider.SANDBOX
    assert intent.status is PaymentStatus.REQUIRES_PAYMENT_METHOD
    assert (intent.payment_id, intent.amount, intent.amount_captured) == (payment, SOME_MONEY, usd(0))
    assert intent.client_secret is not None
    assert intent.client_secret.startswith(f"{intent.reference}_secret_")
    assert not intent.is_live
    assert intent.client_secret not in repr(intent)
    assert await sandbox.gateway.retrieve(intent.reference) == intent
    assert await sandbox.gateway.create(new) == intent


@pytest.mark.parametrize(
    ("token", "details"),
    [
        ("pm_card_visa", PaymentMethodDetails("card", "visa", "4242", 12, 2034)),
        ("pm_card_mastercard", PaymentMethodDetails("card", "mastercard", "4444", 12, 2034)),
        ("pm_card_amex", PaymentMethodDetails("card", "amex", "8431", 12, 2034)),
    ],
)
async def test_a_good_card_pays_at_once(sandbox: Sandbox, token: str, details: PaymentMethodDetails) -> None:
    intent = await sandbox.paid(token)
    assert (intent.status, intent.amount_captured) == (PaymentStatus.CAPTURED, SOME_MONEY)
    assert intent.method == details
    assert (intent.method_reference or "").startswith("pm_")
    assert await sandbox.gateway.retrieve(intent.reference) == intent


@pytest.mark.parametrize(
    ("token", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", None),
    ],
)
async def test_a_declined_card_fails_with_its_reason_and_another_one_may_pay(
    sandbox: Sandbox, token: str, code: str, decline_code: str | None
) -> None:
    intent = await sandbox.paid(token)
    assert intent.status is PaymentStatus.FAILED
    assert intent.failure is not None
    assert (intent.failure.code, intent.failure.decline_code) == (code, decline_code)
    assert intent.failure.message.endswith(".")
    assert intent.amount_captured == usd(0)
    again = await sandbox.confirm(intent.reference, "pm_card_visa")
    assert (again.status, again.failure) == (PaymentStatus.CAPTURED, None)


async def test_a_token_that_nobody_knows_is_refused(sandbox: Sandbox) -> None:
    intent = await sandbox.intent()
    assert await refusal(sandbox.confirm(intent.reference, "pm_card_of_nobody")) == "resource_missing"
    assert await refusal(sandbox.confirm(intent.reference, None)) == "payment_intent_unexpected_state"
    assert await refusal(sandbox.confirm("pi_none", "pm_card_visa")) == "resource_missing"
    assert await refusal(sandbox.gateway.retrieve("pi_none")) == "resource_missing"
    assert (await sandbox.gateway.retrieve(intent.reference)).status is PaymentStatus.REQUIRES_PAYMENT_METHOD


async def test_a_card_that_asks_the_buyer_sends_them_to_a_page(sandbox: Sandbox) -> None:
    intent = await sandbox.paid("pm_card_authenticationRequired")
    assert intent.status is PaymentStatus.REQUIRES_ACTION
    assert intent.next_action == PaymentNextAction("redirect_to_url", f"{ADDRESS}/sandbox/approve/{intent.reference}")
    assert (await sandbox.gateway.cancel(intent.reference, fresh())).status is PaymentStatus.CANCELED


async def test_a_bank_takes_a_while_and_then_pays_or_does_not(sandbox: Sandbox) -> None:
    paying = await sandbox.paid("pm_usBankAccount_success")
    failing = await sandbox.paid("pm_usBankAccount_insufficientFunds")
    assert {paying.status, failing.status} == {PaymentStatus.PROCESSING}
    assert paying.method == PaymentMethodDetails("us_bank_account", "STRIPE TEST BANK", "6789")
    assert (await sandbox.gateway.cancel(paying.reference, fresh())).status is PaymentStatus.PROCESSING
    assert (await sandbox.confirm(paying.reference, "pm_card_visa")).status is PaymentStatus.PROCESSING
    sandbox.clock.turn(2.9)
    assert (await sandbox.gateway.retrieve(paying.reference)).status is PaymentStatus.PROCESSING
    sandbox.clock.turn(0.1)
    assert (await sandbox.gateway.retrieve(paying.reference)).amount_captured == SOME_MONEY
    failed = await sandbox.gateway.retrieve(failing.reference)
    assert (failed.status, failed.failure) == (
        PaymentStatus.FAILED,
        PaymentFailure("insufficient_funds", None, "The bank account has insufficient funds."),
    )


async def test_a_bank_account_is_not_authorized_and_captured_later(sandbox: Sandbox) -> None:
    refused = await refusal(sandbox.paid("pm_usBankAccount", manual=True))
    assert refused == "payment_intent_incompatible_payment_method"


async def test_what_is_authorized_can_be_captured_in_part_once(sandbox: Sandbox) -> None:
    intent = await sandbox.paid(manual=True)
    assert (intent.status, intent.amount_captured) == (PaymentStatus.AUTHORIZED, usd(0))
    reference = intent.reference
    assert await refusal(sandbox.gateway.capture(reference, usd(5_001), fresh())) == "amount_too_large"
    assert await refusal(sandbox.gateway.capture(reference, usd(0), fresh())) == "amount_too_large"
    yen = Money.of_units(1, "JPY")
    assert await refusal(sandbox.gateway.capture(reference, yen, fresh())) == "parameter_invalid"
    captured = await sandbox.gateway.capture(reference, usd(2_000), fresh())
    assert (captured.status, captured.amount, captured.amount_captured) == (
        PaymentStatus.CAPTURED,
        SOME_MONEY,
        usd(2_000),
    )
    assert await sandbox.gateway.capture(reference, usd(3_000), fresh()) == captured
    assert await refusal(sandbox.refund(reference, 2_001)) == "amount_too_large"


async def test_what_is_authorized_can_be_let_go(sandbox: Sandbox) -> None:
    intent = await sandbox.paid(manual=True)
    assert (await sandbox.gateway.cancel(intent.reference, fresh())).status is PaymentStatus.CANCELED
    assert (await sandbox.gateway.cancel(intent.reference, fresh())).status is PaymentStatus.CANCELED
    late = await sandbox.gateway.capture(intent.reference, SOME_MONEY, fresh())
    assert (late.status, late.amount_captured) == (PaymentStatus.CANCELED, usd(0))
    assert await sandbox.confirm(intent.reference, "pm_card_visa") == late


async def test_what_is_paid_is_not_canceled_and_says_so(sandbox: Sandbox) -> None:
    intent = await sandbox.paid()
    assert (await sandbox.gateway.cancel(intent.reference, fresh())).status is PaymentStatus.CAPTURED


async def test_money_is_paid_back_up_to_what_was_taken(sandbox: Sandbox) -> None:
    intent = await sandbox.paid()
    identity = uuid7()
    first = await sandbox.refund(intent.reference, 2_000, identity)
    assert (first.status, first.amount, first.refund_id) == (RefundStatus.SUCCEEDED, usd(2_000), identity)
    assert await refusal(sandbox.refund(intent.reference, 3_001)) == "amount_too_large"
    sandbox.clock.turn(1)
    second = await sandbox.refund(intent.reference, 3_000)
    assert await refusal(sandbox.refund(intent.reference, 1)) == "charge_already_refunded"
    assert list((await sandbox.gateway.retrieve(intent.reference)).refunds) == [first, second]


async def test_what_is_not_paid_is_not_paid_back(sandbox: Sandbox) -> None:
    intent = await sandbox.intent()
    assert await refusal(sandbox.refund(intent.reference, 1)) == "payment_intent_unexpected_state"


async def test_a_refund_may_take_a_while(sandbox: Sandbox) -> None:
    intent = await sandbox.paid("pm_card_pendingRefund")
    assert (await sandbox.refund(intent.reference, 1_000)).status is RefundStatus.PENDING
    assert await refusal(sandbox.refund(intent.reference, 4_001)) == "amount_too_large"
    sandbox.clock.turn(3)
    (refund,) = (await sandbox.gateway.retrieve(intent.reference)).refunds
    assert refund.status is RefundStatus.SUCCEEDED


async def test_a_refund_may_come_back_and_be_tried_again(sandbox: Sandbox) -> None:
    intent = await sandbox.paid("pm_card_refundFail")
    assert (await sandbox.refund(intent.reference, 5_000)).status is RefundStatus.SUCCEEDED
    assert await refusal(sandbox.refund(intent.reference, 5_000)) == "charge_already_refunded"
    sandbox.clock.turn(3)
    (refund,) = (await sandbox.gateway.retrieve(intent.reference)).refunds
    assert refund.status is RefundStatus.FAILED
    assert (await sandbox.refund(intent.reference, 5_000)).status is RefundStatus.SUCCEEDED


async def test_what_is_disputed_was_paid_and_is_not_paid_back_besides(sandbox: Sandbox) -> None:
    intent = await sandbox.paid("pm_card_createDispute")
    assert (intent.status, intent.is_disputed) == (PaymentStatus.CAPTURED, True)
    assert await refusal(sandbox.refund(intent.reference, 1)) == "charge_disputed"
    held = await sandbox.paid("pm_card_createDispute", manual=True)
    assert not held.is_disputed
    assert (await sandbox.gateway.capture(held.reference, usd(1), fresh())).is_disputed


@pytest.mark.parametrize(("currency", "units", "amount"), [("JPY", 1_250, "1250"), ("KWD", 1_250, "1.250")])
async def test_amounts_are_in_the_smallest_units_of_their_currency(
    sandbox: Sandbox, currency: str, units: int, amount: str
) -> None:
    intent = await sandbox.intent(units, currency=currency)
    assert str(intent.amount.amount) == amount


async def test_a_key_stands_for_one_request_and_tells_what_became_of_it(sandbox: Sandbox) -> None:
    intent, key = await sandbox.intent(), fresh()
    declined = await sandbox.confirm(intent.reference, "pm_card_chargeDeclined", key)
    assert await sandbox.confirm(intent.reference, "pm_card_chargeDeclined", key) == declined
    paid = await sandbox.confirm(intent.reference, "pm_card_visa")
    assert await sandbox.confirm(intent.reference, "pm_card_chargeDeclined", key) == paid
    assert await refusal(sandbox.confirm(intent.reference, "pm_card_visa", key)) == "idempotency_error"
    assert await sandbox.gateway.cancel(intent.reference, key) == paid


async def test_what_was_refused_is_refused_again_by_the_same_key(sandbox: Sandbox) -> None:
    intent, key = await sandbox.intent(), fresh()
    assert await refusal(sandbox.gateway.capture(intent.reference, usd(1), key)) == "payment_intent_unexpected_state"
    assert await refusal(sandbox.gateway.capture(intent.reference, usd(1), key)) == "payment_intent_unexpected_state"


async def test_copies_of_a_request_have_one_effect_and_one_answer(sandbox: Sandbox) -> None:
    new = NewIntent(PaymentId(uuid7()), "order", "SK-1", SOME_MONEY, CaptureMethod.MANUAL)
    intents = await asyncio.gather(*(sandbox.gateway.create(new) for _ in range(20)))
    assert intents == [intents[0]] * 20
    reference = intents[0].reference
    one, two = fresh(), fresh()
    confirmed = await asyncio.gather(*(sandbox.confirm(reference, "pm_card_visa", one) for _ in range(20)))
    assert confirmed == [confirmed[0]] * 20
    captured = await asyncio.gather(*(sandbox.gateway.capture(reference, usd(900), two) for _ in range(20)))
    assert captured == [captured[0]] * 20
    identity = uuid7()
    refunds = await asyncio.gather(*(sandbox.refund(reference, 300, identity) for _ in range(20)))
    assert refunds == [refunds[0]] * 20
    assert (await sandbox.gateway.retrieve(reference)).refunds == [refunds[0]]


async def test_of_many_different_confirmations_one_pays(sandbox: Sandbox) -> None:
    intent = await sandbox.intent(manual=True)
    tries = [sandbox.confirm(intent.reference, "pm_card_visa") for _ in range(100)]
    answers = await asyncio.gather(*tries)
    assert {answer.status for answer in answers} == {PaymentStatus.AUTHORIZED}
    assert len({answer.method_reference for answer in answers}) == 1


async def test_of_many_different_captures_one_takes(sandbox: Sandbox) -> None:
    intent = await sandbox.paid(manual=True)
    tries = [sandbox.gateway.capture(intent.reference, usd(51 + units), fresh()) for units in range(100)]
    answers = await asyncio.gather(*tries)
    assert answers == [await sandbox.gateway.retrieve(intent.reference)] * 100


async def test_a_hundred_refunds_and_a_full_one_never_pay_back_more_than_was_taken(sandbox: Sandbox) -> None:
    intent = await sandbox.paid()
    tries = [sandbox.refund(intent.reference, 5_000), *(sandbox.refund(intent.reference, 50) for _ in range(100))]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    refunds = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert sum(isinstance(answer, ProviderRefused) for answer in answers) == 101 - len(refunds)
    assert len(refunds) in {1, 100}
    assert sum(refund.amount.units for refund in refunds) == 5_000
    assert len((await sandbox.gateway.retrieve(intent.reference)).refunds) == len(refunds)


async def test_users_become_customers_once(sandbox: Sandbox) -> None:
    key = fresh()
    customer = await sandbox.gateway.new_customer("user", key)
    assert customer.startswith("cus_")
    assert await sandbox.gateway.new_customer("user", key) == customer
    assert (await sandbox.intent(customer=customer)).reference
    assert await refusal(sandbox.intent(customer="cus_none")) == "resource_missing"


async def test_a_setup_begins_without_a_means_of_payment(sandbox: Sandbox) -> None:
    customer = await sandbox.gateway.new_customer("user", fresh())
    setup = await sandbox.gateway.set_up(customer, fresh())
    assert (setup.customer, setup.is_complete, setup.method) == (customer, False, None)
    assert (setup.client_secret or "").startswith(f"{setup.reference}_secret_")
    assert await sandbox.gateway.retrieve_setup(setup.reference) == setup
    assert await refusal(sandbox.gateway.set_up("cus_none", fresh())) == "resource_missing"
    assert await refusal(sandbox.gateway.retrieve_setup("seti_none")) == "resource_missing"
    await sandbox.gateway.detach("pm_none")


async def test_a_provider_that_is_down_has_not_heard_of_it(sandbox: Sandbox) -> None:
    intent = await sandbox.paid(manual=True)
    with pytest.raises(ProviderDown):
        await sandbox.suffering("down").capture(intent.reference, usd(1), fresh())
    with pytest.raises(ProviderDown):
        await sandbox.suffering("down").retrieve(intent.reference)
    assert await sandbox.gateway.retrieve(intent.reference) == intent


async def test_an_error_after_the_effect_leaves_the_outcome_to_be_asked_for(sandbox: Sandbox) -> None:
    intent = await sandbox.paid(manual=True)
    failing, key = sandbox.suffering("error-after-effect"), fresh()
    with pytest.raises(OutcomeUnknown):
        await failing.capture(intent.reference, usd(1), key)
    assert (await failing.retrieve(intent.reference)).amount_captured == usd(1)
    assert (await sandbox.gateway.capture(intent.reference, usd(1), key)).amount_captured == usd(1)


async def test_what_hangs_may_have_had_its_effect_or_not(sandbox: Sandbox) -> None:
    captured: set[int] = set()
    for seed in range(8):
        intent = await sandbox.paid(manual=True)
        with pytest.raises(OutcomeUnknown):
            await sandbox.suffering(f"hang,seed={seed}").capture(intent.reference, usd(1), fresh())
        captured.add((await sandbox.gateway.retrieve(intent.reference)).amount_captured.units)
    assert captured == {0, 1}


@pytest.mark.parametrize("token", TOKENS)
async def test_every_token_can_be_tried(sandbox: Sandbox, token: str) -> None:
    assert (await sandbox.paid(token)).status is not PaymentStatus.REQUIRES_PAYMENT_METHOD
