"""No key, client secret or number of a card gets into logs or the texts of exceptions."""

import logging
import os
import subprocess
import sys
import traceback
from collections.abc import AsyncGenerator

import pytest

from adapters.stripe_payments import StripeGateway
from adapters.stripe_payments.calls import Limits, discreet
from domain.payments.gateway import Confirmation
from tests.adapters.payment_contract import BACK, DECLINED, VISA, captured, fresh, money, some_intent, some_refund
from tests.adapters.stripe_server import Fault, StripeServer, stripe_server

CARD = "4242 4242 4242 4242"
EVERYTHING = """
import asyncio, logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
from adapters.stripe_payments import StripeGateway
from tests.adapters.payment_contract import captured
from tests.adapters.stripe_server import stripe_server

async def main():
    async with stripe_server() as server:
        gateway = StripeGateway(server.state.secret_key, server.url)
        await captured(type("Provider", (), {"gateway": gateway}))
        await gateway.close()
        print("paid", len(server.state.charges))

asyncio.run(main())
"""


@pytest.fixture
async def server() -> AsyncGenerator[StripeServer]:
    async with stripe_server() as running:
        yield running


class Provider:
    def __init__(self, server: StripeServer, key: str) -> None:
        self.gateway = StripeGateway(key, server.url, Limits(connect=5, whole=0.25, pause=0.001))


async def trouble(server: StripeServer, key: str) -> list[str]:
    """What goes wrong in every way there is, as it would be logged, with the exceptions that led to it."""
    gateway, told = Provider(server, key).gateway, list[str]()
    attempts = [
        lambda: gateway.create(some_intent()),
        lambda: gateway.confirm(Confirmation("pi_00000001", CARD, BACK, fresh())),
        lambda: gateway.confirm(Confirmation("pi_00000001", DECLINED, BACK, fresh())),
        lambda: gateway.retrieve(CARD.replace(" ", "")),
        lambda: gateway.retrieve("pi_1_secret_canary"),
        lambda: gateway.detach("sk_live_canary"),
    ]
    for fault in (None, *Fault):
        for attempt in attempts:
            server.faults, server.read_faults = [fault] * 3, [fault] * 3
            try:
                await attempt()
            except Exception as error:  # noqa: BLE001  (whatever comes)
                told += [repr(error), *traceback.format_exception(error)]
    await gateway.close()
    return told


@pytest.mark.parametrize("key", ["sk_test_canary", "sk_live_wrong_canary"])
async def test_nothing_secret_is_told_of_trouble(
    server: StripeServer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], key: str
) -> None:
    payer = Provider(server, "sk_test_canary")
    await captured(payer)
    await payer.gateway.close()
    with caplog.at_level(logging.DEBUG):
        told = await trouble(server, key)
    assert told
    for text in (*told, caplog.text, *capfd.readouterr()):
        assert "canary" not in text
        assert "4242424242424242" not in text


def test_the_library_tells_nothing_whatever_it_is_told_to() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", EVERYTHING],
        env={**os.environ, "STRIPE_LOG": "debug", "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "paid 1" in done.stdout
    assert "canary" not in done.stdout + done.stderr
    assert "api.stripe" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("No such key: sk_live_abc123DEF", "No such key: [hidden]"),
        ("rk_test_abc, pk_live_x and whsec_abc", "[hidden], [hidden] and [hidden]"),
        ("pi_123_secret_abc is not yours", "[hidden] is not yours"),
        (f"No such method: '{CARD}'", "No such method: '[hidden]'"),
        ("Amount 123456 of pi_3NqK2eZvKYlo2C1 at 12", "Amount 123456 of pi_3NqK2eZvKYlo2C1 at 12"),
        ("a\nb\x1b[31m", "a b [31m"),
    ],
)
def test_messages_are_told_without_what_is_secret(said: str, told: str) -> None:
    assert discreet(said) == told


async def test_what_holds_secrets_does_not_show_them(server: StripeServer) -> None:
    provider = Provider(server, "sk_test_canary")
    intent = await provider.gateway.create(some_intent())
    customer = await provider.gateway.new_customer("1", fresh())
    setup = await provider.gateway.set_up(customer, fresh())
    paid = await provider.gateway.confirm(Confirmation(intent.reference, VISA, BACK, fresh()))
    refund = await provider.gateway.refund(some_refund(paid, money("1")))
    for thing in (intent, setup, paid, refund, provider.gateway):
        assert "canary" not in repr(thing)
    await provider.gateway.close()
