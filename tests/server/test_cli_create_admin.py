"""`souk user create-admin`: who runs the shop, and who does not any more."""

import asyncio
from dataclasses import replace

import pytest

from adapters.passwords import Argon2PasswordHasher
from domain.shared.errors import InvalidCredentials
from domain.users.user import UNKNOWN, UserRole
from persistence.connections import ConnectionSettings, connect
from server.wiring import Shop
from tests.command import Souk
from tests.people import PASSWORD, person, signed_in

COMMAND = ("user", "create-admin", "--email")
NEW_PASSWORD = "another four random words"


async def stored(settings: ConnectionSettings) -> list[tuple[str, str, str]]:
    """Addresses, roles and password hashes."""
    connection = await connect(settings)
    rows = await connection.fetch("SELECT email, role, password_hash FROM users ORDER BY email")
    await connection.close()
    return [(row["email"], row["role"], row["password_hash"]) for row in rows]


async def is_password(password: str, hashed: str) -> bool:
    hasher = Argon2PasswordHasher()
    try:
        return await hasher.verify(password, hashed)
    finally:
        hasher.close()


@pytest.mark.parametrize("way", ["environment", "standard input"])
def test_an_admin_is_made_with_the_password_that_is_given(
    souk: Souk, empty_database: ConnectionSettings, way: str
) -> None:
    by_input = way == "standard input"
    done = souk.run(
        *(*COMMAND, "Ann@Example.com", *(["--password-stdin"] if by_input else [])),
        given=f"{PASSWORD}\nanother line\n" if by_input else "",
        DATABASE_URL=empty_database.url,
        SOUK_ADMIN_PASSWORD="" if by_input else PASSWORD,
    )
    assert (done.returncode, done.stdout) == (0, "ann@example.com is an administrator now.\n")
    ((email, role, hashed),) = asyncio.run(stored(empty_database))
    assert (email, role) == ("ann@example.com", "admin")
    assert hashed.startswith("$argon2id$")
    assert asyncio.run(is_password(PASSWORD, hashed))


async def test_run_again_it_sets_a_new_password_and_ends_every_session(
    souk: Souk, own_shop: Shop, empty_database: ConnectionSettings
) -> None:
    ann = await person(own_shop, UserRole.CUSTOMER)
    elsewhere, ben = await signed_in(own_shop, ann.user), await person(own_shop)
    done = await asyncio.to_thread(
        souk.run,
        *(*COMMAND, ann.user.email.upper(), "--password-stdin"),
        given=f"{NEW_PASSWORD}\n",
        DATABASE_URL=empty_database.url,
    )
    assert done.returncode == 0, done.stderr
    assert "has the new password, and is signed out everywhere" in done.stdout
    async with asyncio.timeout(30):
        for one in (ann, elsewhere):
            assert one.actor.session_id
            await own_shop.identities.revoked.until(one.actor.session_id)
    assert own_shop.identities.is_current(ben.actor)
    authentication = own_shop.services.authentication
    with pytest.raises(InvalidCredentials):
        await authentication.sign_in(ann.user.email, PASSWORD, UNKNOWN)
    again = await authentication.sign_in(ann.user.email, NEW_PASSWORD, UNKNOWN)
    assert again.user.role is UserRole.ADMIN


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("short", "must have at least 8 characters."),
        ("x" * 257, "must have at most 256 characters."),
        ("password", "is one of those that are guessed first"),
        ("ann@example.com1", "is one of those that are guessed first"),
        ("\U0001f600" * 3, "must have at least 8 characters."),
        ("", "must have at least 8 characters."),
    ],
)
def test_a_weak_password_is_refused(
    souk: Souk, empty_database: ConnectionSettings, password: str, problem: str
) -> None:
    arguments = (*COMMAND, "ann@example.com", "--password-stdin")
    line = souk.refuses(*arguments, code=2, given=f"{password}\n", DATABASE_URL=empty_database.url)
    assert line.startswith(f"The password {problem}")
    assert asyncio.run(stored(empty_database)) == []


@pytest.mark.parametrize(
    ("email", "line"),
    [
        ("ann", "--email must be an e-mail address"),
        ("", "--email "),
        (f"{'a' * 250}@example.com", "--email "),
    ],
)
def test_an_address_that_is_none_is_refused(souk: Souk, email: str, line: str) -> None:
    told = souk.refuses(*COMMAND, email, "--password-stdin", code=2, given=f"{PASSWORD}\n")
    assert told.startswith(line)


def test_without_a_terminal_and_a_password_it_tells_how_to_give_one(souk: Souk) -> None:
    line = souk.refuses(*COMMAND, "ann@example.com", code=2)
    assert line.startswith("No password: set SOUK_ADMIN_PASSWORD, or give it on standard input")


def test_a_database_that_is_not_ready_is_told(souk: Souk, empty_database: ConnectionSettings) -> None:
    missing = replace(empty_database, url=f"{empty_database.url}_gone")
    line = souk.refuses(
        *(*COMMAND, "ann@example.com", "--password-stdin"), given=f"{PASSWORD}\n", DATABASE_URL=missing.url
    )
    assert "has no database" in line
