"""`souk events list`."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta

from rich.table import Table
from rich.text import Text

from domain.shared.errors import Unavailable
from persistence.connections import ConnectionSettings
from persistence.database import Database
from persistence.waiting import SqlWaiting, Waiting, Wanted
from server.cli.screen import Screen
from server.embedded import database
from server.failures import Failure
from server.settings import read_settings
from server.starting import condition, require_current

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def run(screen: Screen, topic: str | None, parked: bool, most: int, as_json: bool) -> None:  # noqa: FBT001  (switches)
    wanted = Wanted(topic, parked)
    with database(read_settings()) as chosen:
        found, count = asyncio.run(_found(chosen.connection, wanted, most))
    if as_json:
        sys.stdout.write(json.dumps([_facts(one) for one in found], indent=2) + "\n")
        return
    if not found:
        screen.line("No event is parked." if wanted.parked else "No event waits or is parked.")
        return
    _show(screen, found)
    if count > len(found):
        screen.line(f"… and {count - len(found):,} more: --limit shows them.")


async def _found(connection: ConnectionSettings, wanted: Wanted, most: int) -> tuple[Sequence[Waiting], int]:
    require_current(await condition(connection))
    opened = Database(connection)
    await opened.open()
    try:
        waiting = SqlWaiting(opened)
        return await waiting.first(wanted, most), await waiting.count(wanted)
    except Unavailable as away:
        raise Failure(away.message) from away
    finally:
        await opened.close()


def _show(screen: Screen, found: Sequence[Waiting]) -> None:
    if not screen.lively:
        for one in found:
            facts = _facts(one)
            told = " ".join(f"{name}={facts[name]}" for name in ("consumer", "key", "attempts", "error") if facts[name])
            screen.line(f"{one.id} {facts['state']:<8} {age(one.age):>5} {one.topic} {told}")
        return
    table = Table("Id", "State", "Age", "Topic", "For", "Key", "Tries", "Error", title="Events", title_justify="left")
    for one in found:
        facts = [str(one.id), _state(one), age(one.age), one.topic, one.consumer or "all", str(one.key)]
        table.add_row(*(Text(fact, overflow="fold") for fact in (*facts, str(one.attempts), one.error or "")))
    screen.table(table)


def _facts(one: Waiting) -> Mapping[str, str | int | None]:
    return {
        "id": str(one.id),
        "state": _state(one),
        "topic": one.topic,
        "consumer": one.consumer or None,
        "key": str(one.key),
        "attempts": one.attempts,
        "error": one.error,
        "ageSeconds": int(one.age.total_seconds()),
    }


def _state(one: Waiting) -> str:
    return "waiting" if one.parked_at is None else "parked"


def age(time: timedelta) -> str:
    """Short, such as 12s, 5m, 3h, 2d."""
    seconds = max(0, int(time.total_seconds()))
    for unit, length in (("d", DAY), ("h", HOUR), ("m", MINUTE)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
