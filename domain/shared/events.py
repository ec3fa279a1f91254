"""What happened, for those who act on it after the transaction that it happened in."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from domain.shared.ids import uuid7

Fact = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Event:
    """`topic` is like `user.created`. Events of one `key` are handled in the order they were written.

    `facts` are stored and sent on as JSON: ids and plain values, never a secret.
    """

    topic: str
    key: UUID
    facts: Mapping[str, Fact] = field(default_factory=dict[str, Fact])
    id: UUID = field(default_factory=uuid7)


Handler = Callable[[Event], Awaitable[None]]
