"""One read answers many who ask at once."""

import asyncio
from collections.abc import Collection, Mapping
from contextvars import ContextVar

from domain.shared.following import Together

LIMITS: ContextVar[str] = ContextVar("limits", default="nobody's")


async def test_what_is_read_for_many_is_bound_to_no_limits_of_who_asked_first() -> None:
    going_on = asyncio.Event()

    async def read(keys: Collection[str]) -> Mapping[str, str]:
        await going_on.wait()
        return dict.fromkeys(keys, LIMITS.get())

    together = Together(read, 1)

    async def ask(name: str) -> str | None:
        LIMITS.set(name)
        return await together.ask(name)

    asked = [asyncio.create_task(ask(name)) for name in ("first", "second")]
    await asyncio.sleep(0)
    going_on.set()
    assert await asyncio.gather(*asked) == ["nobody's", "nobody's"]
