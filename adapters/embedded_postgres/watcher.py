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
from adapters.embedded_postgres.postmaster import find, stop, wait_until

_PACKAGE = __name__.rpartition(".")[0]
_IMPORT_ROOT = Path(__file__).parents[2]
_END_LIMIT = 5.0  # seconds; one that is still loading needs a tenth of a second


def ensure(folders: Folders) -> None:
    """Start a watcher unless there is one. It inherits its lock, and so holds it from birth to death."""
    own = claim(folders.watcher_lock)
    if own is None:
        return
    try:
        command = (sys.executable, "-S", "-m", _PACKAGE, folders.home, str(own))
        with folders.open_log() as log:
            ourselves().detach(command, output=log, keep=[own], python_path=str(_IMPORT_ROOT))
    finally:
        os.close(own)


def await_end(folders: Folders) -> None:
    """Wait for the watcher of a server that was stopped, so that the home may be deleted as soon as we are done.

    Call it under the home's lock, without a share.
    """
    wait_until(lambda: is_free(folders.watcher_lock), _END_LIMIT)


def watch(folders: Folders, own: int) -> None:
    """Return when there is no server any more; `own` is the descriptor of the watcher's lock."""
    while True:
        wait_for_nobody(folders.holders)
        if find(folders.data) is None:  # whoever stopped it holds the home's lock and waits for us
            return
        with exclusive(folders.lock):
            reference = Reference(folders.holders)
            try:
                if reference.is_last():
                    stop(folders)
                    os.close(own)  # still under the home's lock: the next start must see that this watcher is gone
                    return
            finally:
                reference.close()
