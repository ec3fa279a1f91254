"""Who runs the server's programs: we ourselves, or a lesser user when we are root, whom PostgreSQL refuses."""

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from adapters.embedded_postgres.errors import AccountUnusableError

if sys.platform != "win32":
    import pwd

_SEARCH_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"
_COMMAND_LIMIT = 300  # seconds; `initdb` takes one or two, and a minute on a very slow disk


@dataclass(frozen=True, slots=True)
class Account:
    """`uid` and `gid` are None for the user we already are."""

    name: str
    uid: int | None = None
    gid: int | None = None

    def run(
        self,
        command: Sequence[str | Path],
        *,
        given: str = "",
        output: BinaryIO | int = subprocess.PIPE,
        keep: Sequence[int] = (),
        python_path: str = "",
    ) -> subprocess.CompletedProcess[str]:
        """Run to its end in a session of its own, so that Ctrl-C reaches us alone.

        The working folder is the root, because ours may be closed to the account.
        """
        try:
            return subprocess.run(  # noqa: S603 - the programs are PostgreSQL's, sh, ps and our own Python; no shell reads input
                [str(part) for part in command],
                input=given,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=keep,
                text=True,
                errors="replace",
                check=False,
                timeout=_COMMAND_LIMIT,
                cwd="/",
                env={"PATH": _SEARCH_PATH, "LC_ALL": "C", "PYTHONPATH": python_path},
                start_new_session=True,
                user=self.uid,
                group=self.gid,
                extra_groups=None if self.uid is None else [],
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise AccountUnusableError(self.name, str(command[0]), str(error)) from error

    def detach(
        self,
        command: Sequence[str | Path],
        *,
        output: BinaryIO,
        keep: Sequence[int] = (),
        python_path: str = "",
    ) -> None:
        """Start in the background as nobody's child: there is nothing to wait for and no zombie to reap."""
        self.run(["/bin/sh", "-c", '"$@" &', "sh", *command], output=output, keep=keep, python_path=python_path)

    def can_read(self, *paths: Path) -> bool:
        """Ask the kernel, which also knows of access lists and mounts."""
        return self._test("-r", *paths)

    def can_enter(self, *folders: Path) -> bool:
        return self._test("-x", *folders)

    def give(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def _test(self, flag: str, *paths: Path) -> bool:
        script = f'for path; do test {flag} "$path" || exit 1; done'
        return self.run(["/bin/sh", "-c", script, "sh", *paths]).returncode == 0


def ourselves() -> Account:
    return Account(name=str(os.geteuid()))


def server_account(data: Path) -> Account:
    """Who must run the server on `data`: its owner where there is one, because PostgreSQL accepts nobody else."""
    if os.geteuid() != 0:
        return ourselves()
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Account(name=_name_of(owner.st_uid), uid=owner.st_uid, gid=owner.st_gid)
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise AccountUnusableError("postgres", "PostgreSQL", "there is no such user, nor one named nobody")


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
