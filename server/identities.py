"""Who sends a request: what a transport does with the token it was given."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from domain.shared.clock import now
from domain.shared.errors import InvalidToken, Unavailable
from domain.users.revocation import RevokedSessions
from domain.users.tokens import AccessTokens
from domain.users.user import Actor

REVOKED = "This session has ended: sign in again."


@dataclass(frozen=True, slots=True)
class Identity:
    """An actor, and until when the token speaks for it."""

    actor: Actor
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Identities:
    """Costs no SQL statement: tokens are checked by their signatures, revoked sessions are known in memory."""

    tokens: AccessTokens
    revoked: RevokedSessions

    def identify(self, token: str) -> Identity:
        """Whom an access token speaks for.

        Raises:
            ExpiredToken: it is too old.
            InvalidToken: it is not ours, or its session was revoked.
            Unavailable: which sessions were revoked is not known yet.
        """
        claims = self.tokens.verify(token)
        if not self.revoked.loaded:
            raise Unavailable("The server is starting; try again in a moment.")
        if claims.session_id in self.revoked:
            raise InvalidToken(REVOKED)
        return Identity(Actor(claims.user_id, claims.role, claims.session_id), claims.expires_at)

    def is_current(self, actor: Actor) -> bool:
        """Whether the actor's session still stands; an anonymous actor has none that could end."""
        return actor.session_id is None or actor.session_id not in self.revoked

    async def until_over(self, identity: Identity) -> None:
        """Return when the token expires, or as soon as its session is known to be revoked."""
        seconds = (identity.expires_at - now()).total_seconds()
        session = identity.actor.session_id
        with suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0)):
                if session is None:
                    await asyncio.Event().wait()
                else:
                    await self.revoked.until(session)
