"""Hands letters to a mail server."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog

from adapters.mail.message import Letter, compose, sender_of
from domain.shared.clock import Clock, now
from domain.shared.errors import Unavailable
from domain.shared.mail import Mail, MailRefused
from domain.shared.outages import Outage
from domain.shared.text import one_line

CONNECT_SECONDS = 5.0
LETTER_SECONDS = 20.0
_GOODBYE_SECONDS = 1.0
_DEFAULT_PORTS = {"smtp": 587, "smtps": 465}
_OURS_TO_MEND = frozenset({500, 502, 503, 504, 530, 534, 535, 538})
"""For ever, says the server, but of the dialogue or of our log-in: the letter waits for better settings."""
_LONGEST_REASON = 200
_IN_CLEAR = "it offers no STARTTLS, and no log-in is sent in clear; use smtps://, or have the server offer it"


@dataclass(frozen=True, slots=True)
class _Server:
    host: str
    port: int
    tls: bool
    """From the first byte; otherwise STARTTLS, when the server offers it."""
    user: str | None
    password: str | None = field(repr=False)

    @property
    def is_here(self) -> bool:
        """Whether nothing that is said to it leaves this machine."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class SmtpMailer:
    """Implements `domain.shared.mail.Mailer`, with a connection for each letter.

    `url` looks like smtp://user:password@host:587 or smtps://host:465, with what is special in URLs percent-encoded.
    Certificates are believed as `tls` says, by default those that the system believes.
    """

    def __init__(
        self,
        url: str,
        sender: str,
        *,
        tls: ssl.SSLContext | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        letter_seconds: float = LETTER_SECONDS,
        clock: Clock = now,
    ) -> None:
        self._server = _server(url)
        self._sender = sender_of(sender)
        self._tls = tls or ssl.create_default_context()
        self._connect_seconds = connect_seconds
        self._letter_seconds = letter_seconds
        self._clock = clock
        self._outage = Outage(structlog.stdlib.get_logger("souk.mail"), "reaching the mail server")

    async def send(self, mail: Mail) -> None:
        letter = compose(mail, self._sender, self._clock())
        try:
            async with self._conversation() as client:
                await _hand_over(client, letter)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _verdict(error) from error

    async def greet(self) -> None:
        """Connect and log in as for a letter, and leave again.

        Raises:
            Unavailable: that fails.
        """
        try:
            async with self._conversation():
                pass
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Unavailable(f"The mail server cannot be used: {_reason(error)}") from error

    @asynccontextmanager
    async def _conversation(self) -> AsyncGenerator[aiosmtplib.SMTP]:
        client = self._client()
        try:
            async with asyncio.timeout(self._letter_seconds):
                await self._reach(client)
                yield client
            # The letter is theirs now: a goodbye that fails must not have it sent again.
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=_GOODBYE_SECONDS)
        finally:
            client.close()

    async def _reach(self, client: aiosmtplib.SMTP) -> None:
        """Until it would take letters. What is wrong here is wrong for all of them, and logged once."""
        try:
            await client.connect(timeout=self._connect_seconds)
            if client.is_ehlo_or_helo_needed:  # STARTTLS makes void what was said before
                await client.ehlo()
            if self._server.user is not None:
                await self._log_in(client, self._server.user)
        except (aiosmtplib.SMTPException, OSError) as failure:
            self._outage.noticed(failure)
            raise
        self._outage.over()

    async def _log_in(self, client: aiosmtplib.SMTP, user: str) -> None:
        if client.get_transport_info("sslcontext") is None and not self._server.is_here:
            raise aiosmtplib.SMTPException(_IN_CLEAR)
        await client.login(user, self._server.password or "")

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls,
            tls_context=self._tls,
            timeout=self._letter_seconds,
            local_hostname=self._sender.domain,  # otherwise DNS is asked for our name, which can take long
        )


async def _hand_over(client: aiosmtplib.SMTP, letter: Letter) -> None:
    if letter.needs_utf8 and not client.supports_extension("smtputf8"):
        raise aiosmtplib.SMTPNotSupported("The mail server only knows addresses in ASCII.")
    eight_bits = client.supports_extension("8bitmime")
    options = [*(["SMTPUTF8"] if letter.needs_utf8 else []), *(["BODY=8BITMIME"] if eight_bits else [])]
    encoding = "utf-8" if letter.needs_utf8 else "ascii"
    await client.mail(letter.sender, options=options, encoding=encoding)
    await client.rcpt(letter.recipient, encoding=encoding)
    await client.data(letter.octets(seven_bits=not eight_bits))


def _server(url: str) -> _Server:
    """Read `url`.

    Raises:
        ValueError: it cannot be used. The message says nothing of it, as a password may be in any part of a broken URL.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _DEFAULT_PORTS[parts.scheme]
        host.encode("idna")  # an empty label, or one too long
    except (ValueError, KeyError):
        raise _unusable() from None
    if not host:
        raise _unusable()
    user, password = (None if part is None else unquote(part) for part in (parts.username, parts.password))
    return _Server(host, port, parts.scheme == "smtps", user or None, password)


def _unusable() -> ValueError:
    return ValueError("The mail server must look like smtp://user:password@host:587 or smtps://host:465.")


def _verdict(error: aiosmtplib.SMTPException | OSError) -> MailRefused | Unavailable:
    """Refused is what the server says no for ever to, of this recipient or of what is in the letter."""
    match error:
        case aiosmtplib.SMTPNotSupported():
            return MailRefused(error.message)
        case aiosmtplib.SMTPRecipientRefused() | aiosmtplib.SMTPDataError() if _is_final(error.code):
            return MailRefused(f"The mail server refuses the letter: {_reason(error)}")
        case _:
            return Unavailable(f"The mail server does not take the letter: {_reason(error)}")


def _is_final(code: int) -> bool:
    return code // 100 == 5 and code not in _OURS_TO_MEND  # noqa: PLR2004  (5xx)


def _reason(error: aiosmtplib.SMTPException | OSError) -> str:
    said = f"{error.code} {error.message}" if isinstance(error, aiosmtplib.SMTPResponseException) else str(error)
    return one_line(said)[:_LONGEST_REASON] or type(error).__name__
