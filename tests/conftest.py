"""A real PostgreSQL for the tests: one server for the run, two template databases, clones of them."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest

from adapters.embedded_postgres import EmbeddedPostgres
from persistence import migrations
from persistence.connections import ConnectionSettings
from server.app import build_app
from server.demo.loading import load_demo
from server.settings import Settings, read_settings
from server.wiring import Shop, open_shop
from tests import rabbitmq, valkey
from tests.generous import GenerousLimiter

LOCK = 1
IN_MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 4 * 2**30
PATIENCE_MS = 60_000
"""What a busy machine may take for a statement of a test's own; the shops under test keep the limits of the product."""


def pytest_xdist_auto_num_workers() -> int:
    """More than there are cores: tests wait for a third of their time, for servers and for what must not happen."""
    return (os.cpu_count() or 1) * 3 // 2


@dataclass(slots=True)
class Statements:
    """The SQL that ran since `clear`."""

    seen: list[str] = field(default_factory=list[str])

    def __call__(self, sql: str, seconds: float) -> None:
        del seconds
        self.seen.append(sql)

    def clear(self) -> None:
        self.seen.clear()

    def __len__(self) -> int:
        return len(self.seen)


@pytest.fixture(scope="session", autouse=True)
def souk_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the shops of this worker keep their keys and letters: never in the checkout."""
    home = tmp_path_factory.mktemp("home")
    os.environ["SOUK_HOME"] = str(home)
    return home


@pytest.fixture(scope="session")
def postgres() -> Generator[EmbeddedPostgres]:
    """The run's server, shared by its workers; whoever is last takes it away."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    home = _roomy() / f"souk-tests-{run}"
    home.mkdir(mode=0o711, exist_ok=True)  # the server may run as another user, who must get through
    # each shop of a test has two pools of ten connections, and several workers have several shops
    server = EmbeddedPostgres(home, durable=False, settings={"max_connections": "500"})
    server.start()
    yield server
    if server.release():
        shutil.rmtree(home, ignore_errors=True)


def _roomy() -> Path:
    """Memory, where there is enough of it; the workers of a run agree, as the server's home is made by the first."""
    if IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).total >= ENOUGH_BYTES:
        return IN_MEMORY
    return Path(tempfile.gettempdir())


@dataclass(frozen=True, slots=True)
class Templates:
    """`empty` (migrated) and `demo` (with the demo shop)."""

    server: EmbeddedPostgres

    @contextmanager
    def clone(self, template: str) -> Generator[ConnectionSettings]:
        """A copy, for as long as the block runs: hundreds that stayed would fill the disk, and keep it busy."""
        name = f"{template}_{uuid4().hex}"
        asyncio.run(self._run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"))
        try:
            yield ConnectionSettings(
                self.server.url_of(name),
                statement_timeout_ms=PATIENCE_MS,
                lock_timeout_ms=PATIENCE_MS,
                idle_in_transaction_timeout_ms=PATIENCE_MS,
            )
        finally:
            asyncio.run(self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))

    async def _run(self, statement: str) -> None:
        admin = await asyncpg.connect(self.server.url_of("postgres"))
        try:
            await admin.execute("SELECT pg_advisory_lock($1)", LOCK)  # a template is copied by one at a time
            await admin.execute(statement)
        finally:
            await admin.close()


@pytest.fixture(scope="session")
def templates(postgres: EmbeddedPostgres) -> Templates:
    asyncio.run(_prepare(postgres))
    return Templates(postgres)


async def _prepare(postgres: EmbeddedPostgres) -> None:
    admin = await asyncpg.connect(postgres.url_of("postgres"))
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", LOCK)
        if await admin.fetchval("SELECT count(*) FROM pg_database WHERE datname = 'demo'"):
            return
        await admin.execute("CREATE DATABASE empty")
        await migrations.migrate(ConnectionSettings(postgres.url_of("empty")))
        await admin.execute("CREATE DATABASE loading TEMPLATE empty")
        await load_demo(ConnectionSettings(postgres.url_of("loading")), None, lambda _, __: None)
        await admin.execute("ALTER DATABASE loading RENAME TO demo")
    finally:
        await admin.close()


@pytest.fixture
def empty_database(templates: Templates) -> Generator[ConnectionSettings]:
    """A migrated database without a product, for this test alone."""
    with templates.clone("empty") as settings:
        yield settings


@pytest.fixture
def demo_database(templates: Templates) -> Generator[ConnectionSettings]:
    """A demo shop for this test alone, which may change it."""
    with templates.clone("demo") as settings:
        yield settings


@pytest.fixture(scope="session")
def demo_url(templates: Templates) -> Generator[str]:
    """A demo shop for all tests of this worker that only read."""
    with templates.clone("demo") as settings:
        yield settings.url


@pytest.fixture(scope="session")
def settings(demo_url: str) -> Settings:
    return read_settings(database_url=demo_url, public_url="http://shop.example")


@pytest.fixture(scope="session")
def statements() -> Statements:
    return Statements()


@pytest.fixture(scope="session")
async def shop(settings: Settings, statements: Statements) -> AsyncGenerator[Shop]:
    """The demo shop, open; `statements` sees what SQL it runs."""
    async with open_shop(settings, statements, GenerousLimiter()) as opened:
        yield opened


@pytest.fixture
def own_statements() -> Statements:
    """What SQL `own_shop` runs."""
    return Statements()


@pytest.fixture
async def own_shop(empty_database: ConnectionSettings, own_statements: Statements) -> AsyncGenerator[Shop]:
    """A shop without a product, for this test alone, which may change it."""
    settings = read_settings(database_url=empty_database.url, public_url="http://shop.example")
    async with open_shop(settings, own_statements, GenerousLimiter()) as opened:
        yield opened


@pytest.fixture(scope="session")
async def client(settings: Settings, statements: Statements) -> AsyncGenerator[httpx.AsyncClient]:
    """Speaks HTTP with the whole application over the demo shop; `statements` sees what SQL it runs."""
    app = build_app(settings, listener=statements, limiter=GenerousLimiter())
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as opened,
    ):
        yield opened


@pytest.fixture(scope="session")
def redis_url() -> Generator[str]:
    """This worker's Redis; a test that breaks its server takes one of its own, `valkey.running()`."""
    with valkey.running() as server:
        yield server.url


@pytest.fixture(scope="session")
def rabbitmq_url() -> Generator[str]:
    """This worker's RabbitMQ; a test that breaks its broker takes one of its own, `rabbitmq.running()`."""
    with rabbitmq.running() as broker:
        yield broker.url
