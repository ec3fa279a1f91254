"""Letters as those who get them see them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote

from tests.adapters.mail_servers import parsed

_LINK = re.compile(r"^(https?://\S+)#token=(\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Letter:
    """`link` is without its token; both are empty in a letter that only tells something."""

    to: str
    subject: str
    text: str
    link: str
    token: str


def read(message: EmailMessage) -> Letter:
    plain = next(part for part in message.walk() if part.get_content_type() == "text/plain")
    assert isinstance(plain, EmailMessage)
    text = plain.get_content().replace("\r\n", "\n")
    link, token = found.groups() if (found := _LINK.search(text)) else ("", "")
    return Letter(message["to"], message["subject"], text, link, unquote(token))


def in_folder(home: Path) -> list[Letter]:
    """Those of a shop without a mail server, in the order of the events that they are about."""
    files = sorted((home / "mail").glob("*.eml"), key=lambda path: path.stem[-36:])
    return [read(parsed(file.read_bytes())) for file in files]


def sent(messages: Iterable[EmailMessage]) -> list[Letter]:
    return [read(message) for message in messages]
