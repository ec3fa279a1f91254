"""What must be known to connect: the password, and the port the server had last."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class State:
    password: str
    port: int | None = None


def new_state() -> State:
    return State(password=secrets.token_urlsafe(24))


def read_state(path: Path) -> State | None:
    """The stored state, or None when there is none or it cannot be understood."""
    try:
        return State(**json.loads(path.read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_state(path: Path, state: State) -> None:
    """Replace the file as a whole and on the disk: a password cut short would lock everybody out."""
    scratch = path.with_suffix(".new")
    scratch.unlink(missing_ok=True)
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(state), file)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
