"""Letters are, byte for byte, what Python writes when it is asked the usual way, in less than half of the time."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st

from adapters.mail.message import Letter, compose, sender_of
from domain.shared.mail import Mail
from tests.adapters.mail_servers import parsed

ID = UUID("01890000-0000-7000-8000-000000000001")
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SENDERS = st.sampled_from(
    ["no-reply@shop.example", "Søuk & Co <no-reply@shop.example>", '"Müller, Anna" <no-reply@shop.example>']
)
RECIPIENTS = st.sampled_from(
    ["anna@example.org", "anna@bücher.example", "ännä@straße.example", f"{'x' * 70}@a.example"]
)
# what is odd about texts is tested elsewhere; here, that they are laid out alike
WORDS = st.text(st.sampled_from("abc ,;:=@ßé日😀"), max_size=150).map(lambda text: f"a{text}a")
TEXTS = st.lists(st.sampled_from([*"ab =.é日\n\0", "a" * 1_000]), max_size=40).map("".join)
ZONES = st.integers(-700, 700).map(lambda minutes: AT.astimezone(timezone(timedelta(minutes=minutes))))


def by_the_book(mail: Mail, sender: str, at: datetime, letter: Letter) -> EmailMessage:
    """The same letter, of the same encodings, by what the library offers for it."""
    encodings = [part["content-transfer-encoding"] for part in parsed(letter.octets()).iter_parts()]
    message = EmailMessage(SMTPUTF8 if letter.needs_utf8 else SMTP)
    message["From"] = sender_of(sender)
    message["To"] = letter.recipient
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = at
    message["Message-ID"] = f"<{mail.id}@shop.example>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text, cte=encodings[0])
    message.add_alternative(mail.html, subtype="html", cte=encodings[1])
    return message


def apart_from_the_boundary(raw: bytes) -> bytes:
    """Which is random."""
    [boundary] = set(re.findall(rb'boundary="(.*?)"', raw))
    assert re.fullmatch(rb"={15}\d{19}==", boundary)
    return raw.replace(boundary, b"boundary")


@given(SENDERS, RECIPIENTS, WORDS, TEXTS, TEXTS, ZONES)
@example("no-reply@shop.example", "anna@example.org", "Your order", "", "", AT)
def test_a_letter_is_what_python_makes_of_it(
    sender: str, to: str, subject: str, text: str, html: str, at: datetime
) -> None:
    mail = Mail(ID, to, subject, text, html)
    letter = compose(mail, sender_of(sender), at)
    expected = by_the_book(mail, sender, at, letter)
    assert apart_from_the_boundary(letter.octets()) == apart_from_the_boundary(expected.as_bytes())
    seven_bits = expected.as_bytes(policy=expected.policy.clone(cte_type="7bit"))
    assert apart_from_the_boundary(letter.octets(seven_bits=True)) == apart_from_the_boundary(seven_bits)


def test_no_two_letters_have_the_same_boundary() -> None:
    mail = Mail(ID, "anna@example.org", "Your order", "Hello", "<p>Hello</p>")
    letters = [compose(mail, sender_of("no-reply@shop.example"), AT).octets() for _ in range(100)]
    assert len(set(letters)) == 100
    assert len({apart_from_the_boundary(raw) for raw in letters}) == 1


def test_the_classes_of_headers_are_made_once() -> None:
    mail = Mail(ID, "anna@example.org", "Your order", "Hello", "<p>Hello</p>")
    one, other = (compose(mail, sender_of("no-reply@shop.example"), AT).message for _ in range(2))
    assert [type(header) for header in one.values()] == [type(header) for header in other.values()]
