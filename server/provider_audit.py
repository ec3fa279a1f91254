"""Holds our books against the provider's, payment by payment."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from domain.payments.comparing import BookedPayment, differences
from domain.payments.gateway import PaymentGateway, ProviderRefused
from persistence.payments.books import FIRST, SqlBooks
from server.reporting import Advance

AT_ONCE = 8
"""Requests to the provider: Stripe allows a shop 25 a second in test mode, and buyers need some of them."""
MOST_LOOKS = 3
"""At a payment that differs: it may have been moving when it was looked at."""


@dataclass(frozen=True, slots=True)
class ProviderAudit:
    books: SqlBooks
    gateway: PaymentGateway

    async def run(self, advance: Advance) -> AsyncGenerator[str]:
        """Every difference, as a sentence without a full stop. Raises: Unavailable: one of the two does not answer."""
        provider = self.gateway.provider
        total, done, last = await self.books.count(provider), 0, FIRST
        turns = asyncio.Semaphore(AT_ONCE)
        while batch := await self.books.after(provider, last):
            asked = [asyncio.create_task(self._in_turn(turns, one)) for one in batch]
            try:
                for one, answer in zip(batch, await asyncio.gather(*asked), strict=True):
                    for difference in answer:
                        yield f"payment {one.id} ({one.reference}): {difference}"
            finally:
                for task in asked:
                    task.cancel()
            done, last = done + len(batch), batch[-1].id
            advance(done, max(total, done))

    async def _in_turn(self, turns: asyncio.Semaphore, payment: BookedPayment) -> Sequence[str]:
        async with turns:
            found = await self._differences(payment)
            for _ in range(MOST_LOOKS - 1):
                if not found:
                    break
                found = await self._differences(await self.books.again(payment.id))
            return found

    async def _differences(self, payment: BookedPayment) -> Sequence[str]:
        try:
            return list(differences(payment, await self.gateway.retrieve(payment.reference)))
        except ProviderRefused as refused:
            return [f"the provider does not know it ({refused.code})"]
