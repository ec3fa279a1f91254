"""Who sends a request, by its `Authorization` header (RFC 6750)."""

from starlette.types import Scope

from domain.shared.errors import Unauthenticated, Unavailable
from server.http.incoming import headers_of
from server.http.replies import Header, Refused
from server.identities import Identities, Identity

_NO_STORE: Header = (b"cache-control", b"no-store")
_CHALLENGE: Header = (b"www-authenticate", b'Bearer error="invalid_token"')
_SCHEME = "Send `Authorization: Bearer` and an access token, or leave the header out."


def identity(scope: Scope, identities: Identities) -> Identity | None:
    """Nobody in particular without the header; a token that is not valid is never taken for none.

    Raises:
        Refused: 401, the header has no valid token; 503, nobody knows yet which sessions were revoked.
    """
    header = headers_of(scope).get(b"authorization")
    if header is None:
        return None
    scheme, _, token = header.decode("latin-1").partition(" ")
    if scheme.lower() != "bearer":
        raise _unauthenticated(_SCHEME)
    try:
        return identities.identify(token.strip(" "))
    except Unauthenticated as refused:
        raise _unauthenticated(refused.message) from refused
    except Unavailable as starting:
        raise Refused(503, starting.code, starting.message, ((b"retry-after", b"1"),)) from starting


def _unauthenticated(message: str) -> Refused:
    return Refused(401, Unauthenticated.code, message, (_CHALLENGE, _NO_STORE))
