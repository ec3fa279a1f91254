"""Why mutations are refused: each expected failure with what a client needs to act on it."""

from typing import Any

import strawberry

from domain.shared import errors
from schema.enums import UserErrorCode  # published there before an interface looks at it
from schema.rendering import renders, shown
from schema.scalars import ID


@strawberry.interface(description="Something that stands in the way of a mutation. Nothing was changed.")
class UserError:
    code: UserErrorCode = shown("Why, for programs.", "reason")
    message: str = shown("Why, for people, and what to do.")
    field: list[str] | None = shown(
        "The path into the input of what is wrong, such as `lines`, `0`, `quantity`: items of lists by their places, "
        "from 0 on. Null when it is nothing in particular."
    )


def user_errors() -> Any:
    """What all payloads have."""
    return shown("What stood in the way; empty when it was done.", "user_errors")


@strawberry.type(description="Returned when something in the input cannot be used.")
@renders(errors.InvalidInput)
class ValidationError(UserError): ...


@strawberry.type(description="Returned when there is no such thing, or it is somebody else's.")
@renders(errors.NotFound)
class NotFoundError(UserError):
    id: ID | None = shown("The id that was given.")


@strawberry.type(description="Returned when the request contradicts how things stand.")
@renders(errors.Conflict)
class ConflictError(UserError): ...


@strawberry.type(description="Returned when the viewer has not proved who they are.")
@renders(errors.Unauthenticated)
class AuthenticationError(UserError): ...


@strawberry.type(description="Returned when the viewer may not do this.")
@renders(errors.Forbidden)
class PermissionError(UserError): ...  # noqa: A001  (the contract's name)


@strawberry.type(description="Returned when it was tried too often.")
@renders(errors.RateLimited)
class RateLimitError(UserError):
    retry_after: int = shown("In how many seconds it may be tried again.")


TYPES = (ValidationError, NotFoundError, ConflictError, AuthenticationError, PermissionError, RateLimitError)
