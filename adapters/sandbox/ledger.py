"""The books, opened for one request: finds what it is about, writes what became of it, and tells the shop."""

import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.sandbox import rules
from adapters.sandbox.rules import MISSING, MONEY_CAME, Change
from adapters.sandbox.scenarios import Scenario
from adapters.sandbox.shapes import Shape, charge_shape, dispute_shape, intent_shape, refund_shape, setup_shape
from adapters.sandbox.tokens import TOKENS
from adapters.sandbox.webhooks import deliveries
from domain.payments.gateway import ProviderRefused
from domain.payments.sandbox import SandboxBook, SandboxIntent, SandboxMethod, SandboxRefund, SandboxSetup

APPROVE_PAGE = "/sandbox/approve"
SETUP_PAGE = "/sandbox/setup"
_SIGNS = string.ascii_letters + string.digits
_LENGTH = 24


def new_id(prefix: str) -> str:
    """An id nobody can guess: it is a capability on the sandbox's pages."""
    return f"{prefix}_{''.join(secrets.choice(_SIGNS) for _ in range(_LENGTH))}"


def new_secret(identity: str) -> str:
    return new_id(f"{identity}_secret")


@dataclass(frozen=True, slots=True)
class Ledger:
    book: SandboxBook
    at: datetime
    address: str
    scenario: Scenario

    async def intent(self, reference: str) -> SandboxIntent:
        """Raises: ProviderRefused: there is none."""
        found = await self.book.intent(reference)
        if found is None:
            raise _missing("PaymentIntent", reference)
        return found

    async def setup(self, reference: str) -> SandboxSetup:
        """Raises: ProviderRefused: there is none."""
        found = await self.book.setup(reference)
        if found is None:
            raise _missing("SetupIntent", reference)
        return found

    async def customer(self, reference: str | None) -> None:
        """Raises: ProviderRefused: there is no such customer."""
        if reference is not None and await self.book.customer(reference) is None:
            raise _missing("Customer", reference)

    async def method_for(self, intent: SandboxIntent, given: str | None) -> SandboxMethod:
        """What a payment is to be made with: a new one of a token, or one that its customer keeps.

        Raises:
            ProviderRefused: there is no such token, or it is not the customer's.
        """
        if given is None:
            raise ProviderRefused(rules.UNEXPECTED, "The PaymentIntent has no payment method yet.")
        if given in TOKENS:
            return SandboxMethod(new_id("pm"), given, None, self.at)
        kept = await self.book.method(given)
        if kept is None or (given != intent.method and (kept.customer is None or kept.customer != intent.customer)):
            raise _missing("PaymentMethod", given)
        return kept

    async def make(self, change: Change, *methods: SandboxMethod) -> Shape:
        """Write it, and tell the shop. The intent as it is now."""
        written = (*methods, change.intent, change.refund)
        await self.book.write(*(record for record in written if record is not None))
        # of money that has just come, nothing was paid back
        refunds = () if MONEY_CAME in change.events else None
        shape = await self.intent_shape(change.intent, refunds)
        for number, type_ in enumerate(change.events):
            thing = await self._thing(type_, change, shape)
            at = self.at + timedelta(microseconds=number)  # to be sent in this order
            await self.book.write(*deliveries(change.intent.id, type_, thing, at, self.scenario))
        return shape

    async def settle(self, intent: SandboxIntent) -> Shape:
        """Write down what the bank has answered meanwhile. The intent as it is now."""
        change = rules.settled(intent, self.at, new_id("dp"))
        shape = await self.make(change) if change.events else None
        for refund in await self.book.refunds(intent.id):
            answer = rules.refund_settled(change.intent, refund, self.at)
            if answer.events:
                change, shape = answer, await self.make(answer)
        return shape or await self.intent_shape(intent)

    async def make_setup(self, setup: SandboxSetup, *methods: SandboxMethod) -> Shape:
        """Write it, and tell the shop if it is complete. The setup as it is now."""
        await self.book.write(*methods, setup)
        shape = await self.setup_shape(setup)
        if setup.status == "succeeded":
            await self.book.write(*deliveries(setup.id, "setup_intent.succeeded", shape, self.at, self.scenario))
        return shape

    async def now(self, answer: Shape) -> Shape:
        """What is true by now of the thing that was the answer; what was refused stays refused."""
        match answer.get("object"):
            case "payment_intent":
                return await self.settle(await self.intent(answer["id"]))
            case "refund":
                intent = await self.intent(answer["payment_intent"])
                charge = (await self.settle(intent))["latest_charge"]
                return next(refund for refund in charge["refunds"]["data"] if refund["id"] == answer["id"])
            case "setup_intent":
                return await self.setup_shape(await self.setup(answer["id"]))
            case _:
                return answer

    async def intent_shape(self, intent: SandboxIntent, refunds: Sequence[SandboxRefund] | None = None) -> Shape:
        """With what was paid back, asked for unless it is known."""
        if refunds is None:
            refunds = await self.book.refunds(intent.id) if intent.amount_received else ()
        return intent_shape(intent, refunds, f"{self.address}{APPROVE_PAGE}/{intent.id}")

    async def setup_shape(self, setup: SandboxSetup) -> Shape:
        method = await self.book.method(setup.method) if setup.method else None
        return setup_shape(setup, method and method.token)

    async def _thing(self, type_: str, change: Change, shape: Shape) -> Shape:
        """What an event of this type is about."""
        if type_.startswith("refund.") and change.refund is not None:
            return refund_shape(change.refund, change.intent.currency)
        if type_.startswith("charge.dispute."):
            return dispute_shape(change.intent)
        if type_.startswith("charge."):
            return charge_shape(change.intent, await self.book.refunds(change.intent.id))
        return shape


def _missing(what: str, reference: str) -> ProviderRefused:
    return ProviderRefused(MISSING, f"No such {what}: {reference!r}.")
