"""Relay's global ids: a type's name and an object's id, in base64. Clients treat them as opaque."""

import binascii
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from domain.shared.errors import NotFound

LONGEST = 200


class GlobalId(NamedTuple):
    type_name: str
    id: UUID


def encode(type_name: str, identity: UUID) -> str:
    return encoder(type_name)(identity)


def encoder(type_name: str) -> Callable[[UUID], str]:
    """Encodes many ids of one type: a page of products has more of them than of anything else."""
    prefix = f"{type_name}:"

    def encoded(identity: UUID) -> str:
        return binascii.b2a_base64((prefix + str(identity)).encode(), newline=False).decode()

    return encoded


def decode(text: str) -> GlobalId | None:
    """What the id names, or None: an id that we did not make names nothing, which is no error."""
    if len(text) > LONGEST:
        return None
    try:
        type_name, _, identity = binascii.a2b_base64(text, strict_mode=True).decode().partition(":")
        return GlobalId(type_name, UUID(identity))
    except (binascii.Error, ValueError):
        return None


def of_type(type_name: str, text: str) -> UUID | None:
    """The id, if it names something of that type."""
    found = decode(text)
    return found.id if found is not None and found.type_name == type_name else None


def required(type_name: str, text: str, what: str, argument: str = "id") -> UUID:
    """The id of something that a mutation is about.

    Raises:
        NotFound: it names nothing of that type, so there is no such thing.
    """
    found = of_type(type_name, text)
    if found is None:
        raise NotFound(argument, what, text)
    return found
