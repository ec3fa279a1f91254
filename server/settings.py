"""Everything that can be set, from the environment, read once and frozen.

A field's description is its documentation: `souk settings` and the README show it. Secrets are never printed.
"""

import re
from email.utils import parseaddr
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from adapters.sandbox.scenarios import scenario

LISTS = ("allowed_origins", "allowed_hosts", "trusted_proxies", "jwt_private_key")
NEEDED_IN_PRODUCTION = ("database_url", "public_url", "allowed_hosts", "smtp_url", "stripe_secret_key")
STRIPE_KEY = re.compile(r"(?:sk|rk)_(test|live)_\w+", re.ASCII)
STRIPE_PUBLISHABLE_KEY = re.compile(r"pk_(test|live)_\w+", re.ASCII)
STRIPE_WEBHOOK_SECRET = re.compile(r"whsec_\w{8,}", re.ASCII)
SHORTEST_SECRET = 32
"""Bytes of JWT_SECRET: RFC 7518, 3.2 asks for as many as the hash of HS256 has."""
_OF_STRIPE = ("stripe_publishable_key", "stripe_webhook_secret", "stripe_api_base")
CHECKOUT = Path(__file__).resolve().parent.parent


class Environment(Enum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class BadSettings(Exception):
    """Its message has one line for each setting that cannot be used."""


def _home() -> Path:
    """Beside the code in a checkout, so that several copies do not share data; in the user's home otherwise."""
    return CHECKOUT / ".souk" if (CHECKOUT / "pyproject.toml").is_file() else Path.home() / ".souk"


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _database_url(url: SecretStr | None) -> SecretStr | None:
    if url is None or not url.get_secret_value():
        return None
    if urlsplit(url.get_secret_value()).scheme.partition("+")[0] not in {"postgres", "postgresql"}:
        raise ValueError("must look like postgresql://user:password@host:5432/database")
    return url


def _redis_url(url: SecretStr | None) -> SecretStr | None:
    return _url_of(url, {"redis", "rediss", "unix"}, "redis://:password@host:6379/0")


def _amqp_url(url: SecretStr | None) -> SecretStr | None:
    return _url_of(url, {"amqp", "amqps"}, "amqp://user:password@host:5672/vhost")


def _smtp_url(url: SecretStr | None) -> SecretStr | None:
    return _url_of(url, {"smtp", "smtps"}, "smtp://user:password@host:587, or smtps://… for TLS from the first byte")


def _url_of(url: SecretStr | None, schemes: set[str], example: str) -> SecretStr | None:
    if url is not None and urlsplit(url.get_secret_value()).scheme not in schemes:
        raise ValueError(f"must look like {example}")
    return url


def _jwt_secret(secrets: SecretStr | None) -> SecretStr | None:
    if secrets is not None and any(len(one.encode()) < SHORTEST_SECRET for one in parts(secrets.get_secret_value())):
        raise ValueError(f"must have {SHORTEST_SECRET} bytes or more, such as `openssl rand -hex 32` prints")
    return secrets


def _stripe_key(key: SecretStr | None) -> SecretStr | None:
    if key is not None and not STRIPE_KEY.fullmatch(key.get_secret_value()):
        raise ValueError("must begin with sk_test_, sk_live_, rk_test_ or rk_live_")
    return key


def _stripe_publishable_key(key: str | None) -> str | None:
    # it is shown to everybody: a secret key in its place would be, too
    if key is not None and not STRIPE_PUBLISHABLE_KEY.fullmatch(key):
        raise ValueError("must begin with pk_test_ or pk_live_")
    return key


def _stripe_webhook_secret(secrets: SecretStr | None) -> SecretStr | None:
    if secrets is None:
        return None
    found = parts(secrets.get_secret_value())
    if not found or not all(STRIPE_WEBHOOK_SECRET.fullmatch(one) for one in found):
        raise ValueError("must begin with whsec_, each one of several")
    return secrets


def _sandbox_scenario(text: str) -> str:
    scenario(text)
    return text


def _mail_from(address: str) -> str:
    if "@" not in parseaddr(address)[1]:
        raise ValueError("must look like Shop <no-reply@shop.example>")
    return address


def _public_url(url: str | None) -> str | None:
    if url and urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError("must begin with http:// or https://")
    return url.rstrip("/") if url else None


def _origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    if "*" in origins:
        raise ValueError("must name each origin: with `*`, every page in the world could act as whoever looks at it")
    return origins


def _words(text: Any) -> Any:
    return parts(text) if isinstance(text, str) else text


def parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


class Settings(BaseSettings):
    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    souk_env: Environment = Field(
        Environment.DEVELOPMENT, description="`production` refuses every default that only suits development."
    )
    souk_home: Annotated[Path, AfterValidator(_absolute)] = Field(
        default_factory=_home, description="Folder for the embedded database and generated passwords."
    )
    database_url: Annotated[SecretStr | None, AfterValidator(_database_url)] = Field(
        None, description="A PostgreSQL 15 or newer to use; without it, Souk starts its own."
    )
    database_pool_size: int = Field(
        10,
        ge=1,
        le=100,
        description="Connections for reading, two at least, and as many again for writing, in each process.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 for every network.")
    port: int = Field(8000, ge=0, le=65_535, description="Port to listen on; 0 picks a free one.")
    workers: int = Field(1, ge=1, le=64, description="Server processes.")
    public_url: Annotated[str | None, AfterValidator(_public_url)] = Field(
        None, description="Where browsers reach the shop; http://HOST:PORT without it."
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode, AfterValidator(_origins)] = Field(
        (), description="Web origins whose pages may call the API, separated by commas."
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Addresses or networks of proxies whose X-Forwarded-* headers are believed, separated by commas.",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Host names that are answered, separated by commas; all in development."
    )
    redis_url: Annotated[SecretStr | None, AfterValidator(_redis_url)] = Field(
        None, description="A Redis 7 or newer for rate limits and signals between processes; PostgreSQL without it."
    )
    amqp_url: Annotated[SecretStr | None, AfterValidator(_amqp_url)] = Field(
        None,
        description="A RabbitMQ 3.10 or newer that takes events to their handlers; PostgreSQL without it.",
    )
    jwt_secret: Annotated[SecretStr | None, AfterValidator(_jwt_secret)] = Field(
        None,
        description="Signs access tokens (HS256), 32 bytes or more; of several, separated by commas, the first signs "
        "and all are believed.",
    )
    jwt_private_key: Annotated[tuple[Path, ...], NoDecode] = Field(
        (),
        description="PEM files with Ed25519 keys that sign access tokens (EdDSA) instead; the first signs and all are "
        "believed.",
    )
    smtp_url: Annotated[SecretStr | None, AfterValidator(_smtp_url)] = Field(
        None, description="The mail server; without it, mails are written to SOUK_HOME."
    )
    mail_from: Annotated[str, AfterValidator(_mail_from)] = Field(
        "Souk <no-reply@souk.example>", description="Whom mails come from."
    )
    stripe_secret_key: Annotated[SecretStr | None, AfterValidator(_stripe_key)] = Field(
        None, description="Stripe's secret key, or a restricted one; without it, payments are played in a sandbox."
    )
    stripe_publishable_key: Annotated[str | None, AfterValidator(_stripe_publishable_key)] = Field(
        None, description="Stripe's key for browsers, which clients are told."
    )
    stripe_webhook_secret: Annotated[SecretStr | None, AfterValidator(_stripe_webhook_secret)] = Field(
        None, description="Stripe signs its webhooks with it; several, separated by commas, while one is replaced."
    )
    stripe_api_base: Annotated[str | None, AfterValidator(_public_url)] = Field(
        None, description="Another address than Stripe's own, for tests; never with a live key."
    )
    sandbox_scenario: Annotated[str, AfterValidator(_sandbox_scenario)] = Field(
        "normal",
        description="What goes wrong with the sandbox's payments, such as drop=0.3,delay,seed=7; never in production.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="The least that is logged.")

    @model_validator(mode="before")
    @classmethod
    def _split(cls, values: dict[str, Any]) -> dict[str, Any]:
        lists = {name: _words(values[name]) for name in LISTS if name in values}
        level = {"log_level": values["log_level"].upper()} if isinstance(values.get("log_level"), str) else {}
        return {**values, **lists, **level}

    @model_validator(mode="after")
    def _fit_for_production(self) -> "Settings":
        if self.production:
            missing = [name.upper() for name in NEEDED_IN_PRODUCTION if not getattr(self, name)]
            if not self.jwt_secret and not self.jwt_private_key:
                missing.append("JWT_SECRET or JWT_PRIVATE_KEY")
            if missing:
                raise ValueError(f"SOUK_ENV=production needs {', '.join(missing)}")
        return self

    @model_validator(mode="after")
    def _no_mishaps_in_production(self) -> "Settings":
        if self.production and self.sandbox_scenario != "normal":
            raise ValueError("SANDBOX_SCENARIO is for trying things out: there is no sandbox in production")
        return self

    @model_validator(mode="after")
    def _one_kind_of_key(self) -> "Settings":
        if self.jwt_secret and self.jwt_private_key:
            raise ValueError("JWT_SECRET and JWT_PRIVATE_KEY exclude each other: access tokens have one algorithm")
        return self

    @model_validator(mode="after")
    def _fit_for_stripe(self) -> "Settings":
        if self.stripe_secret_key is None:
            alone = [name.upper() for name in _OF_STRIPE if getattr(self, name)]
            if alone:
                raise ValueError(f"{', '.join(alone)}: of no use without STRIPE_SECRET_KEY")
            return self
        if self.stripe_webhook_secret is None:
            raise ValueError("STRIPE_SECRET_KEY needs STRIPE_WEBHOOK_SECRET: without, anybody could say what is paid")
        shown = self.stripe_publishable_key
        if shown and shown.startswith("pk_live_") is not self.stripe_is_live:
            raise ValueError("STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY must both be live keys, or both test keys")
        if self.stripe_is_live and not self.production:
            raise ValueError("STRIPE_SECRET_KEY is a live key, which needs SOUK_ENV=production: it moves real money")
        if self.stripe_is_live and self.stripe_api_base:
            raise ValueError("STRIPE_API_BASE excludes a live key: only Stripe itself may see it")
        return self

    @property
    def stripe_is_live(self) -> bool:
        """Whether real money moves."""
        key = self.stripe_secret_key
        return key is not None and key.get_secret_value()[2:].startswith("_live_")

    @property
    def production(self) -> bool:
        return self.souk_env is Environment.PRODUCTION

    @property
    def address(self) -> str:
        """Where browsers reach the shop, without a slash at the end."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104  (shown, not bound)
        return self.public_url or f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def read_settings(**given: Any) -> Settings:
    """What the environment says; `given` wins over it.

    Raises:
        BadSettings: a value cannot be used.
    """
    try:
        return Settings(**given)
    except ValidationError as invalid:
        raise BadSettings("\n".join(_line(error) for error in invalid.errors())) from invalid


def _line(error: Any) -> str:
    name = ".".join(str(part) for part in error["loc"][:1]).upper()
    problem = error["msg"].removeprefix("Value error, ")
    return f"{name}: {problem}." if name else f"{problem}."
