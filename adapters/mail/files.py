"""Writes letters into a folder, for shops without a mail server."""

import asyncio
import os
import re
import unicodedata
from pathlib import Path

import structlog

from adapters.mail.message import Letter, compose, sender_of
from domain.shared.clock import Clock, now
from domain.shared.errors import Unavailable
from domain.shared.mail import Mail

FOLDER_MODE = 0o700
FILE_MODE = 0o600
_LONGEST_SLUG = 60
_LOG = structlog.stdlib.get_logger("souk.mail")


class FileMailer:
    """Implements `domain.shared.mail.Mailer`: a file per letter, which mail programs open.

    Only its owner may read it: links in it open accounts.
    """

    def __init__(self, folder: Path, sender: str, *, clock: Clock = now) -> None:
        self._folder = folder
        self._sender = sender_of(sender)
        self._clock = clock

    async def send(self, mail: Mail) -> None:
        at = self._clock()
        letter = compose(mail, self._sender, at)
        path = self._folder / f"{at:%Y%m%dT%H%M%SZ}-{_slug(mail.subject)}-{mail.id}.eml"
        try:
            await asyncio.to_thread(_write, path, letter)
        except OSError as error:
            raise Unavailable(f"The letter cannot be written: {error.strerror}.") from error
        _LOG.info("mail written", path=str(path), to=mail.to)


def _write(path: Path, letter: Letter) -> None:
    """Put the file there whole or not at all."""
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    path.parent.chmod(FOLDER_MODE)  # it may have been there before, open to all
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
        with open(descriptor, "wb") as file:  # noqa: PTH123  (a descriptor, opened for its owner only)
            file.write(letter.octets())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _slug(subject: str) -> str:
    plain = unicodedata.normalize("NFKD", subject).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:_LONGEST_SLUG].strip("-") or "letter"
