"""Looks at everything the shop stands on. Each check answers for itself, so that one that fails hides no other."""

import shutil
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from adapters.embedded_postgres import EmbeddedPostgresError
from adapters.embedded_postgres.binaries import locate
from adapters.embedded_postgres.folders import Folders
from adapters.mail.smtp import SmtpMailer
from adapters.rabbitmq import connections as rabbitmq
from adapters.redis_connections import require_usable
from adapters.redis_connections import version as redis_version
from adapters.signing_keys import SECRET_FILE, BadKey
from domain.payments.gateway import ProviderDown, ProviderRefused
from domain.shared.errors import Unavailable
from domain.shared.text import one_line
from persistence.condition import DatabaseUnusable, examine
from persistence.schema_state import SchemaState, state_of
from server.embedded import database, embedded_home
from server.failures import Failure
from server.graphiql_build import Manifest, is_being_built
from server.keys import key_ring
from server.listening import bind
from server.payment_wiring import stripe_gateway
from server.settings import CHECKOUT, BadSettings, Settings, read_settings
from server.wiring import mailer

OLDEST_PYTHON = (3, 11)
OLDEST_REDIS = 7
OLDEST_RABBITMQ = (3, 10)
"""Its quorum queues are the first that let messages wait, and hand them on with a confirmation."""
_MEGABYTE = 1_000_000
_TIGHT_MB = 1_000
_FULL_MB = 100
_ANSWER_SECONDS = 2.0


class Mark(Enum):
    WELL = auto()
    DOUBTFUL = auto()
    BROKEN = auto()


@dataclass(frozen=True, slots=True)
class Finding:
    """`advice` says what to do, where there is something to do."""

    subject: str
    mark: Mark
    state: str
    advice: str = ""


async def examine_all() -> list[Finding]:
    """Everything, from the ground upwards. Changes nothing; our own database is started for a moment when it is off."""
    python = _python()
    try:
        settings = read_settings()
    except BadSettings as bad:
        return [python, Finding("Settings", Mark.BROKEN, str(bad), "Correct the environment.")]
    return [
        python,
        Finding("Settings", Mark.WELL, f"Every one can be used ({settings.souk_env.value})."),
        _folder(settings.souk_home),
        *_binaries(settings),
        await _database(settings),
        _token_key(settings),
        await _redis(settings),
        await _rabbitmq(settings),
        await _mail(settings),
        await _stripe(settings),
        _explorer(CHECKOUT / "web", shutil.which),
        _port(settings),
    ]


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info >= OLDEST_PYTHON:
        return Finding("Python", Mark.WELL, f"{version}.")
    return Finding("Python", Mark.BROKEN, f"{version} is too old.", "Install Python 3.11 or newer.")


def _folder(folder: Path) -> Finding:
    """Writing is tried out, because permissions alone do not tell of full or read-only disks."""
    place = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"souk")
    except OSError as refused:
        state = f"{place} cannot be written ({refused.strerror})."
        return Finding("Data folder", Mark.BROKEN, state, "Make it writable, or point SOUK_HOME at another folder.")
    free = shutil.disk_usage(place).free // _MEGABYTE
    state = f"{folder} can be {'written' if folder.exists() else 'created'}, {free:,} MB are free."
    if free >= _TIGHT_MB:
        return Finding("Data folder", Mark.WELL, state)
    return Finding("Data folder", Mark.BROKEN if free < _FULL_MB else Mark.DOUBTFUL, state, "Free some space there.")


def _binaries(settings: Settings) -> list[Finding]:
    if settings.database_url is not None:
        return []
    try:
        return [Finding("PostgreSQL programs", Mark.WELL, f"{locate().version}, installed with Souk.")]
    except EmbeddedPostgresError as missing:
        return [Finding("PostgreSQL programs", Mark.BROKEN, str(missing))]


async def _database(settings: Settings) -> Finding:
    if settings.database_url is None and not Folders(embedded_home(settings)).data.exists():
        return Finding("Database", Mark.DOUBTFUL, "There is none yet.", "The first `souk serve` makes one.")
    try:
        with database(settings) as chosen:
            found = await examine(chosen.connection)
    except (DatabaseUnusable, EmbeddedPostgresError) as unusable:
        return Finding("Database", Mark.BROKEN, str(unusable))
    where = "Souk's own" if settings.database_url is None else "from DATABASE_URL"
    told = f"PostgreSQL {found.version}, {where}, answers in {found.latency_ms:.2f} ms"
    match state_of(found.revision):
        case SchemaState.CURRENT:
            goods = "with products" if found.has_products else "no product yet"
            return Finding("Database", Mark.WELL, f"{told}; its schema is up to date, {goods}.")
        case SchemaState.UNKNOWN:
            return Finding(
                "Database",
                Mark.BROKEN,
                f"{told}; a newer version of Souk migrated it to {found.revision}.",
                "Run that version, or use another database.",
            )
        case state:
            return Finding("Database", Mark.BROKEN, f"{told}; its schema is {state.value}.", "Run `souk migrate`.")


def _token_key(settings: Settings) -> Finding:
    configured = settings.jwt_secret is not None or bool(settings.jwt_private_key)
    if not configured and not (settings.souk_home / SECRET_FILE).exists():
        return Finding("Token key", Mark.DOUBTFUL, "There is none yet.", "The first `souk serve` makes one.")
    try:
        keys = key_ring(settings)
    except BadKey as bad:
        return Finding("Token key", Mark.BROKEN, str(bad))
    number = "1 key" if len(keys.keys) == 1 else f"{len(keys.keys)} keys, the first of which signs"
    return Finding("Token key", Mark.WELL, f"{keys.algorithm}, {number}.")


async def _redis(settings: Settings) -> Finding:
    if settings.redis_url is None:
        state = "None; processes signal over PostgreSQL, and each counts tries to sign in for itself."
        if settings.production or settings.workers > 1:
            return Finding("Redis", Mark.DOUBTFUL, state, "Name one in REDIS_URL to have all of them count together.")
        return Finding("Redis", Mark.WELL, state)
    url = settings.redis_url.get_secret_value()
    try:
        require_usable(url)
        version = await redis_version(url)
    except ValueError as bad:
        return Finding("Redis", Mark.BROKEN, str(bad), "Correct REDIS_URL.")
    except Unavailable as away:
        state = f"It cannot be used ({one_line(away.message).rstrip('.')})."
        return Finding("Redis", Mark.BROKEN, state, "Start it there, or correct REDIS_URL.")
    if int(version.partition(".")[0]) < OLDEST_REDIS:
        state = f"{version} is too old."
        return Finding("Redis", Mark.BROKEN, state, f"Use Redis {OLDEST_REDIS} or newer, or Valkey.")
    return Finding("Redis", Mark.WELL, f"{version}.")


async def _rabbitmq(settings: Settings) -> Finding:
    if settings.amqp_url is None:
        return Finding("RabbitMQ", Mark.WELL, "None; events are handled by the processes that do the work.")
    url = settings.amqp_url.get_secret_value()
    try:
        rabbitmq.require_usable(url)
        version = await rabbitmq.version(url)
    except ValueError as bad:
        return Finding("RabbitMQ", Mark.BROKEN, str(bad), "Correct AMQP_URL.")
    except Unavailable as away:
        return Finding("RabbitMQ", Mark.BROKEN, away.message, "Start it there, or correct AMQP_URL.")
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if numbers < OLDEST_RABBITMQ:
        return Finding("RabbitMQ", Mark.BROKEN, f"{version} is too old.", "Use RabbitMQ 3.10 or newer.")
    return Finding("RabbitMQ", Mark.WELL, f"{version}.")


async def _mail(settings: Settings) -> Finding:
    """The server is greeted as for a letter, log-in included; nothing is sent."""
    try:
        outlet = mailer(settings)
    except ValueError as bad:
        return Finding("Mail", Mark.BROKEN, str(bad), "Correct SMTP_URL or MAIL_FROM.")
    if not isinstance(outlet, SmtpMailer):
        return Finding("Mail", Mark.WELL, f"Letters are written to {settings.souk_home / 'mail'}.")
    try:
        await outlet.greet()
    except Unavailable as away:
        return Finding("Mail", Mark.BROKEN, away.message, "Start it there, or correct SMTP_URL.")
    return Finding("Mail", Mark.WELL, f"The mail server takes letters from {settings.mail_from}.")


async def _stripe(settings: Settings) -> Finding:
    """A list of payments is asked for, which tells whether the key may see them; nothing is changed."""
    stripe = stripe_gateway(settings)
    if stripe is None:
        return Finding("Stripe", Mark.WELL, "No key; payments are played in a sandbox.")
    try:
        await stripe.greet()
    except ProviderDown as away:
        return Finding("Stripe", Mark.BROKEN, away.message, "Let this machine reach it, or correct STRIPE_API_BASE.")
    except ProviderRefused as refused:
        return Finding("Stripe", Mark.BROKEN, f"{refused}".rstrip(".") + ".", "Correct STRIPE_SECRET_KEY.")
    finally:
        await stripe.close()
    if settings.stripe_is_live:
        return Finding("Stripe", Mark.WELL, "It takes the key, which is a live one: real money moves.")
    state = "It takes the key, which is for tests: no real money moves."
    if settings.production:
        return Finding("Stripe", Mark.DOUBTFUL, state, "Set a live key before you sell.")
    return Finding("Stripe", Mark.WELL, state)


def _explorer(web: Path, which: Callable[[str], str | None]) -> Finding:
    if Manifest.read(web) is not None:
        return Finding("GraphiQL", Mark.WELL, "Built; it works without internet.")
    if is_being_built(web):
        return Finding("GraphiQL", Mark.DOUBTFUL, "It is being built right now, and comes from a CDN until then.")
    advice = "Run `make web`." if which("npm") else "Install npm and run `make web`."
    return Finding("GraphiQL", Mark.DOUBTFUL, "It comes from a CDN, which needs internet.", advice)


def _port(settings: Settings) -> Finding:
    where = f"Port {settings.port}"
    try:
        bind(settings.host, settings.port).close()
    except Failure as taken:
        if _souk_answers(settings):
            return Finding(where, Mark.WELL, "Souk answers there.")
        return Finding(where, Mark.BROKEN, str(taken))
    return Finding(where, Mark.WELL, "Free.")


def _souk_answers(settings: Settings) -> bool:
    """PUBLIC_URL does not matter here: it may lead through a proxy to another machine."""
    address = settings.model_copy(update={"public_url": None}).address
    request = urllib.request.Request(f"{address}/livez", headers={"Host": _any_host(settings)})  # noqa: S310  (http, ours)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_ANSWER_SECONDS) as answer:
            return b'"alive"' in answer.read(1_000)
    except (OSError, urllib.error.URLError, ValueError):
        return False


def _any_host(settings: Settings) -> str:
    return settings.allowed_hosts[0] if settings.allowed_hosts else f"{settings.host}:{settings.port}"
