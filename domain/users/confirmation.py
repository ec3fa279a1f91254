"""What somebody proves by the link in a letter: that an address is theirs, or that they may set a new password."""

from dataclasses import dataclass, replace

from domain.shared.clock import Clock
from domain.shared.errors import Conflict, ExpiredToken, InvalidToken
from domain.shared.events import Event
from domain.shared.ids import uuid7
from domain.shared.work import Once
from domain.users import person
from domain.users.authentication import Authentication
from domain.users.one_time import ENDED_BY_PASSWORD, OneTimeToken, Purpose
from domain.users.oneself import GONE
from domain.users.passwords import CommonPasswords, PasswordHasher, accepted
from domain.users.person import EmailSyntax
from domain.users.revocation import RevokedSessions
from domain.users.throttling import Throttle
from domain.users.tokens import LONGEST_TOKEN, digest
from domain.users.user import Actor, Client, User
from domain.users.work import BeginUsersWork, UsersWork, fingerprint

SPENT = "This link is not valid, or was used before: ask for a new one."
TOO_OLD = "This link is too old: ask for a new one."


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The letters are written when the requests' transactions are over; see `domain.users.mailing`."""

    begin: BeginUsersWork
    authentication: Authentication
    hasher: PasswordHasher
    common: CommonPasswords
    syntax: EmailSyntax
    throttle: Throttle
    revoked: RevokedSessions
    clock: Clock

    async def request_verification(self, actor: Actor, client: Client, once: Once | None = None) -> bool:
        """Send the letter that asks to confirm the address once more; none to who has confirmed it.

        Raises:
            RateLimited: there were too many letters.
        """
        known = None if actor.user_id is None else await self.authentication.reader.credentials(actor.user_id)
        if known is None:
            raise InvalidToken(GONE)
        wanted = not known.user.email_verified
        if wanted:
            await self.throttle.admit_letter(client, known.user.email)
        async with self.begin(once) as work:
            if wanted:
                work.happened(Event("user.email_verification_requested", known.user.id))
            await work.commit(result=True)
        return True

    async def verify_email(self, secret: str, client: Client) -> User:
        """Raises: InvalidToken, ExpiredToken: the link does not prove it. RateLimited: too many tries."""
        await self.throttle.admit(client)
        async with self.begin() as work:
            token, user = await self._taken(work, secret, Purpose.VERIFY_EMAIL)
            if user.email != token.email:
                raise InvalidToken(SPENT)
            if not user.email_verified:
                work.happened(Event("user.updated", user.id))
                user = await work.users.save(replace(user, email_verified=True))
            await work.commit()
        return user

    async def request_password_reset(self, email: str, client: Client) -> None:
        """Does the same, in the same time, whether or not there is an account.

        Raises:
            InvalidInput: this is no address.
            RateLimited: there were too many letters.
        """
        address = person.email_address(self.syntax, email)
        await self.throttle.admit_letter(client, address)
        async with self.begin() as work:
            work.happened(Event("user.password_reset_requested", uuid7(), {"email": address}))
            await work.commit()

    async def reset_password(self, secret: str, password: str, client: Client) -> User:
        """Set a new password. Ends every session; whoever reads the address's letters owns it, so it is confirmed.

        Raises:
            InvalidToken, ExpiredToken: the link does not allow it.
            InvalidInput: the password cannot be used; the link can be used again.
            RateLimited: there were too many tries.
        """
        await self.throttle.admit(client)
        hashed = await self.hasher.hash(accepted(password, self.common))
        async with self.begin() as work:
            token, user = await self._taken(work, secret, Purpose.RESET_PASSWORD)
            accepted(password, self.common, personal=user.words)
            if user.email != token.email:
                raise InvalidToken(SPENT)
            if not user.email_verified:
                user = await work.users.save(replace(user, email_verified=True))
            await work.users.save_password(user.id, hashed)
            await work.one_time_tokens.forget(user.id, ENDED_BY_PASSWORD)
            ended = await work.sessions.revoke(user.id, self.clock())
            work.happened(Event("user.password_changed", user.id))
            await work.commit()
        await self.revoked.announce(ended)
        return user

    async def request_email_change(self, actor: Actor, new_email: str, password: str, client: Client) -> None:
        """Send a letter to the new address; nothing changes before its link is used.

        Says nothing about whether the address has an account.

        Raises:
            InvalidInput: this is no address.
            InvalidCredentials: this is not the password.
            RateLimited: there were too many tries, or letters.
        """
        address = person.email_address(self.syntax, new_email, "newEmail")
        known = await self.authentication.confirm(actor, password, client, "password")
        await self.throttle.admit_letter(client, address)
        async with self.begin() as work:
            facts = {"email": address, "credentials": fingerprint(known)}
            work.happened(Event("user.email_change_requested", known.user.id, facts))
            await work.commit()

    async def confirm_email_change(self, secret: str, client: Client) -> User:
        """Raises: InvalidToken, ExpiredToken, RateLimited; Conflict: the address got an account meanwhile."""
        await self.throttle.admit(client)
        async with self.begin() as work:
            token, user = await self._taken(work, secret, Purpose.CHANGE_EMAIL)
            changed = await _moved(work, user, token.email)
            work.happened(Event("user.updated", user.id))
            work.happened(Event("user.email_changed", user.id, {"former": user.email}))
            await work.commit()
        return changed

    async def _taken(self, work: UsersWork, secret: str, purpose: Purpose) -> tuple[OneTimeToken, User]:
        if not 0 < len(secret) <= LONGEST_TOKEN:
            raise InvalidToken(SPENT)
        token = await work.one_time_tokens.take(digest(secret), purpose)
        known = None if token is None else await work.users.get(token.user_id)
        if token is None or known is None:
            raise InvalidToken(SPENT)
        if token.expires_at <= self.clock():
            raise ExpiredToken(TOO_OLD)
        return token, known.user


async def _moved(work: UsersWork, user: User, email: str) -> User:
    """Raises: Conflict: the address is taken; there is no address in the input that it could point to."""
    try:
        return await work.users.save(replace(user, email=email, email_verified=True))
    except Conflict as taken:
        raise Conflict(taken.message, "token", taken.reason) from taken
