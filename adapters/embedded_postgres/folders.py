"""Where things lie.

home/
    lock          held while a server is being started or stopped
    holders       each user of the server holds a share of it
    watcher.lock  held by the watcher
    state.json    password and port, for the owner's eyes
    postgres.log
    cluster/      what the server itself opens; a link where its user cannot enter the home
        data.lock held by every process that works on the data
        data/
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from adapters.embedded_postgres.accounts import Account
from adapters.embedded_postgres.errors import ClusterMissingError

SPARE = Path("/var/lib/souk")


@dataclass(frozen=True, slots=True)
class Folders:
    home: Path

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def holders(self) -> Path:
        return self.home / "holders"

    @property
    def watcher_lock(self) -> Path:
        return self.home / "watcher.lock"

    @property
    def state(self) -> Path:
        return self.home / "state.json"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def link(self) -> Path:
        return self.home / "cluster"

    @property
    def cluster(self) -> Path:
        return self.link.resolve()

    @property
    def data_lock(self) -> Path:
        return self.cluster / "data.lock"

    @property
    def data(self) -> Path:
        return self.cluster / "data"

    def open_log(self) -> BinaryIO:
        """Open it for appending. Statements end up in it, so it is the owner's alone."""
        self.log.touch(mode=0o600)
        return self.log.open("ab")

    def make_home(self) -> None:
        if os.geteuid() == 0:
            make_open(self.home)
        else:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)

    def make_cluster(self, account: Account, spare: Path) -> None:
        """Make room for the data where `account` can reach it, unless there is some already.

        Folders above the home are other people's and keep their permissions: under root's own home folder,
        which is closed, the data goes to `spare`.
        """
        if self.link.exists():
            return
        if self.link.is_symlink():
            raise ClusterMissingError(self.link, self.link.readlink())
        if account.can_enter(self.home):
            make_open(self.link)
        else:
            elsewhere = spare / f"cluster-{secrets.token_hex(8)}"
            make_open(elsewhere)
            self.link.symlink_to(elsewhere)


def make_open(folder: Path) -> None:
    """Create it so that others can pass through without seeing what is in it; an existing one is left alone."""
    folder.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    try:
        folder.mkdir()
    except FileExistsError:
        if not folder.is_dir():
            raise
    else:
        folder.chmod(0o711)
