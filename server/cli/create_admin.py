"""`souk user create-admin`."""

import asyncio
import getpass
import os
import re
import sys

from adapters.passwords import Argon2PasswordHasher
from domain.shared.errors import InvalidInput
from domain.users.passwords import SHORTEST, accepted
from persistence.database import ConnectionSettings, Database
from persistence.users.administrators import Outcome, SqlAdministrators
from server.cli.screen import Screen
from server.embedded import database
from server.failures import UsageFailure
from server.settings import read_settings
from server.starting import condition, require_current

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_LONGEST_EMAIL = 255
VARIABLE = "SOUK_ADMIN_PASSWORD"


def run(screen: Screen, email: str, password_stdin: bool) -> None:  # noqa: FBT001  (a switch of the command line)
    settings = read_settings()
    if not _EMAIL.fullmatch(email) or len(email) > _LONGEST_EMAIL:
        raise UsageFailure(f"--email {email} is not an e-mail address: write it like ann@example.com.")
    password = _password(from_stdin=password_stdin)
    with database(settings) as chosen:
        outcome = asyncio.run(_put(chosen.connection, email, password))
    done = "is an administrator now" if outcome is Outcome.CREATED else "is an administrator and has the new password"
    screen.line(f"{email} {done}.")


async def _put(connection: ConnectionSettings, email: str, password: str) -> Outcome:
    require_current(await condition(connection))
    opened = Database(connection)
    await opened.open()
    try:
        return await SqlAdministrators(opened).put(email, await Argon2PasswordHasher().hash(password))
    finally:
        await opened.close()


def _password(*, from_stdin: bool) -> str:
    try:
        return accepted(_typed(from_stdin=from_stdin))
    except InvalidInput as invalid:
        raise UsageFailure(f"The {invalid.argument} {str(invalid).partition('` ')[2]}") from invalid


def _typed(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if given := os.environ.get(VARIABLE):
        return given
    if not sys.stdin.isatty():
        raise UsageFailure(f"No password: set {VARIABLE}, or give it on standard input with --password-stdin.")
    password = getpass.getpass(f"Password ({SHORTEST} characters or more): ")
    if getpass.getpass("The same again: ") != password:
        raise UsageFailure("The two passwords differ; nothing was changed.")
    return password
