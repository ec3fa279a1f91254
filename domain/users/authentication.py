"""Signing in, staying signed in, and signing out."""

from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from domain.shared.clock import Clock
from domain.shared.errors import ExpiredToken, InvalidCredentials, InvalidToken, NotFound
from domain.shared.ids import uuid7
from domain.shared.work import Once
from domain.users.passwords import PasswordHasher, typed
from domain.users.person import EmailSyntax
from domain.users.reading import UserReader
from domain.users.revocation import RevokedSessions
from domain.users.security_log import SecurityLog
from domain.users.sessions import GRACE, Issued, Session, SignedIn, Tokens, issued, opened, sealed
from domain.users.throttling import Throttle
from domain.users.tokens import LONGEST_TOKEN, AccessTokens, digest
from domain.users.user import Actor, Client, SessionId, User, UserId
from domain.users.work import BeginUsersWork, Credentials, Family, UsersWork

WRONG = "The e-mail address or the password is wrong."
NOT_OURS = "The refresh token is not valid: sign in again."
TOO_OLD = "The session has expired: sign in again."
_TRIES = 3
"""Hashes of one account that may be exchanged while somebody signs in."""


class Belongings(Protocol):
    """What somebody has in the shop, besides an account."""

    async def take_over(self, work: UsersWork, guest_cart: UUID, user: User) -> None:
        """Make what a guest put into a cart the user's, as part of `work`. What cannot be is left alone."""
        ...

    async def erase(self, work: UsersWork, user: User) -> None:
        """Take what is personal out of what has to be kept, as part of `work`, before the account is deleted."""
        ...


@dataclass(frozen=True, slots=True)
class Authentication:
    begin: BeginUsersWork
    reader: UserReader
    hasher: PasswordHasher
    syntax: EmailSyntax
    tokens: AccessTokens
    revoked: RevokedSessions
    throttle: Throttle
    log: SecurityLog
    belongings: Belongings
    clock: Clock

    async def sign_in(
        self, email: str, password: str, client: Client, guest_cart: UUID | None = None, once: Once | None = None
    ) -> SignedIn:
        """Begin a session; what a guest put into `guest_cart` goes into the user's own.

        Takes as long, and says the same, for an account that does not exist.

        Raises:
            InvalidCredentials: there is no such account, or this is not its password.
            RateLimited: there were too many tries.
        """
        account = self._account(email)
        await self.throttle.admit(client, account)
        for _ in range(_TRIES):
            known = await self.reader.credentials_by_email(account)
            if not await self.hasher.verify(typed(password), known and known.password_hash) or known is None:
                break
            signed_in = await self._begun(known, password, client, guest_cart, once)
            if signed_in is not None:
                await self.throttle.succeeded(account)
                return signed_in
        await self.throttle.failed(client, account)
        raise InvalidCredentials(WRONG)

    async def open_session(self, work: UsersWork, user: User, client: Client) -> SignedIn:
        """A new session as part of `work`."""
        session = Session.begun(SessionId(uuid7()), user.id, client, self.clock())
        first = issued(session)
        await work.sessions.add(session)
        await work.sessions.add_token(first.token)
        return SignedIn(user, self._tokens(user, session, first))

    async def refresh(self, secret: str, client: Client) -> Tokens:
        """New tokens for a refresh token, which is spent by that.

        Raises:
            InvalidToken: it is not ours, or was spent before; the latter ends its session.
            ExpiredToken: its session was not used for too long, or is too old.
            RateLimited: too many came from there that were not ours.
        """
        if not 0 < len(secret) <= LONGEST_TOKEN:
            raise InvalidToken(NOT_OURS)
        async with self.begin() as work:
            family = await work.sessions.family(digest(secret))
            if family is not None and family.session.revoked_at is None:
                return await self._next(work, family, secret)
        await self.throttle.admit(client)
        raise InvalidToken(NOT_OURS)

    async def sign_out(self, actor: Actor, *, everywhere: bool) -> int:
        """End this session, or all of the user's. How many ended."""
        user_id, session_id = _signed_in(actor)
        return await self._revoke(user_id, only=None if everywhere else session_id)

    async def revoke(self, actor: Actor, session_id: SessionId) -> int:
        """End one of one's own sessions.

        Raises:
            NotFound: it is not open, or is somebody else's.
        """
        user_id, _ = _signed_in(actor)
        ended = await self._revoke(user_id, only=session_id)
        if not ended:
            raise NotFound("id", "session")
        return ended

    async def revoke_others(self, actor: Actor) -> int:
        user_id, session_id = _signed_in(actor)
        return await self._revoke(user_id, but=session_id)

    async def confirm(self, actor: Actor, password: str, client: Client, argument: str) -> Credentials:
        """Make sure that it is the user who acts, not somebody at an open device.

        Raises:
            InvalidCredentials: this is not the user's password.
            RateLimited: there were too many tries.
        """
        user_id, _ = _signed_in(actor)
        known = await self.reader.credentials(user_id)
        if known is None:
            raise InvalidToken(NOT_OURS)
        await self.throttle.admit(client, known.user.email)
        if not await self.hasher.verify(typed(password), known.password_hash):
            await self.throttle.failed(client, known.user.email)
            wrong = InvalidCredentials("The password is wrong.")
            wrong.field = [argument]
            raise wrong
        await self.throttle.succeeded(known.user.email)
        return known

    async def _next(self, work: UsersWork, family: Family, secret: str) -> Tokens:
        at, token, session = self.clock(), family.token, family.session
        if not session.is_open(at):
            raise ExpiredToken(TOO_OLD)
        if token.used_at is None:
            used = replace(session, last_used_at=at)
            successor = issued(used)
            await work.sessions.use(token.hash, at, sealed(successor.secret, secret))
            await work.sessions.add_token(successor.token)
            await work.commit()
            return self._tokens(family.user, used, successor)
        if at < token.used_at + GRACE and token.sealed_successor is not None:
            again = opened(token.sealed_successor, secret)
            found = await work.sessions.family(digest(again))
            if found is not None:
                return self._tokens(family.user, session, Issued(again, found.token))
        ended = await work.sessions.revoke(session.user_id, at, only=session.id)
        await work.commit()
        await self.revoked.announce(ended)
        self.log.refresh_token_reused(session.user_id, session.id)
        raise InvalidToken(NOT_OURS)

    async def _revoke(self, user_id: UserId, *, only: SessionId | None = None, but: SessionId | None = None) -> int:
        async with self.begin() as work:
            ended = await work.sessions.revoke(user_id, self.clock(), only=only, but=but)
            await work.commit()
        await self.revoked.announce(ended)
        return len(ended)

    async def _begun(
        self, known: Credentials, password: str, client: Client, guest_cart: UUID | None, once: Once | None
    ) -> SignedIn | None:
        """A session of who has proved to be `known`.

        None when the hash is another one by now: the password was changed, or its hash renewed by somebody who
        signed in at the same time.
        """
        better = await self.hasher.hash(typed(password)) if self.hasher.is_outdated(known.password_hash) else None
        async with self.begin(once) as work:
            current = await work.users.get(known.user.id)
            if current is None or current.password_hash != known.password_hash:
                return None
            if better is not None:
                await work.users.save_password(current.user.id, better)
            if guest_cart is not None:
                await self.belongings.take_over(work, guest_cart, current.user)
            signed_in = await self.open_session(work, current.user, client)
            await work.commit(signed_in)
        return signed_in

    def _account(self, email: str) -> str:
        """What an address is looked up by. One that is none is looked up all the same: it takes the same time."""
        try:
            return self.syntax.normalised(email.strip())
        except ValueError:
            return email.strip().lower()

    def _tokens(self, user: User, session: Session, refresh: Issued) -> Tokens:
        return Tokens.of(self.tokens.issue(user.id, session.id, user.role), refresh)


def _signed_in(actor: Actor) -> tuple[UserId, SessionId]:
    """Raises: InvalidToken: nobody is; the access rules of what is called should have said so."""
    if actor.user_id is None or actor.session_id is None:
        raise InvalidToken(NOT_OURS)
    return actor.user_id, actor.session_id
