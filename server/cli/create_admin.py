"""`souk user create-admin`."""

import asyncio
import getpass
import os
import sys

from adapters.common_passwords import LeakedPasswords
from adapters.email_addresses import RfcEmailSyntax
from adapters.passwords import Argon2PasswordHasher
from domain.shared.errors import InvalidInput
from domain.users.passwords import SHORTEST, accepted
from domain.users.person import email_address
from persistence.connections import ConnectionSettings
from persistence.database import Database
from persistence.users.administrators import Outcome, SqlAdministrators
from server.cli.screen import Screen
from server.embedded import database
from server.failures import UsageFailure
from server.settings import read_settings
from server.starting import condition, require_current

VARIABLE = "SOUK_ADMIN_PASSWORD"


def run(screen: Screen, email: str, password_stdin: bool) -> None:  # noqa: FBT001  (a switch of the command line)
    settings = read_settings()
    try:
        address = email_address(RfcEmailSyntax(), email, "--email")
        password = accepted(_typed(from_stdin=password_stdin), LeakedPasswords(), personal=(address,))
    except InvalidInput as invalid:
        raise UsageFailure(_sentence(invalid)) from invalid
    with database(settings) as chosen:
        outcome = asyncio.run(_put(chosen.connection, address, password))
    done = (
        "is an administrator now"
        if outcome is Outcome.CREATED
        else "is an administrator, has the new password, and is signed out everywhere"
    )
    screen.line(f"{address} {done}.")


async def _put(connection: ConnectionSettings, email: str, password: str) -> Outcome:
    require_current(await condition(connection))
    opened, hasher = Database(connection), Argon2PasswordHasher()
    await opened.open()
    try:
        return await SqlAdministrators(opened).put(email, await hasher.hash(password))
    finally:
        hasher.close()
        await opened.close()


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


def _sentence(invalid: InvalidInput) -> str:
    name = f"The {invalid.argument}" if invalid.argument == "password" else invalid.argument
    return f"{name} {invalid.message.partition('` ')[2]}"
