"""The letters that accounts cause.

Names come from whoever filled in a form, perhaps with somebody else's address: they are read, and nothing more.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

from domain.shared.mail import Mail
from domain.shared.text import one_line
from domain.users.one_time import LIFETIMES, Purpose
from domain.users.user import User

VERIFY_EMAIL_PAGE = "/account/verify-email"
RESET_PASSWORD_PAGE = "/account/reset-password"  # noqa: S105  (no password)
CONFIRM_EMAIL_PAGE = "/account/confirm-email"

_LIKE_A_LINK = re.compile(r"[/\\@]|\w[.\u3002\uff0e\uff61]\w")
"""Mail programs make links of `prize.example`, too, and of dots as Chinese and Japanese write them."""
_FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_BUTTON = (
    "display:inline-block;padding:12px 24px;border-radius:8px;background:#1d5c4b;color:#ffffff;"
    "font-weight:600;text-decoration:none"
)


@dataclass(frozen=True, slots=True)
class _Link:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class _Draft:
    """A letter before it has a form: paragraphs, the link among them, and more paragraphs."""

    subject: str
    name: str
    before: Sequence[str]
    link: _Link | None = None
    after: Sequence[str] = ()

    @property
    def greeting(self) -> str:
        return f"Hello {self.name}," if self.name else "Hello,"


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes in the name of a shop, whose pages browsers reach at `public_url`.

    Links carry their token in the fragment, which browsers send to nobody: no log and no Referer has it.
    """

    shop_name: str
    public_url: str

    def welcome(self, identity: UUID, user: User, token: str) -> Mail:
        draft = _Draft(
            f"Welcome to {self._shop}",
            _first_name(user),
            [
                f"You have an account at {self._shop} now.",
                "Please confirm that this e-mail address is yours.",
            ],
            self._link("Confirm address", VERIFY_EMAIL_PAGE, token),
            [
                _validity(Purpose.VERIFY_EMAIL),
                "If you did not open this account, do nothing: the address stays unconfirmed.",
            ],
        )
        return self._letter(identity, user.email, draft)

    def email_verification(self, identity: UUID, user: User, token: str) -> Mail:
        draft = _Draft(
            f"Confirm your e-mail address for {self._shop}",
            _first_name(user),
            [f"Please confirm that this e-mail address belongs to your account at {self._shop}."],
            self._link("Confirm address", VERIFY_EMAIL_PAGE, token),
            [
                _validity(Purpose.VERIFY_EMAIL),
                "If you did not ask for this, do nothing: the address stays unconfirmed.",
            ],
        )
        return self._letter(identity, user.email, draft)

    def password_reset(self, identity: UUID, user: User, token: str) -> Mail:
        draft = _Draft(
            f"Choose a new password for {self._shop}",
            _first_name(user),
            [f"Somebody, hopefully you, asked for a new password for your account at {self._shop}."],
            self._link("Choose a new password", RESET_PASSWORD_PAGE, token),
            [
                f"{_validity(Purpose.RESET_PASSWORD)} The new password signs you out everywhere else.",
                "If it was not you, do nothing: your password stays as it is. Give this link to nobody.",
            ],
        )
        return self._letter(identity, user.email, draft)

    def email_change(self, identity: UUID, user: User, new_email: str, token: str) -> Mail:
        """Goes to the new address: who can read it there may have it."""
        draft = _Draft(
            f"Confirm your new e-mail address for {self._shop}",
            _first_name(user),
            [
                f"This address is to become the one of an account at {self._shop}.",
                "From then on you sign in with it, and all letters go to it.",
            ],
            self._link("Use this address", CONFIRM_EMAIL_PAGE, token),
            [
                _validity(Purpose.CHANGE_EMAIL),
                "If you did not ask for this, do nothing: the account keeps the address that it has.",
            ],
        )
        return self._letter(identity, new_email, draft)

    def email_change_notice(self, identity: UUID, user: User, new_email: str) -> Mail:
        """Goes to the address that the account had until now, and shows the new one masked."""
        draft = _Draft(
            f"The e-mail address of your account at {self._shop} was changed",
            _first_name(user),
            [
                f"Your account at {self._shop} belongs to {masked(new_email)} now. All letters go there.",
                "If it was you, there is nothing more to do.",
                "If it was not you, write to the shop at once: whoever did this knew your password.",
            ],
        )
        return self._letter(identity, user.email, draft)

    def password_changed(self, identity: UUID, user: User) -> Mail:
        draft = _Draft(
            f"Your password for {self._shop} was changed",
            _first_name(user),
            [
                f"The password of your account at {self._shop} was just changed.",
                "If it was you, there is nothing more to do.",
                "If it was not you, reset it now, by “Forgot password” where you sign in: that signs everybody out.",
            ],
        )
        return self._letter(identity, user.email, draft)

    @property
    def _shop(self) -> str:
        return one_line(self.shop_name)

    def _link(self, label: str, page: str, token: str) -> _Link:
        return _Link(label, f"{self.public_url.rstrip('/')}{page}#token={quote(token, safe='')}")

    def _letter(self, identity: UUID, to: str, draft: _Draft) -> Mail:
        return Mail(identity, to, one_line(draft.subject), _as_text(draft, self._shop), _as_html(draft, self._shop))


def masked(address: str) -> str:
    """Enough of `address` for its owner to know it by: `a***@shop.example`."""
    local, _, domain = one_line(address).rpartition("@")
    return f"{local[:1]}***@{domain}"


def _first_name(user: User) -> str:
    """How to greet somebody; nothing where the name would turn into a link, which is how spam is sent through forms."""
    name = one_line(user.first_name)
    return "" if _LIKE_A_LINK.search(name) else name


def _validity(purpose: Purpose) -> str:
    return f"The link works once, within {_period(LIFETIMES[purpose])}."


def _period(time: timedelta) -> str:
    hours = round(time / timedelta(hours=1))
    count, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _as_text(draft: _Draft, shop: str) -> str:
    link = [f"{draft.link.label}:\n{draft.link.url}"] if draft.link else []
    return "\n\n".join([draft.greeting, *draft.before, *link, *draft.after, shop]) + "\n"


def _as_html(draft: _Draft, shop: str) -> str:
    """One column that is as wide as its text, without colours of its own: mail programs darken it as they please."""
    body = "\n".join(_blocks(draft, shop))
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{html.escape(draft.subject)}</title>
</head>
<body style="margin:0;padding:24px 16px">
<div style="max-width:560px;margin:0 auto;{_FONT};font-size:16px;line-height:1.5">
{body}
</div>
</body>
</html>
"""


def _blocks(draft: _Draft, shop: str) -> Iterator[str]:
    yield f'<p style="margin:0 0 24px;font-size:20px;font-weight:700">{html.escape(shop)}</p>'
    yield from (_paragraph(text) for text in (draft.greeting, *draft.before))
    if draft.link:
        label, url = html.escape(draft.link.label), html.escape(draft.link.url)
        yield f'<p style="margin:24px 0"><a href="{url}" style="{_BUTTON}">{label}</a></p>'
        yield '<p style="margin:0 0 4px;font-size:14px">Or copy this address into your browser:</p>'
        yield f'<p style="margin:0 0 24px;font-size:14px;word-break:break-all">{url}</p>'
    yield from (_paragraph(text) for text in draft.after)


def _paragraph(text: str) -> str:
    return f'<p style="margin:0 0 16px;overflow-wrap:anywhere">{html.escape(text)}</p>'
