"""The sandbox's side towards the buyer: what the bank asks, and what Stripe's forms do in a browser."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from secrets import compare_digest
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from adapters.sandbox import rules
from adapters.sandbox.ledger import Ledger, new_id
from adapters.sandbox.reading import details_of
from adapters.sandbox.scenarios import Scenario
from adapters.sandbox.shapes import method_shape
from adapters.sandbox.tokens import Course
from domain.payments.gateway import ProviderRefused
from domain.payments.payment import PaymentFailure, PaymentMethodDetails
from domain.payments.sandbox import SandboxBooks, SandboxIntent, SandboxMethod
from domain.shared.clock import Clock
from domain.shared.money import Money


@dataclass(frozen=True, slots=True)
class Question:
    """A payment that the buyer is asked about. `return_url` is where they go on, and tells how it ended."""

    order_number: str
    amount: Money
    method: PaymentMethodDetails | None
    is_open: bool
    is_paid: bool
    return_url: str | None


class SandboxDesk:
    """Whoever knows the id of an intent, or the client secret of a setup, acts as the buyer. All raise Unavailable."""

    def __init__(self, books: SandboxBooks, address: str, clock: Clock, scenario: Scenario | None = None) -> None:
        self._books = books
        self._address = address
        self._clock = clock
        self._scenario = scenario or Scenario()

    async def question(self, reference: str) -> Question:
        """Raises: ProviderRefused: there is no such intent."""
        async with self._open() as ledger:
            return _question(await ledger.intent(reference))

    async def decide(self, reference: str, *, approved: bool) -> Question:
        """Approve, or refuse; nothing happens when it is too late for that.

        Raises:
            ProviderRefused: there is no such intent.
        """
        async with self._open() as ledger:
            intent = await ledger.intent(reference)
            if intent.status == "requires_action":
                change = rules.decided(intent, new_id("dp"), approved=approved)
                await ledger.make(change)
                intent = change.intent
            return _question(intent)

    async def settle(self, reference: str) -> None:
        """Let the bank answer, if that is due."""
        async with self._open() as ledger:
            await ledger.settle(await ledger.intent(reference))

    async def kept(self, client_secret: str) -> PaymentMethodDetails | None:
        """What a setup was completed with. Raises: ProviderRefused: there is no such setup."""
        async with self._open() as ledger:
            return await _kept(ledger, client_secret)

    async def keep(self, client_secret: str, token: str) -> PaymentFailure | None:
        """Complete a setup; why it failed if it did. Nothing happens when it is complete already.

        Raises:
            ProviderRefused: there is no such setup, or no such token.
        """
        async with self._open() as ledger:
            if await _kept(ledger, client_secret) is not None:
                return None
            means = rules.means_of(token)
            if means.course is Course.DECLINED:
                return means.failure
            setup = await ledger.setup(_setup_of(client_secret))
            method = SandboxMethod(new_id("pm"), token, setup.customer, ledger.at)
            await ledger.make_setup(replace(setup, status="succeeded", method=method.id), method)
        return None

    @asynccontextmanager
    async def _open(self) -> AsyncGenerator[Ledger]:
        async with self._books.open() as book:
            yield Ledger(book, self._clock(), self._address, self._scenario)
            await book.commit()


def _setup_of(client_secret: str) -> str:
    return client_secret.partition("_secret_")[0]


async def _kept(ledger: Ledger, client_secret: str) -> PaymentMethodDetails | None:
    setup = await ledger.setup(_setup_of(client_secret))
    if not compare_digest(setup.client_secret.encode(), client_secret.encode()):
        raise ProviderRefused(rules.MISSING, "No such SetupIntent.")
    method = await ledger.book.method(setup.method) if setup.method else None
    return method and details_of(method_shape(method.id, method.token))


def _question(intent: SandboxIntent) -> Question:
    return Question(
        order_number=intent.order_number,
        amount=Money.of_units(intent.amount, intent.currency),
        method=details_of(method_shape(intent.method, intent.token)) if intent.method and intent.token else None,
        is_open=intent.status == "requires_action",
        is_paid=intent.status in {"succeeded", "requires_capture"},
        return_url=intent.return_url and _returning(intent.return_url, intent),
    )


def _returning(url: str, intent: SandboxIntent) -> str:
    """With what Stripe adds to it, but for the client secret, which has no business in addresses."""
    parts = urlsplit(url)
    status = "failed" if intent.status in {"requires_payment_method", "canceled"} else "succeeded"
    told = [("payment_intent", intent.id), ("redirect_status", status)]
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query, keep_blank_values=True), *told])))
