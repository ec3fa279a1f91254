"""Every request that we send, checked against Stripe's own description of its API by its own program `stripe-mock`.

It knows what may be asked, and answers with Stripe's own examples; it remembers nothing.
"""

import shutil
import subprocess
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from pathlib import Path
from uuid import UUID

import pytest
import stripe

from adapters.stripe_payments import StripeGateway
from adapters.stripe_payments.calls import Calls, Limits
from domain.payments.gateway import Confirmation, ProviderRefused
from domain.payments.payment import CaptureMethod, PaymentStatus
from domain.payments.refund import RefundReason, RefundStatus
from tests.adapters.payment_contract import BACK, VISA, fresh, money, some_intent, some_refund

PROGRAM = shutil.which("stripe-mock") or shutil.which("stripe-mock", path=str(Path.home() / "go/bin"))
INSTALL = "go install github.com/stripe/stripe-mock@latest"
PATIENT = Limits(connect=10, whole=60)
ANY_KEY = "sk_test_123"

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=f"no stripe-mock on this machine: `{INSTALL}`")


@pytest.fixture(scope="module")
def address() -> Generator[str]:
    command = [str(PROGRAM), "-http-addr", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as program:
        assert program.stdout
        try:
            yield next(f"http://{line.split()[-1]}" for line in program.stdout if "Listening" in line)
        finally:
            program.kill()


@pytest.fixture
async def gateway(address: str) -> AsyncGenerator[StripeGateway]:
    made = StripeGateway(ANY_KEY, address, PATIENT)
    yield made
    await made.close()


async def test_what_is_wrong_is_refused_here(address: str) -> None:
    calls = Calls(ANY_KEY, address, PATIENT)
    wrong: list[stripe.params.PaymentIntentCreateParams] = [
        {"amount": 1, "currency": "usd", "colour": "blue"},  # pyright: ignore[reportAssignmentType]
        {"amount": 1, "currency": "usd", "capture_method": "sometimes"},  # pyright: ignore[reportAssignmentType]
        {"amount": "much", "currency": "usd"},  # pyright: ignore[reportAssignmentType]
        {"currency": "usd"},  # pyright: ignore[reportAssignmentType]
    ]
    for params in wrong:
        with pytest.raises(ProviderRefused):
            await calls.begin().change(lambda params=params: calls.client.v1.payment_intents.create_async(params))
    await calls.close()


@pytest.mark.parametrize("capture", CaptureMethod)
@pytest.mark.parametrize("customer", [None, "cus_1"])
async def test_an_intent_is_created(gateway: StripeGateway, capture: CaptureMethod, customer: str | None) -> None:
    intent = await gateway.create(some_intent(capture=capture, customer=customer))
    assert intent.reference.startswith("pi_")
    assert intent.client_secret
    assert not intent.is_live


@pytest.mark.parametrize("currency", ["JPY", "KWD", "ISK", "HUF"])
async def test_currencies_are_known(gateway: StripeGateway, currency: str) -> None:
    await gateway.create(some_intent(money("1200", currency)))


async def test_an_intent_goes_its_way(gateway: StripeGateway) -> None:
    steps: list[Callable[[], Awaitable[object]]] = [
        gateway.greet,
        lambda: gateway.retrieve("pi_1"),
        lambda: gateway.confirm(Confirmation("pi_1", VISA, BACK, fresh())),
        lambda: gateway.confirm(Confirmation("pi_1", None, BACK, fresh())),
        lambda: gateway.capture("pi_1", money("5"), fresh()),
        lambda: gateway.cancel("pi_1", fresh()),
    ]
    for step in steps:
        await step()


async def test_what_stripe_gives_as_an_example_is_read(gateway: StripeGateway) -> None:
    intent = await gateway.retrieve("pi_1")
    assert intent.status in PaymentStatus
    assert intent.amount.units > 0


@pytest.mark.parametrize("reason", RefundReason)
async def test_a_refund_is_made_for_each_reason(gateway: StripeGateway, reason: RefundReason) -> None:
    intent = await gateway.retrieve("pi_1")
    order = some_refund(intent, money("1"), UUID(int=1))
    refund = await gateway.refund(type(order)(order.refund_id, order.reference, order.amount, reason))
    assert refund.reference.startswith(("re_", "pyr_"))
    assert refund.status in RefundStatus


async def test_means_of_payment_are_kept_and_forgotten(gateway: StripeGateway) -> None:
    customer = await gateway.new_customer("user", fresh())
    assert customer.startswith("cus_")
    setup = await gateway.set_up(customer, fresh())
    assert setup.reference.startswith("seti_")
    assert (await gateway.retrieve_setup(setup.reference)).client_secret
    await gateway.detach("pm_1")
