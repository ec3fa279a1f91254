"""Keyset windows as SQL."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, UnaryExpression, Uuid, asc, desc, tuple_
from sqlalchemy.types import TypeEngine

from domain.shared.paging import Window
from persistence.statements import parameter

ROW_LIMIT = parameter("row_limit", Integer())


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """What of a window decides the text of its statement; the rest are parameters."""

    sort: str
    descending: bool
    backward: bool
    after: bool
    before: bool

    @classmethod
    def of(cls, window: Window) -> "WindowPlan":
        return cls(
            sort=window.order.name,
            descending=window.order.descending,
            backward=window.backward,
            after=window.after is not None,
            before=window.before is not None,
        )


def window_values(window: Window) -> Mapping[str, Any]:
    """One row more than the limit is read, to know whether there is more."""
    values: dict[str, Any] = {"row_limit": window.limit + 1}
    for name, position in (("after", window.after), ("before", window.before)):
        if position is not None:
            values |= {f"{name}_key": position.key, f"{name}_id": position.id}
    return values


@dataclass(frozen=True, slots=True)
class Keyset:
    """The columns a list is ordered by."""

    key: ColumnElement[Any]
    id: ColumnElement[Any]
    type: TypeEngine[Any]

    def between(self, plan: WindowPlan) -> Iterator[ColumnElement[bool]]:
        """Conditions that keep a statement to what lies between the window's positions."""
        here = tuple_(self.key, self.id)
        for name, given, rises in (
            ("after", plan.after, not plan.descending),
            ("before", plan.before, plan.descending),
        ):
            if given:
                bound = tuple_(parameter(f"{name}_key", self.type), parameter(f"{name}_id", Uuid()))
                yield here > bound if rises else here < bound

    def ordering(self, plan: WindowPlan) -> tuple[UnaryExpression[Any], UnaryExpression[Any]]:
        """In reading direction: from the end when the window is backward."""
        direction = desc if plan.descending is not plan.backward else asc
        return direction(self.key), direction(self.id)
