"""The key by which a request has its effect once."""

from typing import Any

import strawberry
from strawberry import UNSET

KEY = (
    "Your own name for this request, at most 255 characters. Sent again with the same input within 24 hours, it is "
    "answered as before and has no second effect."
)


def idempotency_key() -> Any:
    return strawberry.field(default=UNSET, description=KEY)
