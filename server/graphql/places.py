"""Where in the answer a value stands.

Values are completed in columns: all prices of all variants at once. Most never need their place, so a place is kept
once per column and the path of one value is worked out only when something goes wrong with it.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

Path = list[str | int]


class Place(Protocol):
    def path(self, index: int) -> Path: ...


@dataclass(frozen=True, slots=True)
class Root:
    def path(self, index: int) -> Path:  # noqa: ARG002  (there is one root)
        return []


@dataclass(frozen=True, slots=True)
class Under:
    """The values of one field."""

    parents: Place
    key: str

    def path(self, index: int) -> Path:
        return [*self.parents.path(index), self.key]


@dataclass(frozen=True, slots=True)
class Items:
    """The items of many lists, one list after the other."""

    lists: Place
    lengths: Sequence[int]

    def path(self, index: int) -> Path:
        ends = list(accumulate(self.lengths))
        owner = bisect_right(ends, index)
        return [*self.lists.path(owner), index - ends[owner] + self.lengths[owner]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Some of many values, by their indices."""

    among: Place
    indices: Sequence[int]

    def path(self, index: int) -> Path:
        return self.among.path(self.indices[index])
