"""DataLoaders made from readers that answer a batch with a mapping: order, misses and duplicates, handled once."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from strawberry.dataloader import DataLoader

K = TypeVar("K")
V = TypeVar("V")


def one(read: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> DataLoader[K, V | None]:
    """Each key finds one value, or none."""

    async def load(keys: list[K]) -> list[V | None]:
        found = await read(keys)
        return [found.get(key) for key in keys]

    return DataLoader(load_fn=load)


def many(read: Callable[[Sequence[K]], Awaitable[Mapping[K, Sequence[V]]]]) -> DataLoader[K, Sequence[V]]:
    """Each key finds a list, empty when nothing belongs to it."""

    async def load(keys: list[K]) -> list[Sequence[V]]:
        found = await read(keys)
        return [found.get(key, ()) for key in keys]

    return DataLoader(load_fn=load)


def count(read: Callable[[Sequence[K]], Awaitable[Mapping[K, int]]]) -> DataLoader[K, int]:
    """Each key finds how many there are, which is none when nothing is found."""

    async def load(keys: list[K]) -> list[int]:
        found = await read(keys)
        return [found.get(key, 0) for key in keys]

    return DataLoader(load_fn=load)
