"""Accounts: opened, changed, closed; and who administers the shop."""

from dataclasses import dataclass, replace
from uuid import UUID

from domain.shared.checks import checking
from domain.shared.clock import Clock
from domain.shared.errors import Conflict, NotFound
from domain.shared.events import Event
from domain.shared.ids import uuid7
from domain.shared.work import Once
from domain.users import person
from domain.users.authentication import Authentication
from domain.users.one_time import ENDED_BY_PASSWORD
from domain.users.oneself import oneself
from domain.users.passwords import CommonPasswords, PasswordHasher, accepted
from domain.users.person import EmailSyntax
from domain.users.revocation import RevokedSessions
from domain.users.sessions import SignedIn
from domain.users.throttling import Throttle
from domain.users.user import Actor, Client, User, UserId, UserRole
from domain.users.work import BeginUsersWork, Credentials, UsersWork

LAST_ADMIN = "This is the last administrator: make somebody else one first."


@dataclass(frozen=True, slots=True)
class Registration:
    email: str
    password: str
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class Accounts:
    begin: BeginUsersWork
    authentication: Authentication
    hasher: PasswordHasher
    common: CommonPasswords
    syntax: EmailSyntax
    throttle: Throttle
    revoked: RevokedSessions
    clock: Clock

    async def register(
        self, wanted: Registration, client: Client, guest_cart: UUID | None = None, once: Once | None = None
    ) -> SignedIn:
        """Open an account and sign in there. A letter asks to confirm the address.

        Raises:
            SeveralErrors: something in it cannot be used.
            Conflict: the address has an account.
            RateLimited: there were too many tries.
        """
        checked = self._checked(wanted)
        await self.throttle.admit(client, checked.email)
        hashed = await self.hasher.hash(checked.password)
        at = self.clock()
        new = User(
            id=UserId(uuid7()),
            email=checked.email,
            first_name=checked.first_name,
            last_name=checked.last_name,
            role=UserRole.CUSTOMER,
            email_verified=False,
            created_at=at,
            updated_at=at,
        )
        async with self.begin(once) as work:
            user = await work.users.add(new, hashed)
            work.happened(Event("user.created", user.id))
            if guest_cart is not None:
                await self.authentication.belongings.take_over(work, guest_cart, user)
            signed_in = await self.authentication.open_session(work, user, client)
            await work.commit(signed_in)
        return signed_in

    async def rename(
        self, actor: Actor, first_name: str | None, last_name: str | None, once: Once | None = None
    ) -> User:
        """Change the names that are given. Raises: SeveralErrors: a name cannot be used."""
        with checking() as checks:
            first = checks.attempt(lambda: None if first_name is None else person.name(first_name, "firstName"), None)
            last = checks.attempt(lambda: None if last_name is None else person.name(last_name, "lastName"), None)
        async with self.begin(once) as work:
            known = await oneself(work, actor)
            changed = replace(
                known.user, first_name=first or known.user.first_name, last_name=last or known.user.last_name
            )
            user = known.user if changed == known.user else await self._saved(work, changed)
            await work.commit(user)
        return user

    async def change_password(self, actor: Actor, current: str, new: str, client: Client) -> User:
        """Ends every other session.

        Raises:
            InvalidCredentials: `current` is not the password.
            InvalidInput: the new one cannot be used.
            RateLimited: there were too many tries.
        """
        known = await self.authentication.confirm(actor, current, client, "currentPassword")
        password = accepted(new, self.common, argument="newPassword", personal=known.user.words)
        hashed = await self.hasher.hash(password)
        async with self.begin() as work:
            again = await _unchanged(work, actor, known, "currentPassword")
            await work.users.save_password(known.user.id, hashed)
            await work.one_time_tokens.forget(known.user.id, ENDED_BY_PASSWORD)
            ended = await work.sessions.revoke(known.user.id, self.clock(), but=actor.session_id)
            work.happened(Event("user.password_changed", known.user.id))
            await work.commit()
        await self.revoked.announce(ended)
        return again

    async def delete(self, actor: Actor, password: str, client: Client) -> UserId:
        """Erase the account and everything personal with it.

        Raises:
            InvalidCredentials: this is not the password.
            Conflict: it is the last administrator's.
            RateLimited: there were too many tries.
        """
        known = await self.authentication.confirm(actor, password, client, "password")
        async with self.begin() as work:
            # before the user, as everybody locks them; and now, as roles may have changed since the password was read
            administrators = await work.users.administrators()
            await _unchanged(work, actor, known, "password")
            if list(administrators) == [known.user.id]:
                raise Conflict(LAST_ADMIN)
            ended = await work.sessions.revoke(known.user.id, self.clock())
            await self.authentication.belongings.erase(work, known.user)
            await work.users.delete(known.user.id)
            work.happened(Event("user.deleted", known.user.id))
            await work.commit()
        await self.revoked.announce(ended)
        return known.user.id

    async def set_role(self, user_id: UserId, role: UserRole) -> User:
        """Their sessions end when the role changes, so that no token speaks for the former one.

        Raises:
            NotFound: there is no such user.
            Conflict: it would leave the shop without an administrator.
        """
        async with self.begin() as work:
            administrators = await work.users.administrators()
            known = await work.users.get(user_id)
            if known is None:
                raise NotFound("userId", "user")
            if known.user.role is role:
                return known.user
            if list(administrators) == [user_id]:
                raise Conflict(LAST_ADMIN, "role")
            user = await self._saved(work, replace(known.user, role=role))
            ended = await work.sessions.revoke(user_id, self.clock())
            await work.commit()
        await self.revoked.announce(ended)
        return user

    async def _saved(self, work: UsersWork, changed: User) -> User:
        work.happened(Event("user.updated", changed.id))
        return await work.users.save(changed)

    def _checked(self, wanted: Registration) -> Registration:
        with checking() as checks:
            email = checks.attempt(lambda: person.email_address(self.syntax, wanted.email), "")
            first = checks.attempt(lambda: person.name(wanted.first_name, "firstName"), "")
            last = checks.attempt(lambda: person.name(wanted.last_name, "lastName"), "")
            personal = (wanted.email, wanted.email.partition("@")[0], wanted.first_name, wanted.last_name)
            password = checks.attempt(lambda: accepted(wanted.password, self.common, personal=personal), "")
        return Registration(email, password, first, last)


async def _unchanged(work: UsersWork, actor: Actor, known: Credentials, argument: str) -> User:
    """Raises: Conflict: the password that was confirmed is not the password any more."""
    again = await oneself(work, actor)
    if again.password_hash != known.password_hash:
        raise Conflict("The password was just changed by somebody else: sign in again.", argument)
    return again.user
