"""The one place that chooses implementations. Tests call the same functions."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace

import structlog

from adapters.access_tokens import JwtAccessTokens
from adapters.common_passwords import LeakedPasswords
from adapters.email_addresses import RfcEmailSyntax
from adapters.mail.files import FileMailer
from adapters.mail.smtp import SmtpMailer
from adapters.passwords import Argon2PasswordHasher
from adapters.rabbitmq.connections import require_usable as require_usable_rabbitmq
from adapters.rabbitmq.consumers import RabbitConsumers
from adapters.rabbitmq.publisher import RabbitPublisher
from adapters.rate_limits import MemoryLimiter, RedisLimiter
from adapters.redis_connections import require_usable
from adapters.redis_signals import RedisSignals
from adapters.sealing import Sealer
from adapters.signatures import HmacSigner
from adapters.signing_keys import BadKey, KeyNotKept
from domain.carts.carts import Carts
from domain.orders.access import OrderAccess
from domain.orders.belongings import CartsAndOrders
from domain.orders.fulfillments import Fulfillments
from domain.orders.orders import Orders
from domain.orders.placing import OrderPlacing
from domain.orders.stream import OrderStream
from domain.orders.tracking import OrderTracking
from domain.payments.calling_off import CalledOff
from domain.payments.gateway import NoticeReader
from domain.payments.placing import CheckoutPlacing
from domain.payments.provider_events import NoticeKeeping
from domain.payments.reconciling import Reconciler
from domain.payments.saved_methods import SavedMethods
from domain.pricing.store import StoreSettings
from domain.products.availability import StockWatch
from domain.products.stock_keeping import StockKeeping
from domain.shared.clock import now
from domain.shared.consuming import Carrier, Consumer
from domain.shared.mail import Mailer
from domain.shared.rates import Limiter
from domain.shared.signals import Signals
from domain.users.accounts import Accounts
from domain.users.address_book import AddressBook
from domain.users.authentication import Authentication
from domain.users.confirmation import Confirmation
from domain.users.revocation import RevokedSessions
from domain.users.throttling import Throttle
from domain.users.user import ANONYMOUS, UNKNOWN, Actor, Client
from persistence.carts.repository import SqlCartReader
from persistence.connections import ConnectionSettings
from persistence.database import Database, Listener, bounded
from persistence.orders.following import SqlOrderedEvents, SqlTrackedOrders
from persistence.orders.readers import SqlOrderReader
from persistence.outbox import SqlOutbox
from persistence.payments.provider_events import SqlProviderEvents
from persistence.payments.readers import SqlPaymentReader
from persistence.pricing.store import SqlStoreReader
from persistence.products.categories import SqlCategories
from persistence.products.ledger import SqlLedger
from persistence.products.readers import SqlMedia, SqlProducts, SqlVariants
from persistence.results import SqlResults
from persistence.shop import SqlShop
from persistence.signals import SqlSignals
from persistence.unit_of_work import SqlUnitsOfWork
from persistence.users.readers import SqlAddressReader, SqlRevocations, SqlSessionReader, SqlUserReader
from resolvers.context import context
from resolvers.readers import Readers
from resolvers.services import Followed, Services
from schema import root
from server.consumers import UNANSWERED
from server.consumers import consumers as made_consumers
from server.embedded import connection_settings
from server.failures import Failure, UsageFailure
from server.graphql.engine import Answer, Engine, Prepared
from server.identities import Identities
from server.keys import key_ring
from server.payment_wiring import Money, Sandbox, gateway, notice_reader, sandbox
from server.relay import InProcess, Relay
from server.repetitions import SealedRepetitions
from server.security_log import StructuredSecurityLog
from server.settings import Settings
from server.streaming import Streams

AUDIENCE = "souk"
REPETITIONS = "idempotency"
SIGNATURES = "signatures"
"""Labels of secrets that are derived from the one that signs tokens: for stored results, and for quotes."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A running shop, short of the transports that reach it."""

    settings: Settings
    database: Database
    behind: Database
    """A few connections for what goes on in the background, which must go on however busy the others are."""
    overdue: Orders
    """Orders, for the background work that ends those that are not paid."""
    reconciler: Reconciler
    readers: Readers
    services: Services
    identities: Identities
    consumers: Sequence[Consumer]
    """Who acts on events."""
    signals: Signals
    sandbox: Sandbox | None
    """None where payments are real."""
    relay: Relay
    consuming: RabbitConsumers | None
    """Takes events out of RabbitMQ again, for the background, where there is one; otherwise `relay` does it all."""
    notices: NoticeReader | None
    """Believes what the payment provider tells, or not; None when nobody may tell us anything."""
    engine: Engine
    streams: Streams

    async def execute(self, prepared: Prepared, actor: Actor = ANONYMOUS, client: Client = UNKNOWN) -> Answer:
        """Execute one operation on behalf of `actor`, with loaders of its own."""
        made = context(self.services, self.readers, self.settings.address, actor, client, prepared.plan.wanted)
        with bounded():
            return await self.engine.execute(prepared, made)

    def subscribe(
        self, prepared: Prepared, actor: Actor = ANONYMOUS, client: Client = UNKNOWN
    ) -> AsyncGenerator[Answer]:
        """The answers of a subscription on behalf of `actor`, each with loaders of its own."""
        made = context(self.services, self.readers, self.settings.address, actor, client, prepared.plan.wanted)
        return self.streams.answers(prepared, made)


def readers(database: Database) -> Readers:
    return Readers(
        products=SqlProducts(database),
        variants=SqlVariants(database),
        media=SqlMedia(database),
        categories=SqlCategories(database),
        ledger=SqlLedger(database),
        store=SqlStoreReader(database),
        carts=SqlCartReader(database),
        orders=SqlOrderReader(database),
        payments=SqlPaymentReader(database),
        provider_events=SqlProviderEvents(database),
        users=SqlUserReader(database),
        addresses=SqlAddressReader(database),
        sessions=SqlSessionReader(database, now),
        shop=SqlShop(database),
    )


def mailer(settings: Settings) -> Mailer:
    """Raises: ValueError: MAIL_FROM or SMTP_URL cannot be used."""
    if settings.smtp_url is None:
        return FileMailer(settings.souk_home / "mail", settings.mail_from)
    return SmtpMailer(settings.smtp_url.get_secret_value(), settings.mail_from)


def check(settings: Settings) -> None:
    """Find out before anything is started what settings alone do not tell.

    Raises:
        UsageFailure: a key or an address cannot be used.
        Failure: a folder is in the way.
    """
    try:
        key_ring(settings)
        mailer(settings)
        if settings.redis_url is not None:
            require_usable(settings.redis_url.get_secret_value())
        if settings.amqp_url is not None:
            require_usable_rabbitmq(settings.amqp_url.get_secret_value())
    except KeyNotKept as refused:
        raise Failure(str(refused)) from refused
    except (BadKey, ValueError) as unusable:
        raise UsageFailure(str(unusable)) from unusable


@asynccontextmanager
async def open_shop(
    settings: Settings, listener: Listener | None = None, limiter: Limiter | None = None
) -> AsyncGenerator[Shop]:
    """The shop that `settings` describe; `listener` is told of every SQL statement, `limiter` counts instead of ours.

    Raises:
        BadKey, ValueError: see `check`.
    """
    keys = key_ring(settings)
    async with AsyncExitStack() as stack:
        connection = connection_settings(settings)
        database = await _database(connection, listener, stack)
        behind = await _database(replace(connection, pool_size=3, application_name="souk background"), None, stack)
        signals = await _signals(settings, behind, stack)
        revoked = RevokedSessions(SqlRevocations(behind), signals)
        _in_background(revoked.follow(), stack)
        throttle, hasher = Throttle(limiter or _limiter(settings, stack)), Argon2PasswordHasher()
        stack.callback(hasher.close)
        tokens = JwtAccessTokens(keys, issuer=settings.address, audience=AUDIENCE)
        begin = SqlUnitsOfWork(database, signals, now)
        money = Money(begin, gateway(settings, database, stack), settings)
        use_cases = _UseCases(
            *(begin, hasher, tokens, revoked, throttle, SqlUserReader(database), SqlShop(database)),
            *(HmacSigner(keys.derivations(SIGNATURES)), money, _followed(database, signals, stack)),
        )
        later = replace(money, begin=SqlUnitsOfWork(behind, signals, now), gateway=gateway(settings, behind, stack))
        identities, engine = Identities(tokens, revoked), Engine(root.build(), suggest=not settings.production)
        repetitions = SealedRepetitions(Sealer(keys.derivations(REPETITIONS)), SqlResults(database, now))
        consumers = made_consumers(behind, signals, mailer(settings), settings.address, later.handlers())
        carrier, consuming = _bus(settings, consumers, SqlOutbox(behind), stack)
        yield Shop(
            settings=settings,
            database=database,
            readers=readers(database),
            services=use_cases.services(identities, repetitions),
            identities=identities,
            signals=signals,
            sandbox=sandbox(settings, database, behind),
            consumers=consumers,
            relay=Relay(SqlOutbox(behind), carrier, signals),
            consuming=consuming,
            notices=notice_reader(settings),
            behind=behind,
            overdue=Orders(later.begin, CalledOff(), now),
            reconciler=later.reconciler(),
            engine=engine,
            streams=Streams(engine),
        )


def _followed(database: Database, signals: Signals, stack: AsyncExitStack) -> Followed:
    log = structlog.stdlib.get_logger("souk.following")
    followed = Followed(
        OrderTracking(SqlTrackedOrders(database), signals, log),
        OrderStream(SqlOrderedEvents(database), signals, log),
        StockWatch(SqlVariants(database), signals, log),
    )
    _in_background(followed.run(), stack)
    return followed


@dataclass(frozen=True, slots=True)
class _UseCases:
    """What they share."""

    begin: SqlUnitsOfWork
    hasher: Argon2PasswordHasher
    tokens: JwtAccessTokens
    revoked: RevokedSessions
    throttle: Throttle
    reader: SqlUserReader
    shop: SqlShop
    signer: HmacSigner
    money: Money
    followed: Followed

    def services(self, identities: Identities, repetitions: SealedRepetitions) -> Services:
        syntax, common = RfcEmailSyntax(), LeakedPasswords()
        carts = Carts(self.begin, self.shop, self.reader, syntax, now)
        authentication = self._authentication(syntax, carts)
        shared = (self.begin, authentication, self.hasher, common, syntax, self.throttle, self.revoked, now)
        return Services(
            presence=identities,
            repetitions=repetitions,
            authentication=authentication,
            accounts=Accounts(*shared),
            confirmation=Confirmation(*shared),
            address_book=AddressBook(self.begin, now),
            stock_keeping=StockKeeping(self.begin, now),
            store_settings=StoreSettings(self.begin, self.shop),
            carts=carts,
            checkout_placing=CheckoutPlacing(self.begin, OrderPlacing(self.signer, now), self.money.gateway),
            order_access=OrderAccess(self.begin, self.signer),
            orders=Orders(self.begin, CalledOff(), now),
            payments=self.money.payments,
            refunds=self.money.refunds,
            saved_methods=SavedMethods(self.begin, self.money.gateway, now),
            publishable_key=self.money.settings.stripe_publishable_key,
            fulfillments=Fulfillments(self.begin, now),
            provider_events=NoticeKeeping(self.begin, now),
            signer=self.signer,
            followed=self.followed,
        )

    def _authentication(self, syntax: RfcEmailSyntax, carts: Carts) -> Authentication:
        return Authentication(
            self.begin,
            self.reader,
            self.hasher,
            syntax,
            self.tokens,
            self.revoked,
            self.throttle,
            StructuredSecurityLog(),
            CartsAndOrders(carts),
            now,
        )


def _bus(
    settings: Settings, consumers: Sequence[Consumer], outbox: SqlOutbox, stack: AsyncExitStack
) -> tuple[Carrier, RabbitConsumers | None]:
    """What brings events to their consumers: RabbitMQ where there is one, this process otherwise."""
    if settings.amqp_url is None:
        return InProcess(consumers, UNANSWERED), None
    url = settings.amqp_url.get_secret_value()
    publisher = RabbitPublisher(url, consumers, UNANSWERED)
    stack.push_async_callback(publisher.close)
    return publisher, RabbitConsumers(url, consumers, publisher, outbox)


async def _database(connection: ConnectionSettings, listener: Listener | None, stack: AsyncExitStack) -> Database:
    database = Database(connection, listener)
    stack.push_async_callback(database.close)
    await database.open()
    return database


async def _signals(settings: Settings, database: Database, stack: AsyncExitStack) -> RedisSignals | SqlSignals:
    url = settings.redis_url
    signals = SqlSignals(database) if url is None else RedisSignals(url.get_secret_value())
    stack.push_async_callback(signals.close)
    await signals.open()
    return signals


def _limiter(settings: Settings, stack: AsyncExitStack) -> Limiter:
    if settings.redis_url is None:
        return MemoryLimiter()
    limiter = RedisLimiter(settings.redis_url.get_secret_value())
    stack.push_async_callback(limiter.close)
    return limiter


def _in_background(work: Coroutine[None, None, None], stack: AsyncExitStack) -> None:
    """Run `work` until the shop closes."""
    task = asyncio.create_task(work)

    async def end() -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    stack.push_async_callback(end)
