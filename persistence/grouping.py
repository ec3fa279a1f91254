"""Answers to a batch, by the keys that were asked for."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from persistence.database import Rows

K = TypeVar("K")
T = TypeVar("T")


def keyed(found: tuple[Sequence[T], Rows]) -> Mapping[Any, T]:
    """Objects by their rows' last column."""
    objects, rows = found
    return {row[-1]: one for one, row in zip(objects, rows, strict=True)}


def grouped(pairs: Iterable[tuple[K, T]]) -> Mapping[K, Sequence[T]]:
    """Items by their keys, in the order they came."""
    groups: dict[K, list[T]] = {}
    for key, item in pairs:
        if key in groups:
            groups[key].append(item)
        else:
            groups[key] = [item]
    return groups


def gathered(found: tuple[Sequence[T], Rows]) -> Mapping[Any, Sequence[T]]:
    """Lists of objects by their rows' last column."""
    objects, rows = found
    return grouped((row[-1], one) for one, row in zip(objects, rows, strict=True))
