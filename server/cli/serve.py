"""`souk serve`: from the command to the first answer, and to the end."""

import asyncio
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from types import FrameType

from server import logs
from server.app import GRAPHQL
from server.cli.screen import Facts, Screen
from server.embedded import Chosen, database, embedded_home
from server.first_admin import FirstAdmin
from server.graphiql_build import build_in_background
from server.listening import bind, port_of
from server.serving import serve
from server.settings import CHECKOUT, Settings, read_settings
from server.starting import Start, condition
from server.wiring import check
from server.workers import Workers


def run(screen: Screen) -> None:
    _stop_as_by_ctrl_c()
    settings = read_settings()
    with ExitStack() as stack:
        listener = stack.enter_context(bind(settings.host, settings.port))  # before anything that takes time
        settings = settings.model_copy(update={"port": port_of(listener)})
        check(settings)
        chosen = _choose(screen, settings, stack)
        admin = asyncio.run(Start(chosen, screen).prepare())
        if not settings.production:
            stack.enter_context(_building())
        _serve(chosen.settings, listener, lambda: screen.facts("Souk is running", facts(chosen, admin)))
    screen.line("Souk has stopped.")


def facts(chosen: Chosen, admin: FirstAdmin | None) -> Facts:
    """What somebody who has just started the shop wants to know."""
    settings = chosen.settings
    explorer = f"{settings.address}{GRAPHQL}"
    data = str(embedded_home(settings)) if chosen.embedded else "the database that DATABASE_URL names"
    return [
        ("GraphiQL", f"{explorer} (in a browser)"),
        ("API", f"{explorer} (POST)"),
        *_admin_facts(admin),
        ("Data", data),
        ("Stop", "Ctrl-C"),
    ]


def _admin_facts(admin: FirstAdmin | None) -> Facts:
    if admin is None:
        return []
    known = admin.password or "changed since; `souk user create-admin` sets a new one"
    return [("Admin", admin.email), ("Password", known)]


def _choose(screen: Screen, settings: Settings, stack: ExitStack) -> Chosen:
    with screen.step("Starting PostgreSQL" if settings.database_url is None else "Connecting to PostgreSQL") as note:
        chosen = stack.enter_context(database(settings))
        found = asyncio.run(condition(chosen.connection))
        note(f"PostgreSQL {found.version}{', started by Souk' if chosen.embedded else ', from DATABASE_URL'}")
    return chosen


@contextmanager
def _building() -> Generator[None]:
    """Let GraphiQL be built meanwhile, where npm exists."""
    build = build_in_background(CHECKOUT / "web")
    try:
        yield
    finally:
        build.stop()


def _serve(settings: Settings, listener: socket.socket, tell: Callable[[], None]) -> None:
    if settings.workers == 1:
        serve(settings, listener, tell)
    else:
        logs.configure(settings)
        asyncio.run(Workers(settings, listener).run(tell))


def _stop_as_by_ctrl_c() -> None:
    """Have SIGTERM and a closed terminal do what Ctrl-C does at that moment, which gives everything back.

    A signal that is ignored stays so: `nohup` and background jobs of a shell mean it.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    signal.raise_signal(signal.SIGINT)
