"""Stripe does what every payment provider must do, as far as its documentation tells."""

from collections.abc import AsyncGenerator

import pytest

from adapters.stripe_payments import StripeGateway
from domain.payments.gateway import Intent, Setup
from tests.adapters.payment_contract import PaymentContract, Provider
from tests.adapters.stripe_server import StripeServer, stripe_server


class StripeUnderTest:
    def __init__(self, server: StripeServer) -> None:
        self._state = server.state
        self.gateway = StripeGateway(server.state.secret_key, server.url)

    async def approve(self, intent: Intent) -> None:
        self._state.approve(intent.reference)

    async def refuse(self, intent: Intent) -> None:
        self._state.refuse(intent.reference)

    async def keep(self, setup: Setup, method: str) -> None:
        self._state.keep(setup.reference, method)


class TestStripe(PaymentContract):
    @pytest.fixture
    async def provider(self) -> AsyncGenerator[Provider]:
        async with stripe_server() as server:
            under_test = StripeUnderTest(server)
            yield under_test
            await under_test.gateway.close()
