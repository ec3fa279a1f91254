"""One of several server processes: `python -m server.worker_process LISTENER LINE`. `server.workers` starts it.

Both arguments are descriptors. `LINE` leads to the parent: a byte goes up when requests are answered, and its end
means that the parent is gone, when nobody should serve any longer.
"""

import os
import signal
import socket
import sys
import threading

from server.failures import Failure
from server.serving import serve
from server.settings import read_settings


def main(listener: int, line: int) -> int:
    parent = socket.socket(fileno=line)
    threading.Thread(target=_stop_with, args=(parent,), daemon=True).start()
    try:
        serve(read_settings(), socket.socket(fileno=listener), lambda: parent.sendall(b"+"))
    except Failure:
        return Failure.exit_code  # the log has told why, and the parent tells what to do
    return 0


def _stop_with(parent: socket.socket) -> None:
    parent.recv(1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
