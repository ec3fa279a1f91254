from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from domain.shared.mail import Mail
from domain.shared.text import one_line
from domain.users.letters import Letters, masked
from domain.users.one_time import LIFETIMES, Purpose
from domain.users.tokens import new_secret
from domain.users.user import User, UserId, UserRole

IDENTITY = UUID("01890000-0000-7000-8000-000000000001")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
NEW = "anna.new@example.org"
LETTERS = Letters("Souk", "https://shop.example")
Written = Callable[[Letters, User, str], Mail]

WITH_LINK: Mapping[str, tuple[str, Purpose, Written]] = {
    "welcome": ("verify-email", Purpose.VERIFY_EMAIL, lambda by, to, token: by.welcome(IDENTITY, to, token)),
    "email_verification": (
        "verify-email",
        Purpose.VERIFY_EMAIL,
        lambda by, to, token: by.email_verification(IDENTITY, to, token),
    ),
    "password_reset": (
        "reset-password",
        Purpose.RESET_PASSWORD,
        lambda by, to, token: by.password_reset(IDENTITY, to, token),
    ),
    "email_change": (
        "confirm-email",
        Purpose.CHANGE_EMAIL,
        lambda by, to, token: by.email_change(IDENTITY, to, NEW, token),
    ),
}
NOTICES: Mapping[str, Written] = {
    "email_change_notice": lambda by, to, _: by.email_change_notice(IDENTITY, to, NEW),
    "password_changed": lambda by, to, _: by.password_changed(IDENTITY, to),
}
ALL: Mapping[str, Written] = {**{name: written for name, (_, _, written) in WITH_LINK.items()}, **NOTICES}


def user(first_name: str = "Anna", email: str = "anna@example.org") -> User:
    return User(UserId(IDENTITY), email, first_name, "Berg", UserRole.CUSTOMER, False, NOW, NOW)  # noqa: FBT003


@dataclass
class Page(HTMLParser):
    """What a browser makes of a letter."""

    tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = field(
        default_factory=list[tuple[str, tuple[tuple[str, str | None], ...]]]
    )
    pieces: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        super().__init__()

    @classmethod
    def of(cls, mail: Mail) -> "Page":
        page = cls()
        page.feed(mail.html)
        page.close()
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def links(self) -> list[str | None]:
        return [dict(attributes).get("href") for _, attributes in self.tags if "href" in dict(attributes)]


def shape(mail: Mail) -> list[str]:
    return [tag for tag, _ in Page.of(mail).tags]


letters = pytest.mark.parametrize("written", ALL.values(), ids=ALL.keys())
with_link = pytest.mark.parametrize(("page", "purpose", "written"), WITH_LINK.values(), ids=WITH_LINK.keys())


@with_link
@given(token=st.text(min_size=1))
@example(token=new_secret())
@example(token='"><script>&amp;+ %2B#=')
def test_the_link_stands_once_in_the_text_and_its_token_arrives_intact(
    page: str, purpose: Purpose, written: Written, token: str
) -> None:
    del purpose
    assume(token.encode("utf-8", "replace").decode() == token)
    mail = written(LETTERS, user(), token)
    (link,) = [line for line in mail.text.splitlines() if "://" in line]
    address = urlsplit(link)
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"https://shop.example/account/{page}"
    assert parse_qs(address.fragment, strict_parsing=True) == {"token": [token]}
    assert address.query == ""
    assert mail.text.count(link) == 1


@with_link
def test_the_link_stands_once_behind_the_button_and_once_to_be_copied(
    page: str, purpose: Purpose, written: Written
) -> None:
    del purpose
    mail = written(LETTERS, user(), "abc-_123")
    link = f"https://shop.example/account/{page}#token=abc-_123"
    html = Page.of(mail)
    assert html.links == [link]
    assert html.text.count(link) == 1
    assert link in mail.text


@pytest.mark.parametrize("written", NOTICES.values(), ids=NOTICES.keys())
def test_a_notice_has_no_link(written: Written) -> None:
    mail = written(LETTERS, user(), "")
    assert "://" not in mail.text + mail.html


@with_link
def test_a_letter_says_how_long_its_link_is_good(page: str, purpose: Purpose, written: Written) -> None:
    del page
    words = {timedelta(hours=1): "1 hour", timedelta(days=1): "1 day", timedelta(days=3): "3 days"}
    mail = written(LETTERS, user(), "token")
    assert f"within {words[LIFETIMES[purpose]]}." in mail.text
    assert f"within {words[LIFETIMES[purpose]]}." in mail.html


@letters
def test_a_letter_says_what_to_do_when_it_was_not_you(written: Written) -> None:
    assert "If " in written(LETTERS, user(), "token").text
    assert " not " in written(LETTERS, user(), "token").text


@letters
def test_a_letter_greets_by_first_name_and_keeps_its_id(written: Written) -> None:
    mail = written(LETTERS, user("Zoë"), "token")
    assert mail.id == IDENTITY
    assert mail.text.startswith("Hello Zoë,\n")
    assert "Hello Zoë," in mail.html


@letters
@given(name=st.text(max_size=100), shop=st.text(min_size=1, max_size=100), email=st.text(max_size=100))
@example(name="</p><script>alert(1)</script>", shop='"><img src=x onerror=x>', email="<!--@x")
@example(name="A\r\nBcc: eve@example.net", shop="Souk\nBcc: x", email="a\u2028b@x")
@example(name="\u202eevil\u200f", shop="\u2066Souk\u2029", email="\u202e@x")
def test_nothing_that_others_wrote_leaves_its_place(written: Written, name: str, shop: str, email: str) -> None:
    by = Letters(shop, "https://shop.example")
    mail = written(by, user(name, email), "token")
    plain = written(LETTERS, user(), "token")
    assert shape(mail) == shape(plain)
    assert Page.of(mail).links == Page.of(plain).links
    assert [mail.text.count(sign) for sign in "\n\r"] == [plain.text.count("\n"), 0]
    assert len(mail.subject.splitlines()) == 1
    assert one_line(mail.subject) == mail.subject
    assert one_line(shop) in mail.subject
    assert mail.to in {email, NEW}


@letters
@given(name=st.text(max_size=100), email=st.text(max_size=100))
def test_subjects_depend_on_nothing_that_users_choose(written: Written, name: str, email: str) -> None:
    assert written(LETTERS, user(name, email), "token").subject == written(LETTERS, user(), "token").subject


@letters
@pytest.mark.parametrize(
    "name",
    ["https://prize.example", "Win at prize.example now", "prize。example", "mail eve@example", "\\\\host\\x", ""],
)
def test_a_name_that_would_become_a_link_is_left_out(written: Written, name: str) -> None:
    mail = written(LETTERS, user(name), "token")
    assert mail.text.startswith("Hello,\n")
    assert "prize" not in mail.text + mail.html


def test_only_the_letter_that_confirms_a_new_address_goes_there() -> None:
    recipients = {name: written(LETTERS, user(), "token").to for name, written in ALL.items()}
    assert recipients == {**dict.fromkeys(ALL, "anna@example.org"), "email_change": NEW}


def test_the_notice_does_not_tell_the_whole_new_address() -> None:
    mail = LETTERS.email_change_notice(IDENTITY, user(), NEW)
    assert "a***@example.org" in mail.text
    assert NEW not in mail.text + mail.html


@pytest.mark.parametrize(("address", "shown"), [("a@x.org", "a***@x.org"), ("", "***@"), ("@x", "***@x")])
def test_masking_shows_one_letter_at_most(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_a_slash_at_the_end_of_the_public_address_is_not_doubled() -> None:
    mail = Letters("Souk", "https://shop.example/souk/").password_reset(IDENTITY, user(), "t")
    assert "https://shop.example/souk/account/reset-password#token=t" in mail.text


def test_every_purpose_has_a_lifetime_and_the_stronger_link_the_shorter_one() -> None:
    assert set(LIFETIMES) == set(Purpose)
    assert [purpose.value for purpose in sorted(Purpose, key=lambda one: LIFETIMES[one])] == [
        "reset_password",
        "change_email",
        "verify_email",
    ]


@given(st.text())
@example("a\u200db\u200cc")
def test_one_line_is_one_line_whoever_reads_it(text: str) -> None:
    line = one_line(text)
    assert line.splitlines() == ([line] if line else [])
    assert one_line(line) == line
    assert line.encode().decode() == line
    assert "".join(line.split()) == line.replace(" ", "")


def test_joiners_stay_in_names() -> None:
    for name in ("می\u200cنو", "👩\u200d👧"):
        assert one_line(name) == name
