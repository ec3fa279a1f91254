"""How long work tells what it does, to whoever watches."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

Advance = Callable[[int, int], None]
"""Told how much is done, and how much there is in all."""

Note = Callable[[str], None]
"""Told what came out."""


class Reporter(Protocol):
    def step(self, doing: str) -> AbstractContextManager[Note]:
        """Show that `doing` goes on for the block, and then what the block noted."""
        ...

    def result(self, text: str) -> None:
        """Show what is done."""
        ...

    def progress(self, doing: str, unit: str) -> AbstractContextManager[Advance]:
        """Show how far `doing` is, in `unit` per second."""
        ...
