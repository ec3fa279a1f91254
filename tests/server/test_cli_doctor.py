"""`souk doctor`: what is broken, and what to do about it, without changing anything."""

import asyncio
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from persistence import migrations
from persistence.connections import ConnectionSettings
from tests.adapters.mail_servers import Catcher, listening
from tests.adapters.stripe_server import stripe_server
from tests.adapters.stripe_state import StripeState
from tests.command import Souk

NO_MAIL = "smtp://127.0.0.1:1"
SMTP_LOGIN = "shop%40example.org:canary@"


def test_the_doctor_finds_nothing_wrong_with_a_good_shop(souk: Souk, demo_database: ConnectionSettings) -> None:
    done = souk.run("doctor", DATABASE_URL=demo_database.url, PORT="0")
    assert done.returncode == 0, done.stdout
    assert "its schema is up to date, with products" in done.stdout
    assert "broken" not in done.stdout


def test_the_doctor_changes_nothing_where_there_is_nothing_yet(souk: Souk) -> None:
    done = souk.run("doctor", PORT="0")
    assert (done.returncode, souk.home.exists()) == (0, False)
    assert "The first `souk serve` makes one." in done.stdout


def test_the_doctor_tells_everything_that_is_broken_at_once(souk: Souk, empty_database: ConnectionSettings) -> None:
    asyncio.run(migrations.downgrade(empty_database, "base"))
    souk.home.write_text("a file")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = souk.run("doctor", DATABASE_URL=empty_database.url, PORT=port)
    assert done.returncode == 1
    assert done.stderr == f"souk: Something is broken: Data folder, Database, Port {port}.\n"
    assert "Run `souk migrate`." in done.stdout


def test_the_doctor_tells_of_bad_settings(souk: Souk) -> None:
    done = souk.run("doctor", PORT="many")
    assert done.returncode == 1
    assert "PORT: Input should be a valid integer" in done.stdout


@pytest.fixture
def production(souk: Souk, demo_database: ConnectionSettings) -> dict[str, str]:
    """Settings of a shop in production, short of a mail server and a Redis."""
    return {
        "SOUK_ENV": "production",
        "SOUK_HOME": str(souk.home),
        "DATABASE_URL": demo_database.url,
        "PUBLIC_URL": "https://shop.example",
        "ALLOWED_HOSTS": "shop.example",
        "PORT": "0",
        "JWT_SECRET": f"{'a' * 32},{'b' * 32}",
        "STRIPE_SECRET_KEY": "sk_test_canary",
        "STRIPE_WEBHOOK_SECRET": "whsec_canary_1,whsec_canary_2",
        "STRIPE_API_BASE": "http://127.0.0.1:1",
    }


async def lines(souk: Souk, environment: dict[str, str]) -> tuple[int, dict[str, str]]:
    """The exit code, and what is told of each thing, with its mark in front."""
    done = await asyncio.to_thread(souk.run, "doctor", **environment)
    found = (line.split(maxsplit=1) for line in done.stdout.splitlines())
    told = {rest.partition(":")[0]: f"{mark} {rest.partition(': ')[2]}" for mark, rest in found}
    assert "canary" not in done.stdout + done.stderr
    return done.returncode, told


async def test_the_doctor_tries_out_what_production_stands_on(
    souk: Souk, production: dict[str, str], redis_url: str
) -> None:
    async with listening(Catcher()) as catcher, stripe_server() as stripe:
        smtp_url = f"smtp://127.0.0.1:{catcher.port}"
        given = {**production, "REDIS_URL": redis_url, "SMTP_URL": smtp_url, "STRIPE_API_BASE": stripe.url}
        code, told = await lines(souk, given)
    assert code == 0, told
    assert told["Token key"] == "ok HS256, 2 keys, the first of which signs."
    assert told["Redis"].startswith("ok 7.")
    assert told["Mail"] == "ok The mail server takes letters from Souk <no-reply@souk.example>."
    assert told["Stripe"].startswith("note It takes the key, which is for tests: no real money moves.")
    assert catcher.letters == []
    assert not souk.home.exists()


async def test_the_doctor_tells_what_is_away_and_shows_no_password(souk: Souk, production: dict[str, str]) -> None:
    given = {**production, "REDIS_URL": "redis://:canary@127.0.0.1:1/0", "SMTP_URL": f"smtp://{SMTP_LOGIN}127.0.0.1:1"}
    code, told = await lines(souk, given)
    assert code == 1
    assert told["Redis"].startswith("broken It cannot be used (")
    assert told["Redis"].endswith("Start it there, or correct REDIS_URL.")
    assert told["Mail"].startswith("broken The mail server cannot be used: ")
    assert told["Mail"].endswith("Start it there, or correct SMTP_URL.")
    assert told["Stripe"].startswith("broken The payment provider does not answer (ConnectError).")
    assert told["Stripe"].endswith("Let this machine reach it, or correct STRIPE_API_BASE.")


async def test_the_doctor_tells_of_a_log_in_that_would_be_sent_in_clear(souk: Souk, production: dict[str, str]) -> None:
    async with listening(Catcher()) as catcher:
        code, told = await lines(souk, {**production, "SMTP_URL": f"smtp://{SMTP_LOGIN}0.0.0.0:{catcher.port}"})
    assert code == 1
    assert "no log-in is sent in clear" in told["Mail"]
    assert told["Redis"].startswith("note None; ")


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("JWT_PRIVATE_KEY", "/nowhere/key.pem", "broken The key file /nowhere/key.pem cannot be read"),
        ("REDIS_URL", "redis://:canary@host:port/0", "broken The Redis must look like"),
        ("SMTP_URL", "smtp://shop:canary@", "broken The mail server must look like"),
        ("MAIL_FROM", "a@straße.example", "broken The sender of letters must look like"),
    ],
)
async def test_the_doctor_tells_of_what_cannot_be_used(
    souk: Souk, demo_database: ConnectionSettings, setting: str, value: str, told: str
) -> None:
    code, found = await lines(souk, {"DATABASE_URL": demo_database.url, "PORT": "0", setting: value})
    assert code == 1
    assert next(line for line in found.values() if line.startswith("broken")).startswith(told)


async def test_a_key_that_stripe_does_not_take_is_told(souk: Souk, demo_database: ConnectionSettings) -> None:
    async with stripe_server(StripeState(secret_key="sk_test_other")) as stripe:
        given = {
            "DATABASE_URL": demo_database.url,
            "PORT": "0",
            "STRIPE_SECRET_KEY": "sk_test_canary",
            "STRIPE_WEBHOOK_SECRET": "whsec_canary_1",
            "STRIPE_API_BASE": stripe.url,
        }
        code, told = await lines(souk, given)
        assert code == 1
        assert told["Stripe"].startswith("broken Stripe refuses (status 401): ")
        assert told["Stripe"].endswith("Correct STRIPE_SECRET_KEY.")
        code, told = await lines(souk, {**given, "STRIPE_SECRET_KEY": "sk_test_other"})
    assert (code, told["Stripe"]) == (0, "ok It takes the key, which is for tests: no real money moves.")


async def test_a_secret_that_is_none_is_told(souk: Souk, demo_database: ConnectionSettings) -> None:
    souk.home.mkdir()
    (souk.home / "jwt-secret").write_text("short")
    code, told = await lines(souk, {"DATABASE_URL": demo_database.url, "PORT": "0"})
    assert code == 1
    assert told["Token key"].startswith(f"broken The file {souk.home / 'jwt-secret'} holds no secret of 32 bytes")


async def test_a_redis_that_is_too_old_is_told(souk: Souk, demo_database: ConnectionSettings) -> None:
    with old_redis() as port:
        given = {"DATABASE_URL": demo_database.url, "PORT": "0", "REDIS_URL": f"redis://127.0.0.1:{port}/0"}
        code, told = await lines(souk, given)
    assert code == 1
    assert told["Redis"] == "broken 6.2.14 is too old. Use Redis 7 or newer, or Valkey."


@contextmanager
def old_redis() -> Generator[int]:
    """Says OK to everything, and its version to INFO."""
    answer = b"# Server\r\nredis_version:6.2.14\r\n"

    def converse(client: socket.socket) -> None:
        with client:
            while said := client.recv(4_096):
                info = b"$%d\r\n%b\r\n" % (len(answer), answer)
                client.sendall(b"".join(info if b"INFO" in one else b"+OK\r\n" for one in said.split(b"*")[1:]))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            converse(client)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


async def test_the_doctor_tries_out_the_rabbitmq_that_is_named(
    souk: Souk, production: dict[str, str], rabbitmq_url: str
) -> None:
    _, told = await lines(souk, {**production, "SMTP_URL": NO_MAIL, "AMQP_URL": rabbitmq_url})
    assert told["RabbitMQ"].startswith("ok ")
    _, told = await lines(
        souk, {**production, "SMTP_URL": NO_MAIL, "AMQP_URL": rabbitmq_url.replace("guest@", "canary@")}
    )
    assert told["RabbitMQ"].startswith("broken RabbitMQ does not answer")


async def test_the_doctor_tells_of_a_rabbitmq_that_is_away(souk: Souk, production: dict[str, str]) -> None:
    _, told = await lines(souk, {**production, "SMTP_URL": NO_MAIL})
    assert told["RabbitMQ"] == "ok None; events are handled by the processes that do the work."
    code, told = await lines(souk, {**production, "SMTP_URL": NO_MAIL, "AMQP_URL": "amqp://ann:canary@127.0.0.1:1/"})
    assert (code, told["RabbitMQ"].partition(" (")[0]) == (1, "broken RabbitMQ does not answer")
