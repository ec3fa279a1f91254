import asyncio
import re
import socket
import stat
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from adapters.mail.files import FileMailer
from adapters.mail.message import LONGEST_LINE, compose, sender_of
from adapters.mail.smtp import SmtpMailer
from domain.shared.errors import Unavailable
from domain.shared.mail import Mail, Mailer, MailRefused
from domain.shared.text import one_line
from tests.adapters.mail_servers import CUT, HANG, Catcher, listening, parsed, raw_of, scripted

SENDER = "Søuk & Co <no-reply@shop.example>"
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LETTER = Mail(
    UUID("01890000-0000-7000-8000-000000000001"),
    "anna@example.org",
    "Grüße aus dem Souk",
    "Hallo Zoë,\n.\nhttps://shop.example/account/verify-email#token=abc_-123=\n",
    '<p>Hallo <b>Zoë</b></p>\n<a href="https://shop.example/#token=abc_-123=">x</a>\n',
)
HEADERS = {
    "from", "to", "subject", "date", "message-id", "auto-submitted", "mime-version", "content-type",
}  # fmt: skip


@dataclass
class Outlet:
    """A mailer, and where its letters arrive."""

    mailer: Mailer
    messages: Callable[[], Sequence[EmailMessage]]


@pytest.fixture(params=["smtp", "files"])
async def outlet(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Outlet]:
    if request.param == "files":
        folder = tmp_path / "mails"
        read = lambda: [parsed(path.read_bytes()) for path in sorted(folder.glob("*.eml"))]  # noqa: E731
        yield Outlet(FileMailer(folder, SENDER, clock=lambda: AT), read)
        return
    async with listening(Catcher()) as catcher:
        yield Outlet(mailer_at(catcher.port), catcher.messages)


def mailer_at(port: int, scheme: str = "smtp", login: str = "", seconds: float = 20.0) -> SmtpMailer:
    url = f"{scheme}://{login}127.0.0.1:{port}"
    return SmtpMailer(url, SENDER, connect_seconds=seconds, letter_seconds=seconds, clock=lambda: AT)


def texts(message: EmailMessage) -> tuple[str, str]:
    plain, html = message.iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    return plain.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")


# What every mailer does


async def test_a_letter_arrives_as_it_was_written(outlet: Outlet) -> None:
    await outlet.mailer.send(LETTER)
    (message,) = outlet.messages()
    assert message.get_content_type() == "multipart/alternative"
    assert message["to"] == LETTER.to
    assert message["subject"] == LETTER.subject
    assert message["from"] == SENDER
    assert texts(message) == (LETTER.text, LETTER.html)


async def test_a_letter_says_what_sent_it_and_which_it_is(outlet: Outlet) -> None:
    await outlet.mailer.send(LETTER)
    (message,) = outlet.messages()
    assert message["message-id"] == f"<{LETTER.id}@shop.example>"
    assert message["date"].datetime == AT
    assert message["auto-submitted"] == "auto-generated"


@pytest.mark.parametrize("brk", ["\r\n", "\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029", "\x1c"])
async def test_a_subject_with_line_breaks_adds_no_header(outlet: Outlet, brk: str) -> None:
    await outlet.mailer.send(replace(LETTER, subject=f"Hello{brk}Bcc: eve@example.net{brk}{brk}and a body"))
    (message,) = outlet.messages()
    assert {name.lower() for name in message} == HEADERS
    assert message["subject"] == "Hello Bcc: eve@example.net and a body"
    assert texts(message) == (LETTER.text, LETTER.html)


async def test_a_subject_that_decodes_into_a_line_break_adds_no_header(outlet: Outlet) -> None:
    await outlet.mailer.send(replace(LETTER, subject="=?utf-8?q?Hello=0D=0ABcc:_eve=40example.net?="))
    (message,) = outlet.messages()
    assert {name.lower() for name in message} == HEADERS
    assert message["subject"] == "= ?utf-8?q?Hello=0D=0ABcc:_eve=40example.net?="


@pytest.mark.parametrize(
    "to",
    [
        "",
        "anna",
        "anna@",
        "anna@example.org\r\nBcc: eve@example.net",
        "anna@example.org\n",
        "anna@example.org, eve@example.net",
        "Anna <anna@example.org>",
        "anna@example.org> SIZE=1",
        '"anna\\" eve"@example.org',
        "anna@example.org\u2028",
        "anna@exa\ud800mple.org",
    ],
)
async def test_what_is_not_one_address_is_refused(outlet: Outlet, to: str) -> None:
    with pytest.raises(MailRefused):
        await outlet.mailer.send(replace(LETTER, to=to))
    assert outlet.messages() == []


@pytest.mark.parametrize("to", ["anna@bücher.example", "ännä@example.org", "ännä@straße.example"])
async def test_addresses_need_not_be_ascii(outlet: Outlet, to: str) -> None:
    await outlet.mailer.send(replace(LETTER, to=to))
    (message,) = outlet.messages()
    assert message["to"] == to.replace("bücher", "xn--bcher-kva")
    assert message["subject"] == LETTER.subject


# How the message is built


def lines(text: str) -> list[str]:
    """Without regard to how lines end; the last one always ends."""
    return re.split(r"\r\n|\r|\n", text.rstrip("\r\n"))


@given(st.text(), st.text(), st.text())
@example("a" * 1_000, "a" * 2_000, "ä" * 2_000)
@example("日本語" * 100, "\0", "\r")
@example("=?=?utf-8?q?=0A?=?=", ".", "From x")
def test_no_subject_or_text_breaks_the_message(subject: str, text: str, html: str) -> None:
    letter = compose(replace(LETTER, subject=subject, text=text, html=html), sender_of(SENDER), AT)
    for raw in (letter.octets(), letter.octets(seven_bits=True)):
        message = parsed(raw)
        assert {name.lower() for name in message} == HEADERS
        expected = one_line(subject).replace("=?", "= ?")
        assert "".join(str(make_header(decode_header(message["subject"]))).split()) == "".join(expected.split())
        for arrived, written in zip(texts(message), (text, html), strict=True):
            assert lines(arrived) == lines(written.encode("utf-8", "replace").decode())
        assert max(len(line) for line in raw.split(b"\r\n")) <= LONGEST_LINE
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)


def test_links_can_be_copied_from_the_raw_message() -> None:
    raw = compose(LETTER, sender_of(SENDER), AT).octets()
    assert raw.count(b"https://shop.example/account/verify-email#token=abc_-123=\r\n") == 1


@pytest.mark.parametrize(
    ("given_sender", "name"),
    [
        ("no-reply@shop.example", ""),
        ('"Shop\r\nBcc: eve@example.net" <no-reply@shop.example>', "Shop Bcc: eve@example.net"),
        ('"Müller, Anna" <no-reply@shop.example>', "Müller, Anna"),
        ('"Shop, eve@example.net" <no-reply@shop.example>', "Shop, eve@example.net"),
        (f'"{"Long, " * 40}eve@example.net" <no-reply@shop.example>', f"{'Long ' * 40}eve example net"),
        (f'"Ä {"long " * 20}, eve@example.net" <no-reply@shop.example>', f"Ä {'long ' * 20}eve example net"),
    ],
)
def test_the_name_of_the_sender_stays_a_name(given_sender: str, name: str) -> None:
    message = parsed(compose(LETTER, sender_of(given_sender), AT).octets())
    assert {header.lower() for header in message} == HEADERS
    (address,) = message["from"].addresses
    assert (address.display_name, address.addr_spec) == (name, "no-reply@shop.example")


def test_a_long_name_of_a_domain_does_not_break_the_message_id() -> None:
    domain = ".".join(["very-long-label-of-a-domain"] * 5)
    raw = compose(LETTER, sender_of(f"a@{domain}"), AT).octets()
    assert parsed(raw)["message-id"] == f"<{LETTER.id}@{domain}>"
    assert f"<{LETTER.id}@{domain}>".encode() in raw


@pytest.mark.parametrize("sender", ["", "Shop", "Shop <shop>", "a@straße.example", "a b@shop.example x"])
def test_a_sender_without_a_usable_address_is_refused_at_the_start(sender: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="sender"):
        FileMailer(tmp_path, sender)


# Files


def inside(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_only_its_owner_may_read_a_letter(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "mails"
    folder.mkdir(parents=True, mode=0o755)
    await FileMailer(folder, SENDER, clock=lambda: AT).send(LETTER)
    (path,) = inside(folder)
    assert path.name == f"20260304T050607Z-grue-aus-dem-souk-{LETTER.id}.eml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("subject", ["", "日本語", "../../etc/passwd", "a/b\0c", "x" * 500])
async def test_no_subject_leaves_the_folder(tmp_path: Path, subject: str) -> None:
    await FileMailer(tmp_path / "mails", SENDER).send(replace(LETTER, subject=subject))
    (path,) = inside(tmp_path / "mails")
    assert [other.name for other in inside(tmp_path)] == ["mails"]
    assert path.name.endswith(f"-{LETTER.id}.eml")


async def test_the_log_says_where_the_letter_is_and_nothing_of_what_is_in_it(tmp_path: Path) -> None:
    with capture_logs() as logged:
        await FileMailer(tmp_path, SENDER).send(LETTER)
    (path,) = inside(tmp_path)
    assert logged == [{"event": "mail written", "log_level": "info", "path": str(path), "to": LETTER.to}]


async def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable):
        await FileMailer(tmp_path / "file", SENDER).send(LETTER)


async def test_a_letter_that_cannot_be_finished_leaves_nothing_behind(tmp_path: Path) -> None:
    mailer = FileMailer(tmp_path, SENDER, clock=lambda: AT)
    await mailer.send(LETTER)
    (path,) = inside(tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(Unavailable):
        await mailer.send(LETTER)
    assert inside(tmp_path) == [path]


# The mail server


@pytest.mark.parametrize(
    ("command", "answer", "failure"),
    [
        ("RCPT", "550 5.1.1 no such user", MailRefused),
        ("RCPT", "553 5.1.3 strange name", MailRefused),
        ("RCPT", "451 4.3.0 try later", Unavailable),
        ("RCPT", "450 4.2.0 greylisted", Unavailable),
        ("RCPT", "530 5.7.0 authentication required", Unavailable),
        ("RCPT", "503 5.5.1 out of order", Unavailable),
        ("DATA", "554 5.7.1 looks like spam", MailRefused),
        ("DATA", "552 5.3.4 too large", MailRefused),
        ("DATA", "452 4.3.1 disk full", Unavailable),
        ("DATA", "421 4.3.2 shutting down", Unavailable),
    ],
)
async def test_the_server_s_answer_tells_whether_to_come_back(
    command: str, answer: str, failure: type[Exception]
) -> None:
    async with listening(Catcher({command: answer})) as catcher:
        with pytest.raises(failure, match=re.escape(answer)):
            await mailer_at(catcher.port).send(LETTER)
        assert catcher.letters == []


@pytest.mark.parametrize("command", ["", "EHLO", "MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize("behaviour", [HANG, CUT, "451 later", "nonsense"])
async def test_a_server_that_fails_at_any_step_is_unavailable(command: str, behaviour: str) -> None:
    script = {command: behaviour, "HELO": behaviour}
    async with scripted(script) as port:
        with pytest.raises(Unavailable):
            await mailer_at(port, seconds=0.2 if behaviour == HANG else 20).send(LETTER)


async def test_a_sender_that_is_refused_is_no_fault_of_the_letter() -> None:
    async with scripted({"MAIL": "550 5.7.1 not yours"}) as port:
        with pytest.raises(Unavailable):
            await mailer_at(port).send(LETTER)


@pytest.mark.parametrize("behaviour", [HANG, CUT, "451 later"])
async def test_a_goodbye_that_fails_does_not_send_the_letter_again(behaviour: str) -> None:
    async with scripted({"QUIT": behaviour}) as port:
        await mailer_at(port).send(LETTER)


async def test_nobody_listening_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unavailable):
        await mailer_at(port).send(LETTER)


async def test_a_host_without_an_address_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        await SmtpMailer("smtp://mail.invalid", SENDER).send(LETTER)


async def test_letters_go_out_side_by_side() -> None:
    async with listening(Catcher()) as catcher:
        mailer = mailer_at(catcher.port)
        await asyncio.gather(*(mailer.send(replace(LETTER, to=f"{n}@example.org")) for n in range(10)))
        assert sorted(letter.rcpt_tos[0] for letter in catcher.letters) == [f"{n}@example.org" for n in range(10)]


async def test_a_server_of_seven_bits_gets_seven_bits() -> None:
    async with listening(Catcher(extensions_off=("8BITMIME",))) as catcher:
        await mailer_at(catcher.port).send(LETTER)
        assert raw_of(catcher.letters[0]).isascii()
        assert texts(catcher.messages()[0]) == (LETTER.text, LETTER.html)


async def test_a_server_without_unicode_never_takes_an_address_that_needs_it() -> None:
    async with listening(Catcher(extensions_off=("SMTPUTF8",))) as catcher:
        with pytest.raises(MailRefused):
            await mailer_at(catcher.port).send(replace(LETTER, to="ännä@example.org"))
        await mailer_at(catcher.port).send(replace(LETTER, to="anna@bücher.example"))
        assert [letter.rcpt_tos for letter in catcher.letters] == [["anna@xn--bcher-kva.example"]]


async def test_a_server_that_is_away_is_logged_once_and_when_it_is_back() -> None:
    async with listening(Catcher()) as catcher:
        mailer = mailer_at(catcher.port)
    with capture_logs() as logged:
        for _ in range(3):
            with pytest.raises(Unavailable):
                await mailer.send(LETTER)
        async with listening(Catcher(), port=catcher.port) as again:
            await mailer.send(LETTER)
            await mailer.send(LETTER)
    assert [line["event"] for line in logged] == [
        "reaching the mail server fails",
        "reaching the mail server works again",
    ]
    assert len(again.letters) == 2


async def test_greeting_a_server_sends_nothing() -> None:
    async with listening(Catcher()) as catcher:
        await mailer_at(catcher.port).greet()
    assert catcher.letters == []
    with pytest.raises(Unavailable, match="The mail server cannot be used: "):
        await mailer_at(catcher.port).greet()
