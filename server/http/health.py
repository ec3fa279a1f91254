"""Whether the process is alive, and whether it can serve: `/livez`, `/readyz`."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from starlette.requests import Request
from starlette.responses import Response

from domain.shared.errors import Unavailable
from persistence.database import Database
from persistence.readiness import revision

DATABASE_SECONDS = 2.0
_HEADERS = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Readiness:
    """The problems that keep a process from serving, by what was checked; None where all is well."""

    problems: dict[str, str | None]

    @property
    def ready(self) -> bool:
        return not any(self.problems.values())

    def written(self) -> dict[str, object]:
        checks = {name: {"ok": problem is None, "problem": problem} for name, problem in self.problems.items()}
        return {"ready": self.ready, "checks": checks}


async def check(database: Database, newest: str, *, stopping: bool) -> Readiness:
    process = "The server is stopping." if stopping else None
    try:
        async with asyncio.timeout(DATABASE_SECONDS):
            current = await revision(database)
    except (TimeoutError, Unavailable):
        problem = "The database does not answer."
        return Readiness({"process": process, "database": problem, "migrations": "Not known."})
    return Readiness({"process": process, "database": None, "migrations": _migrations(current, newest)})


def _migrations(current: str | None, newest: str) -> str | None:
    if current == newest:
        return None
    return f"The database is at {current or 'no revision'}, this version of Souk needs {newest}: run `souk migrate`."


async def livez(request: Request) -> Response:
    del request
    return _answer({"alive": True})


async def readyz(request: Request) -> Response:
    state = request.app.state
    # the protocol notes in the scope's state that the process was told to stop
    stopping = state.stopping or request.scope.get("state", {}).get("stopping", False)
    readiness = await check(state.shop.database, state.newest_revision, stopping=stopping)
    return _answer(readiness.written(), 200 if readiness.ready else 503)


def _answer(value: Mapping[str, object], status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, _HEADERS, "application/json")
