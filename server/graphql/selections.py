"""Selection sets and their fields, executed for a column of parents at once."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import DocumentNode, FieldNode
from graphql.execution.values import VariableValues

from domain.shared.errors import DomainError
from domain.shared.reading import Wanted
from domain.users.access import Viewer, require
from server.graphql.outputs import Column, Completes
from server.graphql.places import Under
from server.graphql.reading import Reads
from server.graphql.run import FAILED, Run, Spot

Multiplier = Callable[[VariableValues], int]
"""How many items a field's list may have."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a selection set, by its response key."""

    key: str
    nodes: Sequence[FieldNode]
    name: str
    reads: Reads
    output: Completes
    requires: Viewer | None = None
    multiplier: Multiplier | None = None

    def cost(self, variables: VariableValues) -> int:
        once = self.output.cost(variables)
        return once if self.multiplier is None else once * self.multiplier(variables)

    @property
    def deferred(self) -> bool:
        return self.reads.deferred or self.output.deferred

    def execute(self, run: Run, parents: Column, above: Spot) -> Column:
        spot = Spot(self.nodes, self.name, Under(above.place, self.key))
        if not self._allowed(run, spot):
            return self.output.complete(run, [FAILED] * len(parents), spot)
        return self.output.complete(run, self.reads.read(run, parents, spot), spot)

    async def execute_later(self, run: Run, parents: Column, above: Spot) -> Column:
        spot = Spot(self.nodes, self.name, Under(above.place, self.key))
        if not self._allowed(run, spot):
            return await self.output.complete_later(run, [FAILED] * len(parents), spot)
        found = await self.reads.read_later(run, parents, spot)
        if self.output.deferred:
            return found.spread(await self.output.complete_later(run, found.values, found.spot))
        return found.spread(self.output.complete(run, found.values, found.spot))

    def _allowed(self, run: Run, spot: Spot) -> bool:
        """A role lacks for all parents alike, so one error says it."""
        if self.requires is None:
            return True
        try:
            require(run.context.actor, self.requires)
        except DomainError as cause:
            run.fail(cause, spot, 0)
            return False
        return True


class Selection:
    """The selection set of one object type."""

    __slots__ = ("_at_once", "_later", "deferred", "keys")

    def __init__(self, fields: Sequence[Field]) -> None:
        self.keys = [field.key for field in fields]
        self._at_once = [(index, field) for index, field in enumerate(fields) if not field.deferred]
        self._later = [(index, field) for index, field in enumerate(fields) if field.deferred]
        self.deferred = bool(self._later)

    def cost(self, variables: VariableValues) -> int:
        """The object itself, and what its fields bring."""
        return 1 + sum(field.cost(variables) for _, field in (*self._at_once, *self._later))

    def complete(self, run: Run, values: Column, spot: Spot) -> Column:
        if not values:
            return []
        columns: list[Column] = [()] * len(self.keys)
        for index, field in self._at_once:
            columns[index] = field.execute(run, values, spot)
        return self._rows(run, values, columns)

    async def complete_later(self, run: Run, values: Column, spot: Spot) -> Column:
        if not values:
            return []
        columns: list[Column] = [()] * len(self.keys)
        for index, field in self._at_once:
            columns[index] = field.execute(run, values, spot)
        waiting = [field.execute_later(run, values, spot) for _, field in self._later]
        # side by side, so that what they load at the same depth falls into the same batches
        done = [await waiting[0]] if len(waiting) == 1 else await asyncio.gather(*waiting)
        for (index, _), column in zip(self._later, done, strict=True):
            columns[index] = column
        return self._rows(run, values, columns)

    async def complete_in_turn(self, run: Run, values: Column, spot: Spot) -> Column:
        """As mutations want it: one field after the other."""
        columns: list[Column] = [()] * len(self.keys)
        for index, field in sorted((*self._at_once, *self._later), key=lambda numbered: numbered[0]):
            columns[index] = await field.execute_later(run, values, spot)
        return self._rows(run, values, columns)

    def _rows(self, run: Run, values: Column, columns: Sequence[Column]) -> Column:
        keys = self.keys
        if not keys:
            return [{} for _ in values]  # everything was skipped
        rows: list[dict[str, Any]] = [dict(zip(keys, row)) for row in zip(*columns, strict=True)]  # noqa: B905  (a row has a value for each key)
        if not run.errors:
            return rows
        return [FAILED if FAILED in row.values() else row for row in rows]


@dataclass(frozen=True, slots=True)
class Plan:
    """How an operation is executed. What it asks about the schema itself is a document for graphql-core."""

    root: Selection
    keys: Sequence[str]
    introspection: DocumentNode | None
    wanted: Mapping[type, Wanted]
    """What is looked at of each domain class."""
