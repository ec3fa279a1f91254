"""The letters that accounts cause.

Names come from whoever filled in a form, perhaps with somebody else's address: they are read, and nothing more.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

from domain.shared.letters import Draft, Link, letter
from domain.shared.mail import Mail
from domain.shared.text import one_line
from domain.users.one_time import LIFETIMES, Purpose
from domain.users.user import User

VERIFY_EMAIL_PAGE = "/account/verify-email"
RESET_PASSWORD_PAGE = "/account/reset-password"  # noqa: S105  (no password)
CONFIRM_EMAIL_PAGE = "/account/confirm-email"

_LIKE_A_LINK = re.compile(r"[/\\@]|\w[.\u3002\uff0e\uff61]\w")
"""Mail programs make links of `prize.example`, too, and of dots as Chinese and Japanese write them."""


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes in the name of a shop, whose pages browsers reach at `public_url`.

    Links carry their token in the fragment, which browsers send to nobody: no log and no Referer has it.
    """

    shop_name: str
    public_url: str

    def welcome(self, identity: UUID, user: User, token: str) -> Mail:
        draft = Draft(
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
        draft = Draft(
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
        draft = Draft(
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
        draft = Draft(
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
        draft = Draft(
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
        draft = Draft(
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

    def _link(self, label: str, page: str, token: str) -> Link:
        return Link(label, f"{self.public_url.rstrip('/')}{page}#token={quote(token, safe='')}")

    def _letter(self, identity: UUID, to: str, draft: Draft) -> Mail:
        return letter(identity, to, draft, self._shop)


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
