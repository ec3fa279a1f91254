"""`souk events replay`."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from domain.shared.errors import Unavailable
from persistence.connections import ConnectionSettings
from persistence.database import Database
from persistence.waiting import NotParked, SqlWaiting
from server.cli.screen import Screen
from server.embedded import database
from server.failures import Failure
from server.settings import read_settings
from server.starting import condition, require_current


def run(screen: Screen, ids: Sequence[UUID] | None) -> None:
    """Of these ids, or of everything that is parked."""
    with database(read_settings()) as chosen:
        done = asyncio.run(_replayed(chosen.connection, ids))
    if not done:
        screen.line("No event is parked: nothing to do.")
    else:
        noun = "1 event is" if done == 1 else f"{done:,} events are"
        screen.line(f"{noun} taken up again; `souk worker` handles them, or `souk serve` in development.")


async def _replayed(connection: ConnectionSettings, ids: Sequence[UUID] | None) -> int:
    require_current(await condition(connection))
    opened = Database(connection)
    await opened.open()
    try:
        waiting = SqlWaiting(opened)
        return await (waiting.replay_all() if ids is None else waiting.replay(ids))
    except NotParked as missing:
        raise Failure(
            f"Not parked: {missing}. Nothing was changed; `souk events list --parked` shows what is."
        ) from None
    except Unavailable as away:
        raise Failure(away.message) from away
    finally:
        await opened.close()
