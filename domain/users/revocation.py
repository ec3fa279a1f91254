"""Sessions that ended before their access tokens did.

An access token is believed without asking the database, so every process keeps in memory which sessions were revoked
within the lifetime of a token. What is true stands in the database: it is read at the start, whenever a signal says
that there is news, and every half second in case a signal was lost.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from domain.shared.clock import Clock, now
from domain.shared.errors import Unavailable
from domain.shared.signals import Signals
from domain.users.tokens import ACCESS_LIFETIME
from domain.users.user import SessionId

TOPIC = "sessions.revoked"
POLL_SECONDS = 0.5
"""How late a revocation may be noticed when its signal was lost; a second is promised."""
REMEMBERED = ACCESS_LIFETIME + timedelta(minutes=1)
OVERLAP = timedelta(minutes=1)
"""How far behind the last look each one begins: what was written earlier may have been committed later, but not by so
much."""


class RevocationReader(Protocol):
    async def since(self, instant: datetime) -> Iterable[SessionId]:
        """The sessions revoked after `instant`. Raises: Unavailable."""
        ...


class RevokedSessions:
    """What this process knows of revoked sessions. `follow` keeps it up to date."""

    def __init__(self, reader: RevocationReader, signals: Signals, clock: Clock = now) -> None:
        self._reader = reader
        self._signals = signals
        self._clock = clock
        self._noticed: dict[SessionId, datetime] = {}
        self._waiting: dict[SessionId, set[asyncio.Event]] = {}
        self._looked_at: datetime | None = None

    @property
    def loaded(self) -> bool:
        """Whether the database was asked yet. Until it was, nobody knows which tokens may be believed."""
        return self._looked_at is not None

    def __contains__(self, session_id: SessionId) -> bool:
        return session_id in self._noticed

    async def until(self, session_id: SessionId) -> None:
        """Return as soon as the session is known to be revoked."""
        if session_id in self._noticed:
            return
        told = asyncio.Event()
        self._waiting.setdefault(session_id, set()).add(told)
        try:
            await told.wait()
        finally:
            waiting = self._waiting.get(session_id, set())
            waiting.discard(told)
            if not waiting:
                self._waiting.pop(session_id, None)

    async def announce(self, revoked: Iterable[SessionId]) -> None:
        """Note sessions that were just revoked, and tell the other processes to look."""
        ended = list(revoked)
        if ended:
            self._note(ended)
            await self._signals.publish(TOPIC, "")

    async def follow(self) -> None:
        """Keep up to date until cancelled, with signals or without."""
        async with self._signals.subscribe(TOPIC) as messages:
            told = asyncio.ensure_future(_next(messages))
            try:
                while True:
                    if told.done():
                        told = asyncio.ensure_future(_next(messages))
                    with suppress(Unavailable):  # the next look goes back as far as this one would have
                        await self.look()
                    await asyncio.wait((told,), timeout=POLL_SECONDS)
            finally:
                told.cancel()

    async def look(self) -> None:
        """Read what is new since the last look; all that matters, the first time. Raises: Unavailable."""
        at = self._clock()
        since = at - REMEMBERED
        if self._looked_at is not None:
            since = max(since, self._looked_at - OVERLAP)
        self._note(await self._reader.since(since))
        self._forget()
        self._looked_at = at

    def _note(self, revoked: Iterable[SessionId]) -> None:
        for session_id in revoked:
            if session_id not in self._noticed:
                self._noticed[session_id] = self._clock()
                for told in self._waiting.get(session_id, ()):
                    told.set()

    def _forget(self) -> None:
        """Drop what is older than every token that is still valid; the oldest were noticed first."""
        oldest = self._clock() - REMEMBERED - OVERLAP
        while self._noticed:
            session_id = next(iter(self._noticed))
            if self._noticed[session_id] > oldest:
                return
            del self._noticed[session_id]


async def _next(messages: AsyncIterator[str]) -> None:
    """Wait for a message; for ever, when there will be none any more."""
    try:
        await anext(messages)
    except StopAsyncIteration:
        await asyncio.Event().wait()
