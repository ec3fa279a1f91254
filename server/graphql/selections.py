"""Selection sets and their fields, executed for a column of parents at once."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import DocumentNode, FieldNode
from graphql.execution.values import VariableValues

from domain.shared.errors import DomainError
from domain.shared.reading import Wanted
from domain.users.access import Rule
from server.graphql.outputs import Column, Completes
from server.graphql.places import Chosen, Under
from server.graphql.reading import Found, Reads
from server.graphql.run import FAILED, Run, Spot

Multiplier = Callable[[VariableValues], int]
"""How many items a field's list may have."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """Who may see a field; with `owner`, the rule is asked for each parent, which that tells the owner of."""

    rule: Rule
    owner: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a selection set, by its response key."""

    key: str
    nodes: Sequence[FieldNode]
    name: str
    reads: Reads
    output: Completes
    rule: FieldRule | None = None
    multiplier: Multiplier | None = None

    def cost(self, variables: VariableValues) -> int:
        once = self.output.cost(variables)
        return once if self.multiplier is None else once * self.multiplier(variables)

    @property
    def deferred(self) -> bool:
        return self.reads.deferred or self.output.deferred

    def execute(self, run: Run, parents: Column, above: Spot) -> Column:
        spot = Spot(self.nodes, self.name, Under(above.place, self.key))
        allowed = self._allowed(run, parents, spot)
        if allowed is None:
            return self.output.complete(run, self.reads.read(run, parents, spot), spot)
        inner = spot.within(Chosen(spot.place, allowed))
        read = self.reads.read(run, [parents[index] for index in allowed], inner) if allowed else ()
        done = self.output.complete(run, read, inner)
        return self._with_refused(run, parents, spot, allowed, done)

    async def execute_later(self, run: Run, parents: Column, above: Spot) -> Column:
        spot = Spot(self.nodes, self.name, Under(above.place, self.key))
        allowed = self._allowed(run, parents, spot)
        if allowed is None:
            return await self._found(run, await self.reads.read_later(run, parents, spot))
        inner = spot.within(Chosen(spot.place, allowed))
        some = [parents[index] for index in allowed]
        done = await self._found(run, await self.reads.read_later(run, some, inner)) if some else ()
        return self._with_refused(run, parents, spot, allowed, done)

    async def _found(self, run: Run, found: Found) -> Column:
        if self.output.deferred:
            return found.spread(await self.output.complete_later(run, found.values, found.spot))
        return found.spread(self.output.complete(run, found.values, found.spot))

    async def complete_one(self, run: Run, value: Any, above: Spot) -> Any:
        """What the field shows of a thing that a subscription's resolver has yielded."""
        spot = Spot(self.nodes, self.name, Under(above.place, self.key))
        if not self._passes(run, None, spot, 0):
            return FAILED
        [done] = await self._found(run, Found([value], spot))
        return done

    def _allowed(self, run: Run, parents: Column, spot: Spot) -> Sequence[int] | None:
        """The indices of parents whose field the viewer may see; None when it is all of them."""
        if self.rule is None:
            return None
        if self.rule.owner is None:  # a role lacks for all parents alike, so one error says it
            return None if self._passes(run, None, spot, 0) else ()
        owners = map(self.rule.owner, parents)
        allowed = [index for index, owner in enumerate(owners) if self._passes(run, owner, spot, index)]
        return None if len(allowed) == len(parents) else allowed

    def _passes(self, run: Run, owner: Any, spot: Spot, index: int) -> bool:
        try:
            if self.rule is not None:
                self.rule.rule.require(run.context.actor, owner)
        except DomainError as cause:
            run.fail(cause, spot, index)
            return False
        return True

    def _with_refused(self, run: Run, parents: Column, spot: Spot, allowed: Sequence[int], done: Column) -> Column:
        column: list[Any] = [*self.output.complete(run, [FAILED] * len(parents), spot)]
        for index, value in zip(allowed, done, strict=True):
            column[index] = value
        return column


class Selection:
    """The selection set of one object type."""

    __slots__ = ("_at_once", "_later", "deferred", "keys")

    def __init__(self, fields: Sequence[Field]) -> None:
        self.keys = [field.key for field in fields]
        self._at_once = [(index, field) for index, field in enumerate(fields) if not field.deferred]
        self._later = [(index, field) for index, field in enumerate(fields) if field.deferred]
        self.deferred = bool(self._later)

    @property
    def only(self) -> Field | None:
        """The one field of a subscription; None when that is skipped."""
        fields = (*self._at_once, *self._later)
        return fields[0][1] if fields else None

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
        """As mutations want it: one field after the other, each with loaders that know nothing from before."""
        columns: list[Column] = [()] * len(self.keys)
        first = run.context
        for index, field in sorted((*self._at_once, *self._later), key=lambda numbered: numbered[0]):
            run.context = first.renewed()
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
