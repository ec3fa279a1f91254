"""The key by which a request has its effect once."""

from typing import Any

import strawberry
from strawberry import UNSET

KEY = (
    "Your own name for this request, at most 255 characters. Sent again with the same input within 24 hours, it is "
    "answered as before and has no second effect. Keys are each user's own; a guest's belong to the cart, the access "
    "token or the e-mail address in the input."
)
UNGUESSABLE_KEY = (
    f"{KEY} Where the input has none of these, as when a guest begins a cart, nothing but the key tells one guest from "
    "another: it must have at least 16 characters then, best those of a random UUID."
)


def idempotency_key(description: str = KEY) -> Any:
    return strawberry.field(default=UNSET, description=description)
