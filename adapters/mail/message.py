"""The message that a letter becomes, whoever delivers it."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP, SMTPUTF8, Policy
from email.utils import parseaddr
from functools import cache

from domain.shared.mail import Mail, MailRefused
from domain.shared.text import one_line

LONGEST_LINE = 998
"""Bytes, without the line break: RFC 5322, 2.1.1."""
# No quoted local parts and no address literals: what takes an address for an account takes neither.
_ADDRESS = re.compile(r'[^\s<>()\[\]\\,;:"@]+@[^\s<>()\[\]\\,;:"@]+')
_SPECIAL = re.compile(r'[()<>\[\]:;@\\,."]')
_FITS = 60
"""Characters of a name and its address that need no second line."""


class _Headers(HeaderRegistry):
    """Makes the class of headers of a name once. Python's own makes another one for every header, 29 for a letter."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[str, type[BaseHeader]] = {}

    def __getitem__(self, name: str) -> type[BaseHeader]:
        key = name.lower()
        if key not in self._made:
            self._made[key] = super().__getitem__(key)
        return self._made[key]


_HEADERS = _Headers()
_ASCII, _UTF8 = SMTP.clone(header_factory=_HEADERS), SMTPUTF8.clone(header_factory=_HEADERS)


@dataclass(frozen=True, slots=True)
class Letter:
    """What stands on the envelope, and what is in it."""

    sender: str
    recipient: str
    message: EmailMessage

    @property
    def needs_utf8(self) -> bool:
        """Whether only a server with SMTPUTF8 (RFC 6531) can take it."""
        return not (self.sender + self.recipient).isascii()

    def octets(self, *, seven_bits: bool = False) -> bytes:
        """As it is sent. Texts stay legible unless `seven_bits`, for servers that do not know 8BITMIME (RFC 6152)."""
        policy = self.message.policy
        return self.message.as_bytes(policy=policy.clone(cte_type="7bit") if seven_bits else policy)


def sender_of(text: str) -> Address:
    """Reads `Shop <no-reply@shop.example>`.

    Raises:
        ValueError: it has no address, or one whose domain cannot be written in ASCII.
    """
    name, spec = parseaddr(_harmless(text))
    address = _address(spec)
    if address is None or not address.domain.isascii():
        raise ValueError("The sender of letters must look like Shop <no-reply@shop.example>.")
    if len(name) + len(spec) > _FITS:
        # Python forgets the quotes around what it folds (gh-80222), and a comma would begin another address.
        name = one_line(_SPECIAL.sub(" ", name))
    return Address(name, address.username, address.domain)


def compose(mail: Mail, sender: Address, at: datetime) -> Letter:
    """Build the message, dated `at`.

    Raises:
        MailRefused: `mail.to` is no address.
    """
    recipient = _address(mail.to)
    if recipient is None:
        raise MailRefused("This is not an e-mail address.")
    letter = Letter(sender.addr_spec, recipient.addr_spec, EmailMessage())
    message = letter.message
    message.policy = _UTF8 if letter.needs_utf8 else _ASCII
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = _harmless(mail.subject)
    message["Date"] = at
    message["Message-ID"] = f"<{mail.id}@{sender.domain}>"
    message["Auto-Submitted"] = _usual("Auto-Submitted", "auto-generated")  # RFC 3834: no holiday notes in answer
    _set(message, mail)
    return letter


def _set(message: EmailMessage, mail: Mail) -> None:
    """What `set_content` and `add_alternative` do, without writing and reading again what stays the same."""
    message["MIME-Version"] = _usual("MIME-Version", "1.0")
    message["Content-Type"] = f'multipart/alternative; boundary="{_boundary()}"'
    plain, html = (_part(text, kind, message.policy) for text, kind in ((mail.text, "plain"), (mail.html, "html")))
    html["MIME-Version"] = _usual("MIME-Version", "1.0")
    message.set_payload([plain, html])


def _part(text: str, subtype: str, policy: Policy) -> MIMEPart:
    part, text = MIMEPart(policy), _encodable(text)
    encoding = _transfer_encoding(text)
    if encoding == "quoted-printable":
        part.set_content(text, subtype=subtype, cte=encoding)
        return part
    part["Content-Type"] = _usual("Content-Type", f'text/{subtype}; charset="utf-8"')
    part["Content-Transfer-Encoding"] = _usual("Content-Transfer-Encoding", encoding)
    octets = b"\n".join(text.encode().splitlines()) + b"\n"
    part.set_payload(octets.decode("ascii", "surrogateescape"))
    return part


def _boundary() -> str:
    """Of the form that Python gives them. No text can foresee it, so none has to be searched for it."""
    return f"{'=' * 15}{secrets.randbelow(10**19):019d}=="


@cache
def _usual(name: str, value: str) -> BaseHeader:
    """A header that is the same in letter after letter. One that was read need not be read again when it is set."""
    return _HEADERS(name, value)


def _address(text: str) -> Address | None:
    if not text.isprintable() or not _ADDRESS.fullmatch(text):
        return None
    local, _, domain = text.partition("@")
    return Address(username=local, domain=_ascii_domain(domain))


def _ascii_domain(domain: str) -> str:
    """`domain` in Punycode where that says the same.

    Python's codec follows IDNA 2003, which writes `ß` as `ss`: another domain, perhaps of somebody else. Such ones stay
    as they are, for a server that knows SMTPUTF8.
    """
    try:
        coded = domain.encode("idna")
    except UnicodeError:
        return domain
    return coded.decode() if coded.decode("idna") == domain else domain


def _harmless(text: str) -> str:
    """Without line breaks, nor anything that a reader of headers would decode into one."""
    return one_line(text).replace("=?", "= ?")


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _transfer_encoding(text: str) -> str:
    """The one under which links can be copied from the raw message; quoted-printable breaks them in pieces."""
    lines = text.encode().splitlines()
    if "\0" in text or any(len(line) > LONGEST_LINE for line in lines):
        return "quoted-printable"
    return "7bit" if text.isascii() else "8bit"
