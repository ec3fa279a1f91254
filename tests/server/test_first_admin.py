"""The first administrator: made once, shown as long as the kept password is right."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from adapters.passwords import Argon2PasswordHasher
from domain.users.passwords import PasswordHasher
from persistence.connections import ConnectionSettings
from persistence.database import Database
from persistence.users.administrators import Outcome, SqlAdministrators
from server.first_admin import EMAIL, FirstAdmin, FirstAdmins


@pytest.fixture
async def administrators(empty_database: ConnectionSettings) -> AsyncGenerator[SqlAdministrators]:
    database = Database(empty_database)
    await database.open()
    yield SqlAdministrators(database)
    await database.close()


@pytest.fixture
def hasher() -> PasswordHasher:
    return Argon2PasswordHasher(memory_kib=8, passes=1)


async def test_the_admin_is_made_once_and_shown_again(
    tmp_path: Path, administrators: SqlAdministrators, hasher: PasswordHasher
) -> None:
    admins = FirstAdmins(tmp_path / "home", administrators, hasher)
    first = await admins.ensure()
    assert (first.email, first.is_new) == (EMAIL, True)
    assert await admins.ensure() == FirstAdmin(EMAIL, first.password)
    assert names(tmp_path / "home") == ["admin-password"]
    assert (tmp_path / "home/admin-password").stat().st_mode & 0o777 == 0o600


async def test_a_start_that_was_cut_after_keeping_the_password_uses_it(
    tmp_path: Path, administrators: SqlAdministrators, hasher: PasswordHasher
) -> None:
    (tmp_path / "admin-password").write_text("kept before the crash\n")
    assert (await FirstAdmins(tmp_path, administrators, hasher).ensure()).password == "kept before the crash"


async def test_a_changed_password_is_not_known_here(
    tmp_path: Path, administrators: SqlAdministrators, hasher: PasswordHasher
) -> None:
    admins = FirstAdmins(tmp_path, administrators, hasher)
    await admins.ensure()
    assert await administrators.put(EMAIL.upper(), await hasher.hash("a new password")) is Outcome.CHANGED
    assert await admins.ensure() == FirstAdmin(EMAIL, None)


async def test_no_admin_is_made_where_there_is_one(
    tmp_path: Path, administrators: SqlAdministrators, hasher: PasswordHasher
) -> None:
    assert await administrators.put("ann@example.com", await hasher.hash("her password")) is Outcome.CREATED
    assert await FirstAdmins(tmp_path, administrators, hasher).ensure() == FirstAdmin("ann@example.com", None)
    assert names(tmp_path) == []


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]
