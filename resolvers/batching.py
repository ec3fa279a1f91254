"""Loaders made from readers that answer a batch with a mapping: order, misses and duplicates, handled once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Generic, TypeVar

from strawberry.dataloader import DataLoader

K = TypeVar("K")
V = TypeVar("V")


class Loader(Generic[K, V]):
    """Strawberry's DataLoader, asked for whole columns of keys.

    The executor knows all keys of a field at once, so it asks for them as one column: one future for a hundred
    parents instead of a hundred. Columns asked for in the same turn of the event loop are read together.
    """

    __slots__ = ("_made", "_missing", "_read")

    def __init__(self, read: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], missing: V) -> None:
        self._read = read
        self._missing = missing
        self._made: DataLoader[tuple[K, ...], Sequence[V]] | None = None

    @property
    def _columns(self) -> DataLoader[tuple[K, ...], Sequence[V]]:
        """Made when it is first used: an operation uses a few of the sixty that it has."""
        if self._made is None:
            # not a method of this object: the two would keep each other alive, with all that was loaded, until the
            # garbage collector comes
            self._made = DataLoader(load_fn=partial(_columns, self._read, self._missing))
        return self._made

    def load_column(self, keys: Sequence[K]) -> Awaitable[Sequence[V]]:
        """What belongs to each key, in the order of the keys."""
        # whoever gives up waiting must not take the answer from the others who wait for it
        return asyncio.shield(asyncio.ensure_future(self._columns.load(tuple(keys))))

    def prime(self, key: K, value: V) -> None:
        """Let who asks for this key alone have `value`, as it is known already."""
        self._columns.prime((key,), (value,))

    async def load(self, key: K) -> V:
        [value] = await self.load_column((key,))
        return value


async def _columns(
    read: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], missing: V, columns: Sequence[tuple[K, ...]]
) -> list[Sequence[V]]:
    keys = columns[0] if len(columns) == 1 else tuple(dict.fromkeys(chain.from_iterable(columns)))
    found = await read(keys)
    return [[found.get(key, missing) for key in column] for column in columns]


def one(read: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> Loader[K, V | None]:
    """Each key finds one value, or none."""
    return Loader(read, None)


def many(read: Callable[[Sequence[K]], Awaitable[Mapping[K, Sequence[V]]]]) -> Loader[K, Sequence[V]]:
    """Each key finds a list, empty when nothing belongs to it."""
    return Loader(read, ())


def count(read: Callable[[Sequence[K]], Awaitable[Mapping[K, int]]]) -> Loader[K, int]:
    """Each key finds how many there are, which is none when nothing is found."""
    return Loader(read, 0)
