"""A small process that outlives the holders of a server and stops it when the last of them was killed.

It sleeps in the kernel until nobody holds a share, looks again under the home's lock, and ends with the server.
Where it cannot run, or is killed too, the server goes on without anybody: the next start takes it over.
"""

import os
import sys
from pathlib import Path

from adapters.embedded_postgres.accounts import ourselves
from adapters.embedded_postgres.folders import Folders
from adapters.embedded_postgres.locks import Reference, claim, exclusive, is_free, wait_for_nobody
from adapters.embedded_postgres.postmaster import stop

_PACKAGE = __name__.rpartition(".")[0]
_IMPORT_ROOT = Path(__file__).parents[2]


def ensure(folders: Folders) -> None:
    """Start a watcher unless there is one. Two that start at once agree on one by its lock."""
    if is_free(folders.watcher_lock):
        command = (sys.executable, "-S", "-m", _PACKAGE, folders.home)
        with folders.open_log() as log:
            ourselves().detach(command, output=log, python_path=str(_IMPORT_ROOT))


def watch(folders: Folders) -> None:
    own = claim(folders.watcher_lock)
    if own is None:
        return
    while True:
        wait_for_nobody(folders.holders)
        with exclusive(folders.lock):
            reference = Reference(folders.holders)
            try:
                if reference.is_last():
                    stop(folders)
                    os.close(own)  # still under the home's lock: the next start must see that this watcher is gone
                    return
            finally:
                reference.close()
