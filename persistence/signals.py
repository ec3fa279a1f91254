"""Signals over PostgreSQL: NOTIFY and LISTEN."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace

import structlog
from sqlalchemy import Text, func, select

from domain.shared.broadcasting import CHANNEL, QUIET_SECONDS, BroadcastSignals
from domain.shared.following import Together
from persistence.connections import LOST, connect
from persistence.database import Database
from persistence.statements import Statement, parameters

ANSWER_SECONDS = 2.0
AT_ONCE = 100
"""Notifications in one statement: each is a commit, and PostgreSQL lets those with notifications commit in turn."""
_NOTIFY = Statement(select(func.pg_notify(CHANNEL, func.unnest(parameters("payloads", Text())))))


class SqlSignals(BroadcastSignals):
    """Implements `domain.shared.signals.Signals`.

    Listens on a connection outside the pool, which must reach PostgreSQL itself: a pooler that gives each transaction
    another session loses what it listened to.
    """

    def __init__(self, database: Database, quiet_seconds: float = QUIET_SECONDS) -> None:
        super().__init__(structlog.stdlib.get_logger("souk.signals"), quiet_seconds)
        self._database = database
        name = f"{database.settings.application_name} signals"
        self._settings = replace(database.settings, application_name=name)
        self._notifying = Together(self._notify, AT_ONCE)

    async def close(self) -> None:
        await super().close()
        await self._notifying.close()

    async def _send(self, payload: str) -> None:
        await self._notifying.ask(payload)

    async def _notify(self, payloads: Collection[str]) -> Mapping[str, None]:
        await self._database.fetch(_NOTIFY, {"payloads": list(payloads)})
        return {}

    async def _listen(self, connected: Callable[[], None]) -> None:
        connection = await connect(self._settings)
        ended = asyncio.Event()

        def heard(_: object, __: int, ___: str, payload: object) -> None:
            self._hear(str(payload))

        try:
            connection.add_termination_listener(lambda _: ended.set())
            await connection.add_listener(CHANNEL, heard)
            connected()
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._quiet_seconds):
                        await ended.wait()
                await connection.fetchval("SELECT 1", timeout=ANSWER_SECONDS)  # fails when it has ended
        finally:
            with suppress(*LOST):
                await connection.close(timeout=ANSWER_SECONDS)
