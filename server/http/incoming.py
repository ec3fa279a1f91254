"""What is read of a request before anything else is done with it."""

import re
from collections.abc import Mapping
from itertools import count
from secrets import token_hex

from starlette.types import Scope

from domain.users.user import Client

_HEADERS = "souk.headers"
_REQUEST_ID = "souk.request_id"
_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_PROCESS = token_hex(8)
_numbers = count(1)


def headers_of(scope: Scope) -> Mapping[bytes, bytes]:
    """Headers by their lower-case names; those sent several times are joined by commas, as RFC 9110 has it."""
    found: Mapping[bytes, bytes] | None = scope.get(_HEADERS)
    if found is None:
        pairs: list[tuple[bytes, bytes]] = scope["headers"]
        found = dict(pairs)
        if len(found) != len(pairs):
            found = {name: b", ".join(value for other, value in pairs if other == name) for name in found}
        scope[_HEADERS] = found
    return found


def request_id(scope: Scope) -> str:
    """The client's own X-Request-Id when it is harmless, ours otherwise: unique by process and number."""
    known: str | None = scope.get(_REQUEST_ID)
    if known is None:
        given = headers_of(scope).get(b"x-request-id")
        sane = given is not None and _GIVEN_ID.fullmatch(given)
        known = given.decode() if sane and given else f"{_PROCESS}-{next(_numbers):x}"
        scope[_REQUEST_ID] = known
    return known


def client_of(scope: Scope) -> Client:
    """The address is the client's own, or what a trusted proxy says that it is."""
    address: tuple[str, int] | None = scope.get("client")
    agent = headers_of(scope).get(b"user-agent")
    return Client(address[0] if address else None, agent.decode("utf-8", "replace") if agent else None)
