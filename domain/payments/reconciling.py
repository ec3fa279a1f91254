"""The shop is right even if no webhook ever arrives: the provider is asked about everything that has not ended."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from domain.payments.errors import ProviderMismatch
from domain.payments.gateway import ProviderRefused
from domain.payments.payment import Payment
from domain.payments.payments import Payments
from domain.payments.refunds import Refunds
from domain.payments.work import BeginPaymentsWork
from domain.shared.clock import Clock
from domain.shared.errors import NotFound

EVERY = timedelta(seconds=60)
AT_ONCE = 100
Report = Callable[[str, Exception], None]
"""Told what could not be reconciled, and why."""


@dataclass(frozen=True, slots=True)
class Reconciler:
    begin: BeginPaymentsWork
    payments: Payments
    refunds: Refunds
    clock: Clock
    report: Report

    async def turn(self) -> int:
        """Ask about what did not change for a minute. How many payments and refunds there were.

        Raises:
            Unavailable: the provider, or the database, does not answer.
        """
        before = self.clock() - EVERY
        async with self.begin() as work:
            payments = await work.payments.unsettled(before, AT_ONCE)
            refunds = await work.payments.pending_refunds(before, AT_ONCE)
        for payment in payments:
            await self._check(payment)
        for refund in refunds:
            if refund.reference is None:
                await self.refunds.carry_out(refund.id)
                continue
            async with self.begin() as work:
                payment = await work.payments.by_id(refund.payment_id)
            if payment is not None:
                await self._check(payment)
        return len(payments) + len(refunds)

    async def _check(self, payment: Payment) -> None:
        """One that cannot be reconciled does not keep the others waiting."""
        try:
            await self.payments.check(payment)
        except (ProviderMismatch, ProviderRefused, NotFound) as failure:
            self.report(f"payment {payment.id}", failure)
