"""Loaders, when those who wait change their minds."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from resolvers.batching import one


async def test_whoever_gives_up_waiting_takes_nothing_from_the_others() -> None:
    reading, ready = asyncio.Event(), asyncio.Event()
    asked: list[Sequence[int]] = []

    async def read(keys: Sequence[int]) -> Mapping[int, str]:
        asked.append(keys)
        reading.set()
        await ready.wait()
        return {key: f"no. {key}" for key in keys}

    loader = one(read)
    patient, impatient = asyncio.create_task(loader.load(1)), asyncio.create_task(loader.load(1))
    await reading.wait()
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    ready.set()
    assert await patient == "no. 1"
    assert asked == [(1,)]
