"""Whatever is in the way of a start is told in one line that says what to do, and nothing is lost or left behind."""

import asyncio
import shutil
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from persistence.connections import ConnectionSettings
from server.settings import CHECKOUT
from tests.command import Souk

JWT_SECRET = "0" * 32
READY = b"R\0\0\0\x08\0\0\0\0" + b"S\0\0\0\x18server_version\x0014.9\0" + b"Z\0\0\0\x05I"
"""What PostgreSQL says when it lets somebody in: no password needed, its version, ready."""


@contextmanager
def server(answers: list[bytes]) -> Generator[int]:
    """A server that gives these answers to what it is sent, to each of its clients."""

    def answer_all() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client, suppress(OSError):
                    for answer in answers:
                        client.recv(4_096)
                        client.sendall(answer)
                    client.recv(4_096)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer_all)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def elsewhere(database: ConnectionSettings, **changed: str) -> str:
    """The address of `database` with another user, password or name."""
    parts = urlsplit(database.url)
    user, password = changed.get("user", parts.username), changed.get("password", parts.password)
    name = changed.get("name", parts.path[1:])
    return f"postgresql://{user}:{password}@{parts.hostname}:{parts.port}/{name}"


def execute(database: ConnectionSettings, *statements: str) -> object:
    """Run the statements and return the value of the last one."""

    async def run() -> object:
        connection = await asyncpg.connect(database.dsn)
        try:
            return [await connection.fetchval(statement) for statement in statements][-1]
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.fixture
def blank_database(empty_database: ConnectionSettings) -> ConnectionSettings:
    """A database in which no migration ever ran."""
    name = f"blank_{urlsplit(empty_database.url).path[1:]}"
    execute(empty_database, f"CREATE DATABASE {name}")
    return replace(empty_database, url=elsewhere(empty_database, name=name))


def test_a_taken_port_is_told_before_anything_else_happens(souk: Souk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = souk.refuses("serve", PORT=str(port))
    assert line.startswith(f"Port {port} on 127.0.0.1 is taken by another program: stop it, or choose another port")
    assert not souk.home.exists()


@pytest.mark.parametrize(
    ("host", "code", "line"),
    [
        ("192.0.2.1", 1, "HOST=192.0.2.1 is not an address of this machine: use 127.0.0.1"),
        ("no-such-host.invalid", 2, "HOST=no-such-host.invalid is neither an address nor a name"),
    ],
)
def test_a_host_that_is_not_ours_is_told(souk: Souk, host: str, code: int, line: str) -> None:
    assert souk.refuses("serve", code=code, HOST=host, PORT="0").startswith(line)


def test_a_home_that_cannot_be_written_is_told(souk: Souk) -> None:
    souk.home.write_text("a file")
    line = souk.refuses("serve", PORT="0")
    assert f"The folder {souk.home} cannot keep the secret that signs access tokens" in line
    assert "point SOUK_HOME at another one" in line
    line = souk.refuses("serve", PORT="0", JWT_SECRET=JWT_SECRET)
    assert f"The folder {souk.home / 'postgres'} cannot hold the database" in line
    assert "point SOUK_HOME at another one" in line
    assert souk.home.read_text() == "a file"


@pytest.mark.parametrize(
    ("setting", "value", "line"),
    [
        ("JWT_SECRET", "short", "JWT_SECRET: must have 32 bytes or more"),
        ("JWT_PRIVATE_KEY", "/nowhere/key.pem", "The key file /nowhere/key.pem cannot be read"),
        ("SMTP_URL", "smtp://shop:canary@", "The mail server must look like smtp://user:password@host:587"),
        ("REDIS_URL", "redis://:canary@host:port/0", "The Redis must look like redis://:password@host:6379/0"),
        ("MAIL_FROM", "Shop", "MAIL_FROM: must look like Shop <no-reply@shop.example>"),
        ("MAIL_FROM", "a@straße.example", "The sender of letters must look like"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_key_or_mail_setting_that_cannot_be_used_is_told(
    souk: Souk, command: str, setting: str, value: str, line: str
) -> None:
    told = souk.refuses(command, code=2, PORT="0", DATABASE_URL="postgresql://127.0.0.1:1/x", **{setting: value})
    assert told.startswith(line)
    assert "canary" not in told


def test_an_admin_password_that_cannot_be_kept_is_told(souk: Souk, demo_database: ConnectionSettings) -> None:
    souk.home.write_text("a file")
    line = souk.refuses("serve", PORT="0", DATABASE_URL=demo_database.url, JWT_SECRET=JWT_SECRET)
    assert "cannot keep the admin's password" in line
    assert execute(demo_database, "SELECT count(*) FROM users") == 0


def test_every_bad_setting_is_told_on_a_line_of_its_own(souk: Souk) -> None:
    lines = souk.refuses("serve", code=2, PORT="many", WORKERS="0").splitlines()
    assert [line.partition(":")[0] for line in lines] == ["PORT", "WORKERS"]


def test_an_address_where_nobody_answers_is_told(souk: Souk) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{unheard.getsockname()[1]}"
        line = souk.refuses("serve", PORT="0", DATABASE_URL=f"postgresql://souk:secret@{place}/souk")
    assert line == (
        f"No PostgreSQL answers at {place} (connection refused): "
        "start it there, or correct the address in DATABASE_URL."
    )


def test_another_kind_of_server_is_told(souk: Souk) -> None:
    with server([b"HTTP/1.1 400 Bad Request\r\n\r\n"]) as port:
        line = souk.refuses("migrate", DATABASE_URL=f"postgresql://souk@127.0.0.1:{port}/souk")
    assert line.startswith(f"No PostgreSQL answers at 127.0.0.1:{port} (")


def test_a_postgresql_older_than_15_is_told(souk: Souk) -> None:
    with server([b"N", READY]) as port:
        line = souk.refuses("serve", PORT="0", DATABASE_URL=f"postgresql://souk@127.0.0.1:{port}/souk")
    assert line.startswith(f"PostgreSQL 14.9 at 127.0.0.1:{port} is too old: Souk needs 15 or newer.")


def test_a_wrong_password_is_told_but_not_shown(souk: Souk, empty_database: ConnectionSettings) -> None:
    line = souk.refuses("serve", PORT="0", DATABASE_URL=elsewhere(empty_database, password="not-this-one"))
    assert "does not let us in" in line
    assert "correct the user or the password in DATABASE_URL" in line
    assert "not-this-one" not in line


def test_a_database_that_is_not_there_is_told(souk: Souk, empty_database: ConnectionSettings) -> None:
    line = souk.refuses("serve", PORT="0", DATABASE_URL=elsewhere(empty_database, name="nowhere"))
    assert 'has no database "nowhere": create it with `CREATE DATABASE "nowhere";`' in line


def test_an_address_that_is_none_is_told(souk: Souk) -> None:
    line = souk.refuses("serve", PORT="0", DATABASE_URL="postgresql://souk@127.0.0.1:http/souk")
    assert line.startswith("DATABASE_URL cannot be understood")


@pytest.mark.parametrize("command", ["serve", "migrate", "demo"])
def test_a_database_of_a_newer_version_is_left_alone(
    souk: Souk, empty_database: ConnectionSettings, command: str
) -> None:
    execute(empty_database, "UPDATE alembic_version SET version_num = '2999_01_01_future'")
    line = souk.refuses(command, PORT="0", DATABASE_URL=empty_database.url)
    assert line.startswith("The database was migrated by a newer version of Souk (to 2999_01_01_future)")
    assert execute(empty_database, "SELECT count(*) FROM products") == 0


def test_production_does_not_start_with_an_outdated_schema(souk: Souk, blank_database: ConnectionSettings) -> None:
    line = souk.refuses(
        "serve",
        PORT="0",
        SOUK_ENV="production",
        DATABASE_URL=blank_database.url,
        PUBLIC_URL="https://shop.example",
        ALLOWED_HOSTS="shop.example",
        SMTP_URL="smtp://127.0.0.1:25",
        JWT_SECRET=JWT_SECRET,
        STRIPE_SECRET_KEY="sk_test_1",
        STRIPE_WEBHOOK_SECRET="whsec_12345678",
    )
    assert "run `souk migrate`" in line
    assert execute(blank_database, "SELECT to_regclass('products')::text") is None


def test_a_database_with_other_tables_is_left_alone(souk: Souk, blank_database: ConnectionSettings) -> None:
    execute(blank_database, "CREATE TABLE users (name text)", "INSERT INTO users VALUES ('Ann')")
    line = souk.refuses("migrate", DATABASE_URL=blank_database.url)
    assert "something else lives in this database; give Souk an empty one" in line
    assert execute(blank_database, "SELECT name FROM users") == "Ann"


def test_a_user_who_may_not_create_tables_is_told(souk: Souk, blank_database: ConnectionSettings) -> None:
    role = urlsplit(blank_database.url).path[1:][:50]
    execute(blank_database, f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    line = souk.refuses("migrate", DATABASE_URL=elsewhere(blank_database, user=role, password="secret"))
    assert "permission denied for schema public" in line
    assert "name the database's owner there" in line


def test_a_broken_demo_catalogue_is_told(souk: Souk, empty_database: ConnectionSettings, tmp_path: Path) -> None:
    for package in ("adapters", "alembic", "domain", "persistence", "resolvers", "schema", "server"):
        shutil.copytree(CHECKOUT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    broken = min((tmp_path / "server/demo/catalogue").glob("*.toml"))
    broken.write_text("not toml")
    line = replace(souk, code=tmp_path).refuses("demo", DATABASE_URL=empty_database.url)
    assert line.startswith(f"The demo catalogue cannot be used: {broken.name}")
