"""What is known when Stripe answers late, oddly, or not at all."""

from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest

from adapters.stripe_payments import StripeGateway
from adapters.stripe_payments.calls import TRIES, Limits
from domain.payments.gateway import Confirmation, OutcomeUnknown, ProviderDown, ProviderRefused
from domain.payments.payment import PaymentStatus
from domain.payments.refund import RefundStatus
from tests.adapters.payment_contract import BACK, DECLINED, VISA, captured, fresh, money, some_intent, some_refund
from tests.adapters.stripe_server import Fault, StripeServer, stripe_server
from tests.adapters.stripe_state import Kept

IMPATIENT = Limits(connect=5, whole=0.5, pause=0.001)
PATIENT = Limits(connect=5, whole=60, pause=0.001)
UNREACHABLE = "http://127.0.0.1:1"


class Stripe:
    def __init__(self, server: StripeServer, limits: Limits = PATIENT) -> None:
        self.server, self.state = server, server.state
        self.gateway = StripeGateway(server.state.secret_key, server.url, limits)


@pytest.fixture
async def server() -> AsyncGenerator[StripeServer]:
    async with stripe_server() as running:
        yield running


@pytest.fixture
async def stripe(server: StripeServer) -> AsyncGenerator[Stripe]:
    made = Stripe(server)
    yield made
    await made.gateway.close()


@pytest.fixture
async def hurried(server: StripeServer) -> AsyncGenerator[Stripe]:
    made = Stripe(server, IMPATIENT)
    yield made
    await made.gateway.close()


async def test_what_hangs_is_given_up_and_not_tried_again(hurried: Stripe) -> None:
    hurried.server.faults = [Fault.HANG]
    with pytest.raises(OutcomeUnknown):
        await hurried.gateway.create(some_intent())
    assert len(hurried.server.requests) == 1


async def test_what_was_done_but_not_answered_is_found_by_the_same_request(stripe: Stripe, hurried: Stripe) -> None:
    intent = await captured(stripe)
    order = some_refund(intent, money("5"))
    hurried.server.faults = [Fault.HANG_AFTER]
    with pytest.raises(OutcomeUnknown):
        await hurried.gateway.refund(order)
    assert (await stripe.gateway.refund(order)).status is RefundStatus.SUCCEEDED
    assert len(stripe.state.refunds) == 1


async def test_a_reading_that_hangs_did_nothing(hurried: Stripe) -> None:
    intent = await hurried.gateway.create(some_intent())
    hurried.server.read_faults = [Fault.HANG]
    with pytest.raises(ProviderDown):
        await hurried.gateway.retrieve(intent.reference)


@pytest.mark.parametrize(
    "fault",
    [Fault.RESET, Fault.RESET_AFTER, Fault.BROKEN, Fault.BROKEN_AFTER, Fault.BUSY, Fault.TOO_MANY],
)
async def test_what_passes_is_tried_again_with_the_same_key(stripe: Stripe, fault: Fault) -> None:
    stripe.server.faults = [fault] * (TRIES - 1)
    new = some_intent()
    intent = await stripe.gateway.create(new)
    assert intent.payment_id == new.payment_id
    assert [request.key for request in stripe.server.changes] == [f"create-{new.payment_id}"] * TRIES
    assert len(stripe.state.intents) == 1


@pytest.mark.parametrize(
    ("faults", "known"),
    [
        ([Fault.RESET] * TRIES, OutcomeUnknown),
        ([Fault.RESET_AFTER] * TRIES, OutcomeUnknown),
        ([Fault.BROKEN] * TRIES, OutcomeUnknown),
        ([Fault.BROKEN_FOR_GOOD], OutcomeUnknown),
        ([Fault.BUSY] * TRIES, OutcomeUnknown),
        ([Fault.TOO_MANY] * TRIES, ProviderDown),
        ([Fault.RESET, Fault.TOO_MANY, Fault.TOO_MANY], OutcomeUnknown),
        ([Fault.GARBAGE_AFTER], OutcomeUnknown),
        ([Fault.OTHER_SHAPE_AFTER], OutcomeUnknown),
    ],
)
async def test_what_does_not_pass_is_told_for_what_is_known(
    stripe: Stripe, faults: list[Fault | None], known: type[Exception]
) -> None:
    stripe.server.faults = list(faults)
    with pytest.raises(known) as told:
        await stripe.gateway.create(some_intent())
    assert "canary" not in str(told.value)
    assert len(stripe.server.changes) == len(faults)


async def test_nothing_is_done_by_a_provider_that_cannot_be_reached() -> None:
    gateway = StripeGateway("sk_test_canary", UNREACHABLE, PATIENT)
    intent = Confirmation("pi_1", VISA, BACK, fresh())
    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: gateway.create(some_intent()),
        lambda: gateway.retrieve("pi_1"),
        lambda: gateway.confirm(intent),
        lambda: gateway.capture("pi_1", money("1"), fresh()),
        lambda: gateway.cancel("pi_1", fresh()),
        lambda: gateway.new_customer("1", fresh()),
        lambda: gateway.set_up("cus_1", fresh()),
        lambda: gateway.retrieve_setup("seti_1"),
        lambda: gateway.detach("pm_1"),
        gateway.greet,
    ]
    for call in calls:
        with pytest.raises(ProviderDown):
            await call()
    await gateway.close()


async def test_an_answer_that_is_lost_after_the_effect_is_not_certainly_nothing(stripe: Stripe) -> None:
    new = some_intent()
    await stripe.gateway.create(new)
    stripe.server.read_faults = [Fault.RESET] * TRIES
    with pytest.raises(OutcomeUnknown):
        await stripe.gateway.create(new)


async def test_a_refund_is_found_after_stripe_has_forgotten_its_key(stripe: Stripe) -> None:
    intent = await captured(stripe)
    order = some_refund(intent, money("5"))
    first = await stripe.gateway.refund(order)
    stripe.state.kept.clear()
    assert await stripe.gateway.refund(order) == first
    assert len(stripe.state.refunds) == 1


async def test_a_refund_is_found_although_its_key_answers_with_a_fault_for_ever(stripe: Stripe) -> None:
    intent = await captured(stripe)
    order = some_refund(intent, money("5"))
    stripe.server.faults = [Fault.HANG_AFTER]
    slow = StripeGateway(stripe.state.secret_key, stripe.server.url, IMPATIENT)
    with pytest.raises(OutcomeUnknown):
        await slow.refund(order)
    await slow.close()
    key = f"refund-{order.refund_id}"
    stripe.state.kept[key] = Kept(stripe.state.kept[key].request, 500, {"error": {"type": "api_error"}})
    assert (await stripe.gateway.refund(order)).refund_id == order.refund_id
    assert len(stripe.state.refunds) == 1


async def test_a_decline_that_is_repeated_does_not_hide_a_later_success(stripe: Stripe) -> None:
    intent = await stripe.gateway.create(some_intent())
    declined = Confirmation(intent.reference, DECLINED, BACK, fresh())
    assert (await stripe.gateway.confirm(declined)).status is PaymentStatus.FAILED
    await stripe.gateway.confirm(Confirmation(intent.reference, VISA, BACK, fresh()))
    assert (await stripe.gateway.confirm(declined)).status is PaymentStatus.CAPTURED


async def test_the_same_key_serves_different_steps_of_a_payment(stripe: Stripe) -> None:
    new = some_intent()
    key = str(new.payment_id)
    intent = await stripe.gateway.create(new)
    await stripe.gateway.confirm(Confirmation(intent.reference, VISA, BACK, key))
    assert (await stripe.gateway.cancel(intent.reference, key)).status is PaymentStatus.CAPTURED


async def test_a_key_that_comes_back_with_something_else_is_refused(stripe: Stripe) -> None:
    intent = await stripe.gateway.create(some_intent())
    key = fresh()
    await stripe.gateway.confirm(Confirmation(intent.reference, DECLINED, BACK, key))
    with pytest.raises(ProviderRefused) as told:
        await stripe.gateway.confirm(Confirmation(intent.reference, VISA, BACK, key))
    assert told.value.code == "idempotency_error"


async def test_an_amount_that_stripe_does_not_take_is_not_sent(stripe: Stripe) -> None:
    with pytest.raises(ProviderRefused) as told:
        await stripe.gateway.create(some_intent(money("1.234", "KWD")))
    assert told.value.code == "amount_not_supported"
    assert stripe.server.requests == []


async def test_refunds_made_elsewhere_are_listed_without_an_id_of_ours(stripe: Stripe) -> None:
    intent = await captured(stripe)
    await stripe.gateway.refund(some_refund(intent, money("5")))
    (refund,) = stripe.state.refunds.values()
    for metadata in ({}, {"refund_id": "canary"}):
        refund["metadata"] = metadata
        (listed,) = (await stripe.gateway.retrieve(intent.reference)).refunds
        assert (listed.refund_id, listed.amount) == (None, money("5"))


async def test_a_wrong_key_is_refused_and_never_told(server: StripeServer) -> None:
    gateway = StripeGateway("sk_test_other_canary", server.url, PATIENT)
    with pytest.raises(ProviderRefused) as told:
        await gateway.greet()
    assert "canary" not in str(told.value)
    assert "[hidden]" in str(told.value)
    await gateway.close()


async def test_each_request_says_what_stripe_must_know(stripe: Stripe) -> None:
    new = some_intent(customer="cus_1")
    intent = await stripe.gateway.create(new)
    await stripe.gateway.confirm(Confirmation(intent.reference, VISA, BACK, "key"))
    create, confirm = stripe.server.requests
    assert create.headers["stripe-version"] == "2026-10-28.endive"
    assert create.given == {
        "amount": "2450",
        "currency": "usd",
        "capture_method": "automatic",
        "automatic_payment_methods[enabled]": "true",
        "automatic_payment_methods[allow_redirects]": "always",
        "customer": "cus_1",
        "metadata[payment_id]": str(new.payment_id),
        "metadata[order_id]": new.order_id,
        "metadata[order_number]": new.order_number,
        "expand[0]": "latest_charge.refunds",
        "expand[1]": "payment_method",
    }
    assert (confirm.path, confirm.key) == (f"/v1/payment_intents/{intent.reference}/confirm", "confirm-key")
    assert (confirm.given["payment_method"], confirm.given["return_url"]) == (VISA, BACK)
