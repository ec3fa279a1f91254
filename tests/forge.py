"""Makes access tokens by hand, right or wrong, without the code that issues and checks them."""

import base64
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from adapters.signing_keys import Key, KeyRing
from domain.shared.clock import Clock, now
from domain.users.user import SessionId, UserId

MINUTE = 60
LIFETIME = 10 * MINUTE
ED25519_ORDER = 2**252 + 27_742_317_777_372_353_535_851_937_790_883_648_493

Hash = Literal["sha256", "sha384", "sha512"]
Members = Mapping[str, object]


@dataclass(frozen=True)
class Forge:
    """What a forger may know, `valid` being a customer's token; and the real `keys`, to sign what is absurd."""

    keys: KeyRing
    issuer: str
    audience: str
    user_id: UserId
    session_id: SessionId
    valid: str
    clock: Clock = now

    @property
    def header(self) -> dict[str, object]:
        return {"alg": self.keys.algorithm, "kid": self.key.kid, "typ": "at+jwt"}

    @property
    def claims(self) -> dict[str, object]:
        issued = self.seconds
        return {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": str(self.user_id),
            "sid": str(self.session_id),
            "jti": secrets.token_urlsafe(16),
            "iat": issued,
            "exp": issued + LIFETIME,
            "role": "customer",
        }

    @property
    def seconds(self) -> int:
        return int(self.clock().timestamp())

    @property
    def key(self) -> Key:
        return self.keys.keys[0]

    @property
    def secret(self) -> bytes:
        """Of a ring that can sign."""
        key = self.key.signing
        assert key is not None
        return key if isinstance(key, bytes) else key.private_bytes_raw()

    @property
    def parts(self) -> list[str]:
        """The three segments of `valid`."""
        return self.valid.split(".")

    def public(self, encoding: Encoding, form: PublicFormat) -> bytes:
        """What everybody may know of the key: for a secret, its name."""
        if isinstance(self.key.verifying, bytes):
            return self.key.kid.encode()
        return self.key.verifying.public_bytes(encoding, form)

    def signed(self, header: Members | bytes | None = None, claims: Members | bytes | None = None) -> str:
        """By the real key; given bytes stand in the token as they are."""
        return self.sealed(
            unsigned(self.header if header is None else header, self.claims if claims is None else claims)
        )

    def sealed(self, text: str) -> str:
        """`text`, with its real signature behind it."""
        key = self.key.signing
        signature = key.sign(text.encode()) if isinstance(key, Ed25519PrivateKey) else hmac_of(text, self.secret)
        return f"{text}.{segment(signature)}"

    def by_hmac(self, secret: bytes, algorithm: str = "HS256", digest: Hash = "sha256", **header: object) -> str:
        text = unsigned({**self.header, "alg": algorithm, **header}, self.claims)
        return f"{text}.{segment(hmac_of(text, secret, digest))}"

    def by_stranger(self, **header: object) -> str:
        """By a key of the ring's own kind that is not in the ring."""
        text = unsigned({**self.header, **header}, self.claims)
        secret = b"a secret of the forger's own making"
        signature = stranger().sign(text.encode()) if self.keys.algorithm == "EdDSA" else hmac_of(text, secret)
        return f"{text}.{segment(signature)}"

    def header_with(self, **changes: object) -> str:
        return self.signed(header={**self.header, **changes})

    def claims_with(self, **changes: object) -> str:
        return self.signed(claims={**self.claims, **changes})

    def without(self, name: str) -> str:
        header, claims = self.header, self.claims
        header.pop(name, None)
        claims.pop(name, None)
        return self.signed(header, claims)

    def claim_as_json(self, name: str, text: str) -> str:
        """With what no Python value stands for, such as 1e400, as the claim's value."""
        members = {**self.claims, name: "PLACE"}
        return self.signed(claims=json.dumps(members).replace('"PLACE"', text).encode())

    def with_signature(self, change: Callable[[bytes], bytes]) -> str:
        header, payload, signature = self.parts
        return f"{header}.{payload}.{segment(change(opened(signature)))}"


def segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def opened(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def unsigned(header: Members | bytes, claims: Members | bytes) -> str:
    """Members in the order given, without spaces: a real header is written just so."""
    return f"{segment(as_json(header))}.{segment(as_json(claims))}"


def as_json(part: Members | bytes) -> bytes:
    return part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode()


def hmac_of(text: str, secret: bytes, digest: Hash = "sha256") -> bytes:
    return hmac.digest(secret, text.encode(), digest)


def fits_a_header(token: str) -> bool:
    """Whether HTTP carries it as it is: spaces around a header's value are no part of it, and junk cannot be sent."""
    return bool(token) and token.isascii() and token.isprintable() and token == token.strip()


@cache
def stranger() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def twice(members: Members, name: str, value: object) -> bytes:
    """`members` in JSON with `name` once more, in front, where readers that keep the last one overlook it."""
    return f"{{{json.dumps(name)}:{json.dumps(value)},{json.dumps(members)[1:]}".encode()


def respelt(text: str) -> str:
    """The same bytes in another spelling: the last character's spare bits differ."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) ^ 1]


def less(members: Members, name: str) -> Members:
    return {key: value for key, value in members.items() if key != name}


def order_added(signature: bytes) -> bytes:
    """The second half of an Ed25519 signature, greater by the group's order: careless code takes it for equal."""
    half = int.from_bytes(signature[-32:], "little") + ED25519_ORDER
    return signature[:-32] + (half % 2**256).to_bytes(32, "little")


def padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)
