"""Mail servers on loopback: a real one that can be told what to answer, and one that breaks off or falls silent."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LOOPBACK = "127.0.0.1"


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


@dataclass
class Catcher:
    """Keeps what it is sent. `answers` are given instead of the usual one to RCPT and DATA."""

    answers: Mapping[str, str] = field(default_factory=dict[str, str])
    letters: list[Envelope] = field(default_factory=list[Envelope])
    extensions_off: tuple[str, ...] = ()
    encrypted: list[bool] = field(default_factory=list[bool])
    logins: list[tuple[bytes, bytes]] = field(default_factory=list[tuple[bytes, bytes]])
    port: int = 0

    def messages(self) -> list[EmailMessage]:  # aiosmtpd looks at every property, for each connection
        return [parsed(raw_of(letter)) for letter in self.letters]

    async def handle_EHLO(  # noqa: N802  (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        del server, envelope
        session.host_name = hostname
        return [line for line in responses if not line[4:].startswith(self.extensions_off or "-")]

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  (the same)
        del server
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.letters.append(envelope)
        self.encrypted.append(session.ssl is not None)
        return "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        del server, session, envelope, mechanism
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        return AuthResult(success=self.logins[-1] == (b"shop@example.org", b"p@ss/w:rd"), handled=False)


def raw_of(letter: Envelope) -> bytes:
    assert isinstance(letter.content, bytes)
    return letter.content


@asynccontextmanager
async def listening(
    catcher: Catcher, *, port: int = 0, tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncGenerator[Catcher]:
    """`tls` is for a server that speaks TLS from the first byte; `tls_context` among the options offers STARTTLS."""
    loop, open_ones = asyncio.get_running_loop(), list[SMTP]()

    def session() -> SMTP:
        smtp = SMTP(catcher, loop=loop, hostname="mail.test", enable_SMTPUTF8=True, **options)
        open_ones.append(smtp)
        return smtp

    server = await loop.create_server(session, LOOPBACK, port, ssl=tls)
    catcher.port = server.sockets[0].getsockname()[1]
    try:
        yield catcher
    finally:
        server.close()
        for smtp in open_ones:
            if smtp.transport is not None:
                smtp.transport.close()
        await server.wait_closed()


HANG, CUT = "hang", "cut"
POLITE = {"": "220 mail.test", "EHLO": "250 mail.test", "DATA": "354 go on", ".": "250 taken", "QUIT": "221 bye"}


@asynccontextmanager
async def scripted(script: Mapping[str, str]) -> AsyncGenerator[int]:
    """A server that answers each command as `script` says: "" is the greeting, "." the end of the letter."""
    writers = list[asyncio.StreamWriter]()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        inside, command = False, ""
        while True:
            if not inside:
                answer = {**POLITE, **script}.get(command, "250 OK")
                if answer == CUT:
                    writer.close()
                    return
                if answer != HANG:
                    writer.write(f"{answer}\r\n".encode())
                inside = answer.startswith("354")
            line = (await reader.readline()).decode()
            if not line:
                writer.close()
                return
            inside, command = inside and line != ".\r\n", line[:4].strip().upper()

    server = await asyncio.start_server(converse, LOOPBACK, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await server.wait_closed()


@dataclass(frozen=True)
class Certificate:
    """For 127.0.0.1, signed by itself."""

    path: Path

    @classmethod
    def made(cls, folder: Path) -> "Certificate":
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
        today = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(today - timedelta(days=1))
            .not_valid_after(today + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(LOOPBACK))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = folder / "mail.pem"
        path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        return cls(path)

    def for_server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path)
        return context

    def trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.path))
