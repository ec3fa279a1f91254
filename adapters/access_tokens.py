"""Access tokens as JSON Web Tokens of the type `at+jwt`.

A token is believed only in the exact form in which it is issued. Its header is compared as text with those that this
ring writes and is never parsed: nothing in it can choose an algorithm, bring a key along or point to one.
"""

import base64
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from functools import lru_cache
from typing import cast
from uuid import UUID

import jwt

from adapters.signing_keys import Key, KeyRing
from domain.shared.clock import Clock, now
from domain.shared.errors import ExpiredToken, InvalidToken
from domain.users.tokens import ACCESS_LIFETIME, LONGEST_TOKEN, AccessClaims, AccessToken
from domain.users.user import SessionId, UserId, UserRole

TYPE = "at+jwt"
CLAIMS: AbstractSet[str] = frozenset({"iss", "aud", "sub", "sid", "jti", "iat", "exp", "role"})
"""All are required, and no other is known: one that we don't understand could be a condition."""
LEEWAY = 30
"""Seconds that the clock of the process that issued a token may be ahead of ours."""
LONGEST_JTI = 64
REMEMBERED = 1_024
"""Tokens whose proof is remembered, in about 1 MB: proving takes 126 µs by EdDSA and 18 by HS256, knowing 0.4."""

INVALID = "The access token is not valid: sign in again, or refresh it."
EXPIRED = "The access token is too old: refresh it."

_LIFETIME = int(ACCESS_LIFETIME.total_seconds())
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")


class JwtAccessTokens:
    """Implements `domain.users.tokens.AccessTokens`."""

    def __init__(self, keys: KeyRing, *, issuer: str, audience: str, clock: Clock = now) -> None:
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._algorithm = jwt.get_algorithm_by_name(keys.algorithm)
        self._keys: Mapping[str, Key] = {_header(keys.algorithm, key): key for key in keys.keys}
        self._header, self._key = next(iter(self._keys.items()))
        # refusals are raised, so they are not remembered: junk cannot push good tokens out
        self._proven = lru_cache(maxsize=REMEMBERED)(self._prove)

    def issue(self, user_id: UserId, session_id: SessionId, role: UserRole) -> AccessToken:
        issued = int(self._clock().timestamp())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(user_id),
            "sid": str(session_id),
            "jti": secrets.token_urlsafe(16),
            "iat": issued,
            "exp": issued + _LIFETIME,
            "role": role.value,
        }
        signed = f"{self._header}.{_encoded(_json(claims))}"
        signature = self._algorithm.sign(signed.encode(), self._key.signing)
        return AccessToken(f"{signed}.{_encoded(signature)}", datetime.fromtimestamp(issued + _LIFETIME, UTC))

    def verify(self, text: str) -> AccessClaims:
        if len(text) > LONGEST_TOKEN:
            raise InvalidToken(INVALID)
        try:
            claims = self._proven(text)
        except (ValueError, RecursionError):
            raise InvalidToken(INVALID) from None  # what was wrong with it helps only forgers
        if claims.expires_at <= self._clock():
            raise ExpiredToken(EXPIRED)
        return claims

    def _prove(self, text: str) -> AccessClaims:
        """What a token of ours says, also one that is too old.

        Raises:
            ValueError: it is not ours.
        """
        parts = _COMPACT.fullmatch(text)
        key = self._keys.get(parts[1]) if parts else None
        if parts is None or key is None:
            raise ValueError("neither the form nor the header of our tokens")
        if not self._algorithm.verify(text[: parts.end(2)].encode(), key.verifying, _decoded(parts[3])):
            raise ValueError("another signature")
        return self._claims(_parsed(_decoded(parts[2])))

    def _claims(self, said: Mapping[str, object]) -> AccessClaims:
        if said.keys() != CLAIMS or said["iss"] != self._issuer or said["aud"] != self._audience:
            raise ValueError("made by or for somebody else")
        if not 0 < len(_text(said["jti"])) <= LONGEST_JTI:
            raise ValueError("no useful id")
        issued, expires = _whole(said["iat"]), _whole(said["exp"])
        if not 0 <= issued < expires <= issued + _LIFETIME or issued > self._clock().timestamp() + LEEWAY:
            raise ValueError("a time in which we issue none")
        return AccessClaims(
            user_id=UserId(_uuid(said["sub"])),
            session_id=SessionId(_uuid(said["sid"])),
            role=UserRole(_text(said["role"])),
            expires_at=datetime.fromtimestamp(expires, UTC),
        )


def _header(algorithm: str, key: Key) -> str:
    return _encoded(_json({"alg": algorithm, "kid": key.kid, "typ": TYPE}))


def _json(members: Mapping[str, object]) -> bytes:
    return json.dumps(members, separators=(",", ":")).encode()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(segment: str) -> bytes:
    """Only of what encoding gives: spare bits in the last character would make several texts of one token."""
    data = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if _encoded(data) != segment:
        raise ValueError("not the text that encoding gives")
    return data


def _parsed(payload: bytes) -> Mapping[str, object]:
    parsed: object = json.loads(payload.decode(), object_pairs_hook=_unique)
    if not isinstance(parsed, dict):
        raise ValueError("no object")  # noqa: TRY004  (whatever is wrong with a token is one error)
    return cast("dict[str, object]", parsed)


def _unique(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name that stands twice")
    return members


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")  # noqa: TRY004  (as above)
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("no whole number")  # noqa: TRY004  (as above)
    return value


def _uuid(value: object) -> UUID:
    """Only as we write it: Python reads braces, capitals and `urn:uuid:` as well."""
    text = _text(value)
    read = UUID(text)
    if str(read) != text:
        raise ValueError("not as we write it")
    return read
