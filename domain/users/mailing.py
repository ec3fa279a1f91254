"""Writes the letters about accounts, after the transactions that they are about."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from domain.shared.clock import Clock
from domain.shared.events import Event, Handler
from domain.shared.mail import Mailer
from domain.shared.shop import ShopReader
from domain.users.letters import Letters
from domain.users.one_time import LIFETIMES, OneTimeToken, Purpose
from domain.users.reading import UserReader
from domain.users.tokens import digest, new_secret
from domain.users.user import User, UserId
from domain.users.work import BeginUsersWork, fingerprint


@dataclass(frozen=True, slots=True)
class AccountMailing:
    """Secrets are made here and not before: events wait in queues, where nothing secret may lie."""

    begin: BeginUsersWork
    reader: UserReader
    mailer: Mailer
    shop: ShopReader
    public_url: str
    clock: Clock

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What is done about events, by their topics. Raises: MailRefused, Unavailable."""
        return {
            "user.created": self.welcome,
            "user.email_verification_requested": self.verification,
            "user.password_reset_requested": self.password_reset,
            "user.password_changed": self.password_changed,
            "user.email_change_requested": self.email_change,
            "user.email_changed": self.email_changed,
        }

    async def welcome(self, event: Event) -> None:
        user = await self._user(event.key)
        if user is not None:
            secret = await self._secret(user, Purpose.VERIFY_EMAIL, user.email)
            await self.mailer.send((await self._letters()).welcome(event.id, user, secret))

    async def verification(self, event: Event) -> None:
        user = await self._user(event.key)
        if user is not None and not user.email_verified:
            secret = await self._secret(user, Purpose.VERIFY_EMAIL, user.email)
            await self.mailer.send((await self._letters()).email_verification(event.id, user, secret))

    async def password_reset(self, event: Event) -> None:
        """Whoever has no account gets no letter: it would tell a stranger's address about us."""
        known = await self.reader.credentials_by_email(_text(event, "email"))
        if known is not None:
            secret = await self._secret(known.user, Purpose.RESET_PASSWORD, known.user.email)
            await self.mailer.send((await self._letters()).password_reset(event.id, known.user, secret))

    async def password_changed(self, event: Event) -> None:
        """Voids, too, what was asked for before with the former password and written to another address since."""
        user = await self._user(event.key)
        if user is not None:
            async with self.begin() as work:
                await work.one_time_tokens.forget(user.id, [Purpose.CHANGE_EMAIL])
                await work.commit()
            await self.mailer.send((await self._letters()).password_changed(event.id, user))

    async def email_change(self, event: Event) -> None:
        """An address that has an account already gets no letter: its owner did not ask for one.

        Neither does one that was asked for with a password that has been changed since: it may have been a thief's.
        """
        known, address = await self.reader.credentials(UserId(event.key)), _text(event, "email")
        if known is None or event.facts["credentials"] != fingerprint(known):
            return
        if await self.reader.credentials_by_email(address) is None:
            secret = await self._secret(known.user, Purpose.CHANGE_EMAIL, address)
            await self.mailer.send((await self._letters()).email_change(event.id, known.user, address, secret))

    async def email_changed(self, event: Event) -> None:
        user = await self._user(event.key)
        if user is not None:
            former = replace(user, email=_text(event, "former"))
            await self.mailer.send((await self._letters()).email_change_notice(event.id, former, user.email))

    async def _letters(self) -> Letters:
        return Letters((await self.shop.shop()).name, self.public_url)

    async def _user(self, identity: UUID) -> User | None:
        """None when the account was deleted meanwhile."""
        found = await self.reader.by_ids([UserId(identity)])
        return found.get(UserId(identity))

    async def _secret(self, user: User, purpose: Purpose, email: str) -> str:
        secret = new_secret()
        token = OneTimeToken(digest(secret), user.id, purpose, email, self.clock() + LIFETIMES[purpose])
        async with self.begin() as work:
            await work.one_time_tokens.add(token)
            await work.commit()
        return secret


def _text(event: Event, fact: str) -> str:
    return str(event.facts[fact])
