"""What clients see of errors, and what they do not.

Expected errors keep their sentence and carry a code. Everything else is a bug: clients get a request id, the log gets
the traceback.
"""

from typing import Any

import structlog
from graphql import FieldNode, GraphQLError

from domain.shared.errors import DomainError
from server.graphql.request import without_values

MASK = "Something went wrong on our side."
_LOG = structlog.stdlib.get_logger("souk.graphql")


def written(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """The error as GraphQL's specification writes it; `extensions.code` is always there."""
    shown: dict[str, Any] | None = _expected(error)
    if shown is None:
        _LOG.error("field failed", path=_path(error), exc_info=error.original_error or error)
        shown = {"message": MASK, "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}}
    if error.locations:
        shown["locations"] = [{"line": location.line, "column": location.column} for location in error.locations]
    if error.path:
        shown["path"] = error.path
    return shown


def _expected(error: GraphQLError) -> dict[str, Any] | None:
    cause = error.original_error
    if error.extensions and "code" in error.extensions:
        return {"message": error.message, "extensions": error.extensions}
    if isinstance(cause, DomainError):
        return {"message": cause.message, "extensions": {"code": cause.code}}
    if cause is None and _is_about_input(error):
        return {"message": without_values(error.message), "extensions": {"code": "BAD_USER_INPUT"}}
    return None


def _is_about_input(error: GraphQLError) -> bool:
    """graphql-core points at the argument that it cannot use, and at the field when a value cannot be written."""
    return bool(error.nodes) and not isinstance(error.nodes[0], FieldNode)


def _path(error: GraphQLError) -> str:
    return ".".join(str(key) for key in error.path or ())
