"""Signals over PostgreSQL: NOTIFY and LISTEN."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import structlog
from sqlalchemy import Text, func, select

from domain.shared.broadcasting import CHANNEL, QUIET_SECONDS, BroadcastSignals
from persistence.database import LOST, Database, connect
from persistence.statements import Statement, parameter

ANSWER_SECONDS = 2.0
_NOTIFY = Statement(select(func.pg_notify(CHANNEL, parameter("payload", Text()))))


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

    async def _send(self, payload: str) -> None:
        await self._database.fetch(_NOTIFY, {"payload": payload})

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
