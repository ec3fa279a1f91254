"""Failures a caller can act on. Anything else is a bug and reaches clients masked.

DomainError
├── InvalidInput        an argument that cannot be used
│   └── InvalidCursor   a cursor that is broken, or belongs to another sort order
├── Unauthenticated     the viewer must sign in first
├── Forbidden           the viewer may not see or do this
└── Unavailable         something the shop depends on does not answer; trying again later helps
"""

from typing import ClassVar


class DomainError(Exception):
    """Its message is a whole sentence for the caller; `code` is stable and meant for programs."""

    code: ClassVar[str] = "INTERNAL_SERVER_ERROR"

    @property
    def message(self) -> str:
        return str(self)


class InvalidInput(DomainError):
    code = "BAD_USER_INPUT"

    def __init__(self, argument: str, problem: str) -> None:
        super().__init__(f"`{argument}` {problem}")
        self.argument = argument


class InvalidCursor(InvalidInput):
    """Cursors are opaque: only what an earlier answer of the same list, in the same order, gave is valid."""


class Unauthenticated(DomainError):
    code = "UNAUTHENTICATED"


class Forbidden(DomainError):
    code = "FORBIDDEN"


class Unavailable(DomainError):
    code = "SERVICE_UNAVAILABLE"
