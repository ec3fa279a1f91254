"""What mutations come to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from domain.shared.errors import DomainError, SeveralErrors

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """Either the result of a use case, or what stood in its way."""

    result: T | None
    user_errors: Sequence[DomainError] = ()


def refused(error: DomainError) -> Outcome[Any]:
    return Outcome(None, error.errors if isinstance(error, SeveralErrors) else (error,))
