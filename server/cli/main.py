"""The commands and their options. What they do stands in a module each, loaded when it is run: help stays instant."""

import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module, metadata
from types import ModuleType
from typing import Annotated
from uuid import UUID

import typer

from adapters.embedded_postgres.errors import EmbeddedPostgresError
from server.cli.screen import Screen
from server.failures import Failure, UsageFailure
from server.settings import BadSettings

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended before it was done."""

app = typer.Typer(
    name="souk",
    help=(
        "Souk is a headless commerce server. `souk serve` starts the shop; everything that can be set comes from the "
        "environment, as `souk settings` shows.\n\n"
        "Exit codes: 0 done, 1 something is in the way, 2 a setting or option cannot be used, 130 interrupted."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
user = typer.Typer(help="Look after the people who may sign in.", no_args_is_help=True, rich_markup_mode="markdown")
app.add_typer(user, name="user")
events = typer.Typer(
    help="Look after what is to be done after changes.", no_args_is_help=True, rich_markup_mode="markdown"
)
app.add_typer(events, name="events")


def _version(wanted: bool) -> None:  # noqa: FBT001  (Typer calls it so)
    if wanted:
        Screen().line(f"Souk {metadata.version('souk')}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    del version


@app.command()
def serve() -> None:
    """Start the shop and answer requests until Ctrl-C.

    In development it starts a PostgreSQL of its own unless DATABASE_URL names one, brings the schema up to date, and on
    the first start loads the demo shop and makes an administrator. In production it changes nothing: run
    `souk migrate` first.

    Examples: `souk serve`, `PORT=9000 souk serve`, `DATABASE_URL=postgresql://… souk serve`.
    """
    _run("serve")


@app.command()
def worker() -> None:
    """Carry out what the shop has accepted: send letters, remove what has expired. Several may run side by side.

    In development `souk serve` does it itself; in production run at least one of these.

    Example: `souk worker`.
    """
    _run("worker")


@app.command()
def migrate(
    to: Annotated[str, typer.Option(metavar="REVISION", help="Stop at this migration instead of the newest.")] = "head",
) -> None:
    """Bring the database's schema up to date. Running it again changes nothing.

    Examples: `souk migrate`, `souk migrate --to 2026_11_23_catalogue`.
    """
    _run("migrate", to)


@app.command()
def demo(
    products: Annotated[
        int | None, typer.Option(min=1, max=10_000_000, help="Generate products until there are this many.")
    ] = None,
) -> None:
    """Load the demo shop. It adds what is missing and never touches what is there; an interrupted load goes on.

    Examples: `souk demo`, `souk demo --products 10000`.
    """
    _run("demo", products)


@app.command()
def schema(
    *,
    write: Annotated[bool, typer.Option("--write", help="Write it to schema/schema.graphql.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 when schema/schema.graphql is outdated.")] = False,
) -> None:
    """Print the GraphQL schema.

    Examples: `souk schema > shop.graphql`, `souk schema --write`, `souk schema --check`.
    """
    if write and check:
        raise typer.BadParameter("Choose --write or --check.")
    _run("schema", write, check)


@app.command()
def settings(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Show everything that can be set: its value, where that comes from, and what it means. Secrets stay hidden.

    Examples: `souk settings`, `souk settings --json`.
    """
    _run("settings", as_json)


@app.command()
def audit(
    *,
    provider: Annotated[
        bool, typer.Option("--provider", help="Also ask the payment provider about every payment that it knows.")
    ] = False,
) -> None:
    """Prove that stock, orders, shipments, totals, discounts and payments agree, or print where they do not.

    It only reads. Exits with 1 when something does not agree. May run beside a busy shop.

    Examples: `souk audit`, `souk audit --provider`.
    """
    _run("audit", provider)


@app.command()
def doctor() -> None:
    """Check what the shop needs, and say what to do about what is broken. It changes nothing.

    Exits with 1 when something is broken. Works whether or not the shop is running.
    """
    _run("doctor")


@user.command("create-admin")
def create_admin(
    email: Annotated[str, typer.Option(help="The administrator's e-mail address.")],
    *,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from the first line of standard input.")
    ] = False,
) -> None:
    """Make an administrator, or give an existing one a new password.

    The password is asked for, unless SOUK_ADMIN_PASSWORD has it or --password-stdin is given.

    Examples: `souk user create-admin --email ann@example.com`,
    `souk user create-admin --email ann@example.com --password-stdin < password.txt`.
    """
    _run("create_admin", email, password_stdin)


@events.command("list")
def list_events(
    *,
    parked: Annotated[bool, typer.Option("--parked", help="Only those that were given up.")] = False,
    topic: Annotated[str | None, typer.Option(help="Only those of this topic, such as user.created.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Show so many, the oldest.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Show what has happened and is not handled yet, and what was given up: it is parked, and tried no more by itself.

    Examples: `souk events list`, `souk events list --parked --topic order.placed`, `souk events list --json`.
    """
    _run("events_list", topic, parked, limit, as_json)


@events.command("replay")
def replay_events(
    ids: Annotated[list[UUID] | None, typer.Argument(metavar="ID…", help="Events that are parked.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All that are parked.")] = False,
) -> None:
    """Take up again what was given up. Consumers that have done it before do nothing.

    With ids, all of them are taken up or none. Exits with 1 when one of them is not parked.

    Examples: `souk events replay --all`, `souk events replay 01890a5d-ac96-774b-bcce-b302099a8057`.
    """
    if bool(ids) == everything:
        raise typer.BadParameter("Name events by their ids, or all that are parked by --all.")
    _run("events_replay", ids)


def main() -> None:
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _run(command: str, *arguments: object) -> None:
    with _explained():
        _loaded(f"server.cli.{command}").run(Screen(), *arguments)


def _loaded(name: str) -> ModuleType:
    """Looking for garbage meanwhile, where there is none, would take a third of the time again."""
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.enable()


@contextmanager
def _explained() -> Generator[None]:
    """One clear line instead of a traceback, for whatever the person at the terminal can do something about."""
    try:
        yield
    except Failure as failure:
        _end(str(failure), failure.exit_code, failure)
    except BadSettings as bad:
        _end(str(bad), UsageFailure.exit_code, bad)
    except EmbeddedPostgresError as impossible:
        _end(str(impossible), Failure.exit_code, impossible)
    except KeyboardInterrupt as interrupted:
        _end("Interrupted; what was done stays, the rest can be done by the same command.", INTERRUPTED, interrupted)


def _end(text: str, code: int, reason: BaseException) -> None:
    Screen().failure(text)
    raise typer.Exit(code) from reason
