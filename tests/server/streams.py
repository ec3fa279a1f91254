"""Server-sent events for the tests of that transport: what a client reads from its response."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

EVENT_STREAM = "text/event-stream"
PATIENCE = 30.0


@dataclass(slots=True)
class Stream:
    """One response, read event by event."""

    reply: httpx.Response
    comments: int = 0
    _lines: AsyncIterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self._lines = self.reply.aiter_lines()

    async def event(self) -> tuple[str, Any] | None:
        """The next one's kind and data; None when the response is over."""
        kind, data = "", None
        async with asyncio.timeout(PATIENCE):
            async for line in self._lines:
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    data = orjson.loads(value) if value else None
                elif line.startswith(":"):
                    self.comments += 1
                elif kind:
                    return kind, data
        return None

    async def shown(self) -> Any:
        """What the next answer shows of its one field; fails when there are errors."""
        event = await self.event()
        assert event is not None
        kind, data = event
        assert (kind, list(data)) == ("next", ["data"])
        [value] = data["data"].values()
        return value

    async def codes(self) -> list[str]:
        """Of the errors in the last answer; fails when more comes after it."""
        event = await self.event()
        assert event is not None
        assert event[0] == "next"
        assert await self.event() == ("complete", None)
        assert await self.event() is None
        return [error["extensions"]["code"] for error in event[1]["errors"]]


@asynccontextmanager
async def streaming(
    url: str, query: str, variables: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> AsyncGenerator[Stream]:
    """A request for a stream, and its response so far."""
    sent = {"accept": EVENT_STREAM, **(headers or {})}
    async with (
        httpx.AsyncClient(timeout=PATIENCE) as client,
        client.stream("POST", f"{url}/graphql", json={"query": query, "variables": variables}, headers=sent) as reply,
    ):
        yield Stream(reply)
