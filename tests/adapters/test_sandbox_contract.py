"""The sandbox does what every payment provider must do."""

import pytest

from persistence.database import Database
from tests.adapters.payment_contract import PaymentContract, Provider
from tests.adapters.sandboxes import Sandbox, sandbox_database

__all__ = ["sandbox_database"]


class TestSandbox(PaymentContract):
    @pytest.fixture
    def provider(self, sandbox_database: Database) -> Provider:
        return Sandbox.over(sandbox_database)
