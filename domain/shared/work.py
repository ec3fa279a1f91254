"""The unit of work: what a use case changes, it changes in one transaction or not at all."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar
from uuid import UUID

from domain.shared.events import Event

W_co = TypeVar("W_co", bound="Work", covariant=True)


@dataclass(frozen=True, slots=True)
class Once:
    """A request that must have its effect once, however often it is sent.

    `key_hash` and `fingerprint` (of the input) are what is stored; `is_same` tells whether a stored fingerprint is of
    this input. `seal` makes the result fit to be stored: only who sends the same key and input again can read it, by
    `opened`, which gives None for what cannot be read any more.
    """

    actor: str
    operation: str
    key_hash: bytes
    fingerprint: bytes
    is_same: Callable[[bytes], bool]
    seal: Callable[[object], bytes]
    opened: Callable[[bytes], bytes | None]


class AlreadyDone(Exception):
    """The request had its effect before: its result is stored. Raised when a unit of work is begun a second time."""


class Work(Protocol):
    def happened(self, event: Event) -> None:
        """Have `event` handled after the transaction, if it is committed."""
        ...

    async def settle(self, result: object = None) -> None:
        """Write the events and `result` now, so that nothing but `commit` is left after what others wait for."""
        ...

    async def commit(self, result: object = None) -> None:
        """Make everything last, with the events; `result` is what the request's repetition will be answered with."""
        ...


class Begin(Protocol[W_co]):
    def __call__(self, once: Once | None = None, about: UUID | None = None) -> AbstractAsyncContextManager[W_co]:
        """A transaction for the block, rolled back unless it is committed.

        Those `about` the same thing, such as one cart, begin one after the other, in order of arrival. That keeps a
        crowd from taking what others need meanwhile; what is changed has to be locked all the same.

        Raises:
            AlreadyDone: `once` had its effect before.
            IdempotencyKeyReused: its key stands for another input.
            IdempotencyInProgress: its effect is just being made.
            Unavailable: the database does not answer.
        """
        ...


class Results(Protocol):
    """What repeated requests are answered with, for a day."""

    async def find(self, once: Once) -> bytes | None:
        """The sealed result, or None when the request had no effect yet.

        Raises:
            IdempotencyKeyReused: the key stands for another input.
        """
        ...
