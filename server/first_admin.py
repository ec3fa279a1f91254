"""The administrator that the first start makes, so that there is somebody who may do everything."""

import os
from dataclasses import dataclass
from pathlib import Path

from domain.users.passwords import PasswordHasher, generated
from persistence.users.administrators import Administrator, SqlAdministrators
from server.failures import Failure

EMAIL = "admin@souk.example"
"""Under a name that RFC 2606 reserves, so that no mail to it ever reaches anybody."""


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """`password` is None when it is not known here, because somebody changed it."""

    email: str
    password: str | None
    is_new: bool = False


class FirstAdmins:
    """Finds or makes the first administrator. The password is kept in a file of `home` that only its owner can read."""

    def __init__(self, home: Path, administrators: SqlAdministrators, hasher: PasswordHasher) -> None:
        self._file = home / "admin-password"
        self._administrators = administrators
        self._hasher = hasher

    async def ensure(self) -> FirstAdmin:
        """The oldest administrator, made when there is none.

        Raises:
            Failure: the password cannot be kept.
        """
        oldest = await self._administrators.oldest()
        return await self._create() if oldest is None else await self._known(oldest)

    async def _known(self, admin: Administrator) -> FirstAdmin:
        password = self._read()
        still = password is not None and await self._hasher.verify(password, admin.password_hash)
        return FirstAdmin(admin.email, password if still else None)

    async def _create(self) -> FirstAdmin:
        """Keep the password before it is needed: a crash in between wastes it, the reverse would lock everybody out."""
        password = self._read()
        if password is None:
            password = generated()
            self._write(password)
        await self._administrators.put(EMAIL, await self._hasher.hash(password))
        return FirstAdmin(EMAIL, password, is_new=True)

    def _read(self) -> str | None:
        try:
            return self._file.read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError):
            return None

    def _write(self, password: str) -> None:
        scratch = self._file.with_name("admin-password.new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            scratch.unlink(missing_ok=True)
            descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(f"{password}\n")
            scratch.replace(self._file)
        except OSError as refused:
            raise Failure(
                f"The folder {self._file.parent} cannot keep the admin's password ({refused.strerror}): "
                "make it writable, or point SOUK_HOME at another one."
            ) from refused
