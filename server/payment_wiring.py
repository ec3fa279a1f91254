"""Who moves the money. What `server.wiring` chooses of payments, which is enough for a file."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, AsyncExitStack
from dataclasses import dataclass
from uuid import UUID

from adapters.sandbox.background import SandboxBackground
from adapters.sandbox.desk import SandboxDesk
from adapters.sandbox.gateway import SandboxGateway
from adapters.sandbox.scenarios import scenario, within
from adapters.sandbox.webhooks import SandboxNoticeReader
from adapters.stripe_payments import StripeGateway, StripeNoticeReader
from domain.payments.gateway import NoticeReader, PaymentGateway
from domain.payments.payment import PaymentId
from domain.payments.payments import Payments
from domain.payments.provider_events import Merchant, ProviderEvents
from domain.payments.reconciling import Reconciler
from domain.payments.refund import RefundId
from domain.payments.refunds import Refunds
from domain.payments.saved_methods import SavedMethods
from domain.payments.settling import REFUND, RELEASE
from domain.shared.clock import now
from domain.shared.events import Event, Handler
from persistence.database import Database
from persistence.sandbox.books import SqlSandboxBooks
from persistence.unit_of_work import SqlUnitsOfWork
from server import logs
from server.keys import key_ring
from server.settings import Settings, parts

SANDBOX_WEBHOOKS = "sandbox webhooks"
"""Label of the secret that is derived from the one that signs tokens."""
WEBHOOKS = "/webhooks"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Plays the provider of payments, beside its gateway: towards the buyer, and by itself."""

    desk: SandboxDesk
    background: SandboxBackground

    def suffering(self, mishaps: str) -> AbstractContextManager[None]:
        """Let these mishaps happen to payments in a block.

        Raises:
            ValueError: there are no such mishaps; the message says what there is.
        """
        return within(scenario(mishaps))


def plays_payments(settings: Settings) -> bool:
    """Whether the sandbox is the provider of payments: never in production, which always has a key of Stripe's."""
    return settings.stripe_secret_key is None and not settings.production


def stripe_gateway(settings: Settings) -> StripeGateway | None:
    """None without a key; whoever asks for one closes it."""
    if settings.stripe_secret_key is None:
        return None
    return StripeGateway(settings.stripe_secret_key.get_secret_value(), settings.stripe_api_base)


def gateway(settings: Settings, database: Database, stack: AsyncExitStack) -> PaymentGateway:
    """Whoever moves the money: Stripe, where there is a key, open until `stack` closes.

    Otherwise the sandbox, which moves none and keeps its books in `database`.

    Raises:
        ValueError: real money would be played with.
    """
    stripe = stripe_gateway(settings)
    if stripe is not None:
        stack.push_async_callback(stripe.close)
        return stripe
    if not plays_payments(settings):
        raise ValueError("Payments are played in development only: set STRIPE_SECRET_KEY.")
    return SandboxGateway(SqlSandboxBooks(database), settings.address, now, scenario(settings.sandbox_scenario))


def notice_reader(settings: Settings) -> NoticeReader | None:
    """Who reads the webhooks of whom `gateway` chooses; the sandbox's also when it signed before keys were rotated."""
    if settings.stripe_webhook_secret is not None:
        return StripeNoticeReader(parts(settings.stripe_webhook_secret.get_secret_value()))
    if plays_payments(settings):
        return SandboxNoticeReader(key_ring(settings).derivations(SANDBOX_WEBHOOKS), now)
    return None


def sandbox(settings: Settings, database: Database, behind: Database) -> Sandbox | None:
    """What else the sandbox does, if it is the provider; `behind` leads to the same books, for what it does itself."""
    if not plays_payments(settings):
        return None
    asked, doing = (
        (books, SandboxDesk(books, settings.address, now, scenario(settings.sandbox_scenario)))
        for books in (SqlSandboxBooks(database), SqlSandboxBooks(behind))
    )
    url, key = f"{settings.address}{WEBHOOKS}/sandbox", key_ring(settings).derive(SANDBOX_WEBHOOKS)
    return Sandbox(asked[1], SandboxBackground(*doing, url, key, now))


@dataclass(frozen=True, slots=True)
class Money:
    """What has to do with payments."""

    begin: SqlUnitsOfWork
    gateway: PaymentGateway
    settings: Settings

    @property
    def payments(self) -> Payments:
        return Payments(self.begin, self.gateway, now, self.settings.address)

    @property
    def refunds(self) -> Refunds:
        return Refunds(self.begin, self.gateway, now)

    def reconciler(self) -> Reconciler:
        return Reconciler(self.begin, self.payments, self.refunds, now, logs.unreconciled)

    def provider_events(self) -> ProviderEvents:
        merchant = Merchant(self.gateway.provider, account=None, is_live=self.settings.stripe_is_live)
        saved_methods = SavedMethods(self.begin, self.gateway, now)
        return ProviderEvents(self.begin, merchant, self.payments, saved_methods, now, logs.unhandled)

    def handlers(self) -> Mapping[str, Handler]:
        """What the provider is asked to do, or about, after a transaction."""

        async def release(event: Event) -> None:
            await self.payments.release(PaymentId(event.key))

        async def pay_back(event: Event) -> None:
            await self.refunds.carry_out(RefundId(UUID(str(event.facts["refund_id"]))))

        return {RELEASE: release, REFUND: pay_back, **self.provider_events().handlers}
