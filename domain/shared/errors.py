"""Failures a caller can act on. Anything else is a bug and reaches clients masked.

DomainError
├── InvalidInput             an argument that cannot be used
│   └── InvalidCursor        a cursor that is broken, or belongs to another sort order
├── SeveralErrors            what is wrong with several arguments at once
├── NotFound                 there is no such thing, or not for this viewer
├── Conflict                 it contradicts what is there
│   ├── IdempotencyKeyReused     the key stands for another input
│   └── IdempotencyInProgress    the first request with the key is still running
├── Unauthenticated          the viewer must sign in first
│   ├── InvalidCredentials   no such account, or not its password
│   ├── InvalidToken         a token that we did not issue, or that is spent
│   └── ExpiredToken         a token that was ours, and is too old
├── Forbidden                the viewer may not see or do this
├── RateLimited              too many tries; later it is allowed again
└── Unavailable              something the shop depends on does not answer; trying again later helps
"""

from collections.abc import Sequence
from enum import Enum
from typing import ClassVar
from uuid import UUID


class UserErrorCode(Enum):
    """Why a mutation was refused, for programs."""

    REQUIRED = "REQUIRED"
    INVALID = "INVALID"
    TOO_SHORT = "TOO_SHORT"
    TOO_LONG = "TOO_LONG"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    NOT_FOUND = "NOT_FOUND"
    TAKEN = "TAKEN"
    CONFLICT = "CONFLICT"
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"
    INVALID_TOKEN = "INVALID_TOKEN"  # noqa: S105  (no password)
    EXPIRED_TOKEN = "EXPIRED_TOKEN"  # noqa: S105  (no password)
    PASSWORD_TOO_WEAK = "PASSWORD_TOO_WEAK"  # noqa: S105  (no password)
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    RATE_LIMITED = "RATE_LIMITED"
    INSUFFICIENT_STOCK = "INSUFFICIENT_STOCK"
    NOT_AVAILABLE = "NOT_AVAILABLE"
    CART_EMPTY = "CART_EMPTY"
    CART_COMPLETED = "CART_COMPLETED"
    CART_INCOMPLETE = "CART_INCOMPLETE"
    CART_VERSION_CONFLICT = "CART_VERSION_CONFLICT"
    QUOTE_CHANGED = "QUOTE_CHANGED"
    DISCOUNT_NOT_APPLICABLE = "DISCOUNT_NOT_APPLICABLE"
    SHIPPING_NOT_AVAILABLE = "SHIPPING_NOT_AVAILABLE"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    INVALID_TRANSITION = "INVALID_TRANSITION"
    PAYMENT_DECLINED = "PAYMENT_DECLINED"
    PAYMENT_REQUIRED = "PAYMENT_REQUIRED"
    AMOUNT_TOO_LARGE = "AMOUNT_TOO_LARGE"
    PROVIDER_UNAVAILABLE = "PROVIDER_UNAVAILABLE"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    IDEMPOTENCY_IN_PROGRESS = "IDEMPOTENCY_IN_PROGRESS"


class DomainError(Exception):
    """Its message is a whole sentence for the caller; the codes are stable and meant for programs.

    `code` stands in the extensions of a top-level error, `reason` in a mutation's user errors. `field` is the path
    into the input of what is wrong, None when that is nothing in particular. `holds` is the key to what the error
    shows, which the caller has.
    """

    code: ClassVar[str] = "INTERNAL_SERVER_ERROR"
    reason: UserErrorCode = UserErrorCode.INVALID
    field: Sequence[str] | None = None
    holds: UUID | None = None

    @property
    def message(self) -> str:
        return str(self)


class InvalidInput(DomainError):
    """`argument` is a path with dots, such as `address.countryCode`."""

    code = "BAD_USER_INPUT"

    def __init__(self, argument: str, problem: str, reason: UserErrorCode = UserErrorCode.INVALID) -> None:
        super().__init__(f"`{argument}` {problem}")
        self.argument = argument
        self.reason = reason
        self.field = argument.split(".")


class InvalidCursor(InvalidInput):
    """Cursors are opaque: only what an earlier answer of the same list, in the same order, gave is valid."""


class SeveralErrors(DomainError):
    code = "BAD_USER_INPUT"

    def __init__(self, errors: Sequence[DomainError]) -> None:
        super().__init__(" ".join(error.message for error in errors))
        self.errors = errors


class NotFound(DomainError):
    """Says the same of what is not there and of what is somebody else's: the difference would tell that it exists."""

    code = "NOT_FOUND"
    reason = UserErrorCode.NOT_FOUND

    def __init__(self, argument: str, what: str, identity: str | None = None) -> None:
        super().__init__(f"There is no {what} with this id.")
        self.field = argument.split(".")
        self.id = identity


class Conflict(DomainError):
    code = "CONFLICT"
    reason = UserErrorCode.CONFLICT

    def __init__(
        self, message: str, argument: str | None = None, reason: UserErrorCode = UserErrorCode.CONFLICT
    ) -> None:
        super().__init__(message)
        self.field = None if argument is None else argument.split(".")
        self.reason = reason


class IdempotencyKeyReused(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "This idempotency key was used with other input: take a new key for a new request.",
            "idempotencyKey",
            UserErrorCode.IDEMPOTENCY_KEY_REUSED,
        )


class IdempotencyInProgress(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "The first request with this idempotency key is still running: send the same again in a moment.",
            "idempotencyKey",
            UserErrorCode.IDEMPOTENCY_IN_PROGRESS,
        )


class Unauthenticated(DomainError):
    code = "UNAUTHENTICATED"
    reason = UserErrorCode.UNAUTHENTICATED


class InvalidCredentials(Unauthenticated):
    reason = UserErrorCode.INVALID_CREDENTIALS


class InvalidToken(Unauthenticated):
    reason = UserErrorCode.INVALID_TOKEN


class ExpiredToken(Unauthenticated):
    reason = UserErrorCode.EXPIRED_TOKEN


class Forbidden(DomainError):
    code = "FORBIDDEN"
    reason = UserErrorCode.FORBIDDEN


class RateLimited(DomainError):
    """`retry_after` is in whole seconds, at least 1."""

    code = "RATE_LIMITED"
    reason = UserErrorCode.RATE_LIMITED

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many tries: wait {retry_after} s and try again.")
        self.retry_after = retry_after


class Unavailable(DomainError):
    """Never data of a mutation: whatever the client sent, it can be sent again."""

    code = "SERVICE_UNAVAILABLE"


class InTheWay(Unavailable):
    """Somebody else changed the same things at the same moment. Certainly nothing was done."""
