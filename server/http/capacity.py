"""How many connections this process can hold: each is an open file, and systems let a process have 1,024 at first."""

import resource

WANTED_FILES = 8_192
"""For 5,000 who follow their orders; each takes some 50 KB, so more than that belongs to another process."""
SPARE_FILES = 124
"""For the database, Redis, and what is read and written."""


def most_connections() -> int:
    """Raises the process's own limit as far as that helps and the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = WANTED_FILES if hard == resource.RLIM_INFINITY else min(hard, WANTED_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    files = WANTED_FILES if soft == resource.RLIM_INFINITY else min(soft, WANTED_FILES)
    return max(files - SPARE_FILES, files // 2)


def most_sockets() -> int:
    """And streams: of three connections, one is left for requests."""
    return most_connections() * 2 // 3
