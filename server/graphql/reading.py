"""Where the values of a field come from, for a column of parents: attributes, resolvers, loaders."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

from domain.shared.following import Next
from server.graphql.outputs import Column
from server.graphql.places import Chosen
from server.graphql.run import Run, Spot


class Found(NamedTuple):
    """The values of a field. With `of`, each different value is there once and `of[i]` is the index of parent i's."""

    values: Column
    spot: Spot
    of: Sequence[int] | None = None

    def spread(self, done: Column) -> Column:
        return done if self.of is None else [done[index] for index in self.of]


class Reads(Protocol):
    @property
    def deferred(self) -> bool: ...
    def read(self, run: Run, parents: Column, spot: Spot) -> Column: ...
    async def read_later(self, run: Run, parents: Column, spot: Spot) -> Found: ...


@dataclass(frozen=True, slots=True)
class Getter:
    """Something every parent has."""

    get: Callable[[Any], Any]
    deferred: bool = False

    def read(self, run: Run, parents: Column, spot: Spot) -> Column:
        try:
            return list(map(self.get, parents))
        except Exception:  # noqa: BLE001  (a property failed: find out for which parents)
            return run.each(self.get, parents, spot)

    async def read_later(self, run: Run, parents: Column, spot: Spot) -> Found:
        return Found(self.read(run, parents, spot), spot)


@dataclass(frozen=True, slots=True)
class Calls:
    """What a resolver answers. Its arguments are the same for all parents, so they are understood once."""

    resolver: Callable[..., Any]
    parent: str | None
    info: str | None
    arguments: Callable[[Run], Mapping[str, Any]]
    make_info: Callable[[Run], object]
    deferred: bool

    def read(self, run: Run, parents: Column, spot: Spot) -> Column:
        try:
            call = self.bound(run)
        except Exception as cause:  # noqa: BLE001  (an argument cannot be used)
            return run.fail_all(cause, spot, len(parents))
        return run.each(call, parents, spot)

    async def read_later(self, run: Run, parents: Column, spot: Spot) -> Found:
        try:
            call = self.bound(run)
        except Exception as cause:  # noqa: BLE001  (an argument cannot be used)
            return Found(run.fail_all(cause, spot, len(parents)), spot)
        if not self.deferred:
            return Found(run.each(call, parents, spot), spot)
        answers = await asyncio.gather(*map(call, parents), return_exceptions=True)
        return Found(_without_exceptions(run, answers, spot), spot)

    def bound(self, run: Run) -> Callable[[Any], Any]:
        """The resolver as a function of the parent. Raises: GraphQLError: an argument cannot be used."""
        given = dict(self.arguments(run))
        if self.info is not None:
            given[self.info] = self.make_info(run)
        parent, resolver = self.parent, self.resolver
        if parent is None:
            return lambda _: resolver(**given)
        return lambda value: resolver(**{parent: value}, **given)


@dataclass(frozen=True, slots=True)
class Loads:
    """A relation. Parents with the same key share what is loaded, and what is made of it."""

    loader: str
    key: str
    deferred: bool = True

    def read(self, run: Run, parents: Column, spot: Spot) -> Column:
        return run.fail_all(TypeError(f"{spot.name} has to be awaited"), spot, len(parents))

    async def read_later(self, run: Run, parents: Column, spot: Spot) -> Found:
        keys = list(map(attrgetter(self.key), parents))
        firsts: dict[Any, int] = {}
        for index, key in enumerate(keys):
            if key not in firsts:
                firsts[key] = index
        shared = spot if len(firsts) == len(keys) else spot.within(Chosen(spot.place, list(firsts.values())))
        values = await self._loaded(run, list(firsts), shared)
        if shared is spot:
            return Found(values, spot)
        numbers = {key: number for number, key in enumerate(firsts)}
        return Found(values, shared, [numbers[key] for key in keys])

    async def _loaded(self, run: Run, keys: Sequence[Any], spot: Spot) -> Column:
        """A value for each key; the key None, of which there is one at most, has none."""
        wanted = [key for key in keys if key is not None]
        if not wanted:
            return [None] * len(keys)
        try:
            found = iter(await getattr(run.context.loaders, self.loader).load_column(wanted))
        except Exception as cause:  # noqa: BLE001  (it is the error of everything that waits for this batch)
            return [None if key is None else run.fail(cause, spot, index) for index, key in enumerate(keys)]
        return [None if key is None else next(found) for key in keys]


@dataclass(frozen=True, slots=True)
class Streams:
    """What a subscription's resolver yields, one thing after the other: there is nothing to read of a parent."""

    call: Calls
    deferred: bool = True

    def open(self, run: Run) -> AsyncGenerator[Next[Any]]:
        """Raises: GraphQLError: an argument cannot be used."""
        return self.call.bound(run)(None)

    def read(self, run: Run, parents: Column, spot: Spot) -> Column:
        return run.fail_all(TypeError(f"{spot.name} has to be followed"), spot, len(parents))

    async def read_later(self, run: Run, parents: Column, spot: Spot) -> Found:
        return Found(self.read(run, parents, spot), spot)


def _without_exceptions(run: Run, answers: Column, spot: Spot) -> Column:
    if not any(isinstance(answer, BaseException) for answer in answers):
        return answers
    return [run.failed(answer, spot, index) for index, answer in enumerate(answers)]
