"""A catalogue of forged access tokens, each class by name, for every way in that takes one.

Most are signed by the real key, with one thing wrong: so no check hides behind the signature's. `Forge.signed()` with
nothing wrong must be accepted, or the catalogue would prove nothing.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from domain.users.tokens import LONGEST_TOKEN, new_secret
from tests.forge import (
    LIFETIME,
    MINUTE,
    Forge,
    as_json,
    less,
    opened,
    order_added,
    padded,
    respelt,
    segment,
    stranger,
    twice,
    unsigned,
)

__all__ = ["FORGERIES", "TOO_OLD", "Forge"]

YEAR = 365 * 24 * 60 * MINUTE
CLAIMS = ("iss", "aud", "sub", "sid", "jti", "iat", "exp", "role")
ABSURD: Mapping[str, object] = {
    "null": None,
    "true": True,
    "a list": ["x"],
    "an empty list": [],
    "an object": {"x": 1},
    "a fraction": 1.5,
    "an empty string": "",
    "a number as text": "1",
}

Forgery = Callable[[Forge], str]


@cache
def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, 2_048)


@cache
def _p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _by_rsa(forge: Forge) -> str:
    text = unsigned({**forge.header, "alg": "RS256"}, forge.claims)
    return f"{text}.{segment(_rsa().sign(text.encode(), padding.PKCS1v15(), SHA256()))}"


def _by_p256(forge: Forge) -> str:
    text = unsigned({**forge.header, "alg": "ES256"}, forge.claims)
    return f"{text}.{segment(_p256().sign(text.encode(), ec.ECDSA(SHA256())))}"


def _jwk(key: Ed25519PrivateKey) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": segment(key.public_key().public_bytes_raw())}


def _by_embedded_jwk(forge: Forge) -> str:
    text = unsigned({**forge.header, "alg": "EdDSA", "jwk": _jwk(stranger())}, forge.claims)
    return f"{text}.{segment(stranger().sign(text.encode()))}"


def _elevated(forge: Forge) -> str:
    header, payload, signature = forge.parts
    claims = json.loads(opened(payload))
    return f"{header}.{segment(json.dumps({**claims, 'role': 'admin'}).encode())}.{signature}"


def _payload_of_another(forge: Forge) -> str:
    header, _, signature = forge.parts
    return f"{header}.{forge.signed().split('.')[1]}.{signature}"


def _payload_with_spare_bits(forge: Forge) -> str:
    claims = json.dumps(forge.claims).encode()
    payload = segment(claims + b" " * ((1 - len(claims)) % 3))  # one byte over a multiple of three: four spare bits
    return forge.sealed(f"{segment(as_json(forge.header))}.{respelt(payload)}")


def _time(issued: int, expires: int) -> Forgery:
    """Seconds from now."""
    return lambda forge: forge.claims_with(iat=forge.seconds + issued, exp=forge.seconds + expires)


def _header_with(**changes: object) -> Forgery:
    return lambda forge: forge.header_with(**changes)


def _claims_with(**changes: object) -> Forgery:
    return lambda forge: forge.claims_with(**changes)


def _without(name: str) -> Forgery:
    return lambda forge: forge.without(name)


def _claim_as_json(name: str, text: str) -> Forgery:
    return lambda forge: forge.claim_as_json(name, text)


def _unsigned(spelling: object) -> Forgery:
    return lambda forge: f"{unsigned({**forge.header, 'alg': spelling}, forge.claims)}."


def _payload(text: bytes) -> Forgery:
    return lambda forge: forge.signed(claims=text)


def _header(text: bytes) -> Forgery:
    return lambda forge: forge.signed(header=text)


def _always(text: str) -> Forgery:
    return lambda _: text


def _appended(junk: str) -> Forgery:
    return lambda forge: forge.valid + junk


def _claim_twice(name: str, value: object) -> Forgery:
    return lambda forge: forge.signed(claims=twice(forge.claims, name, value))


def _stranger_with(name: str, value: object) -> Forgery:
    return lambda forge: forge.by_stranger(**{name: value})


def _pem(forge: Forge) -> bytes:
    return forge.public(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


_ALGORITHMS: Mapping[str, Forgery] = {
    **{
        f"unsigned, alg {json.dumps(spelling)}": _unsigned(spelling)
        for spelling in ("none", "None", "NONE", "nOnE", "none ", "", None, ["none"])
    },
    "unsigned, alg missing": lambda forge: f"{unsigned(less(forge.header, 'alg'), forge.claims)}.",
    "unsigned, under the real header": lambda forge: f"{unsigned(forge.header, forge.claims)}.",
    "alg none before the old signature": lambda forge: (
        f"{segment(as_json({**forge.header, 'alg': 'none'}))}.{forge.parts[1]}.{forge.parts[2]}"
    ),
    "alg none before a real signature": _header_with(alg="none"),
    "alg missing before a real signature": _without("alg"),
    "alg in lower case": lambda forge: forge.header_with(alg=forge.keys.algorithm.lower()),
    "alg a list": lambda forge: forge.header_with(alg=[forge.keys.algorithm]),
    "alg Ed448": _header_with(alg="Ed448"),
    "alg of the other kind of ring": lambda forge: forge.header_with(
        alg="HS256" if forge.keys.algorithm == "EdDSA" else "EdDSA"
    ),
    "HS256 by the public key in PEM": lambda forge: forge.by_hmac(_pem(forge)),
    "HS256 by the public key in PEM without its last newline": lambda forge: forge.by_hmac(_pem(forge).strip()),
    "HS256 by the public key in DER": lambda forge: forge.by_hmac(
        forge.public(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ),
    "HS256 by the raw public key": lambda forge: forge.by_hmac(forge.public(Encoding.Raw, PublicFormat.Raw)),
    "HS256 by the public key in base64url": lambda forge: forge.by_hmac(
        segment(forge.public(Encoding.Raw, PublicFormat.Raw)).encode()
    ),
    "HS256 by the kid": lambda forge: forge.by_hmac(forge.key.kid.encode()),
    "HS256 by nothing": lambda forge: forge.by_hmac(b""),
    "HS256 by a well-known secret": lambda forge: forge.by_hmac(b"your-256-bit-secret"),
    "HS384 by the right secret": lambda forge: forge.by_hmac(forge.secret, "HS384", "sha384"),
    "HS512 by the right secret": lambda forge: forge.by_hmac(forge.secret, "HS512", "sha512"),
    "HS512 that says it is HS256": lambda forge: forge.by_hmac(forge.secret, "HS256", "sha512"),
    "RS256 by a key of the forger": _by_rsa,
    "ES256 by a key of the forger": _by_p256,
    "another key of the same kind": lambda forge: forge.by_stranger(),
}

_HEADERS: Mapping[str, Forgery] = {
    "kid missing": _without("kid"),
    "kid unknown": _header_with(kid="0123456789abcdef"),
    "kid unknown, by the key of a stranger": lambda forge: forge.by_stranger(kid="0123456789abcdef"),
    "kid in other letters": lambda forge: forge.header_with(kid=forge.key.kid.swapcase()),
    "kid with a space": lambda forge: forge.header_with(kid=f"{forge.key.kid} "),
    "kid with a NUL": lambda forge: forge.header_with(kid=f"{forge.key.kid}\0"),
    "kid in a list": lambda forge: forge.header_with(kid=[forge.key.kid]),
    **{f"kid {name}": _header_with(kid=value) for name, value in ABSURD.items()},
    "kid of 1,000 characters": _header_with(kid="a" * 1_000),
    "kid a path to an empty file": lambda forge: forge.by_hmac(b"", kid="../../../../../../dev/null"),
    "kid an injection": lambda forge: forge.by_hmac(b"x", kid="x' UNION SELECT 'x' --"),
    "kid a command": lambda forge: forge.by_hmac(b"x", kid="key|/usr/bin/id"),
    "kid an address": lambda forge: forge.by_stranger(kid="https://forger.example/key.pem"),
    "typ missing": _without("typ"),
    **{
        f"typ {typ}": _header_with(typ=typ)
        for typ in (
            "JWT",
            "jwt",
            "AT+JWT",
            "application/at+jwt",
            "at+jwt ",
            "id+jwt",
            "rt+jwt",
            "logout+jwt",
            "JOSE",
            "",
        )
    },
    "typ null": _header_with(typ=None),
    "typ in a list": _header_with(typ=["at+jwt"]),
    "crit exp": _header_with(crit=["exp"]),
    "crit empty": _header_with(crit=[]),
    "crit unknown": _header_with(crit=["x"], x=True),
    "b64 false": _header_with(b64=False, crit=["b64"]),
    "jwk of the forger": _by_embedded_jwk,
    "jwk of the forger, by the real key": lambda forge: forge.header_with(jwk=_jwk(stranger())),
    **{
        f"{name} of the forger": _stranger_with(name, value)
        for name, value in {
            "jku": "https://forger.example/jwks.json",
            "x5u": "https://forger.example/chain.pem",
            "x5c": ["MIIB"],
            "x5t": "AAAA",
        }.items()
    },
    "jku, by the real key": _header_with(jku="https://forger.example/jwks.json"),
    "zip": _header_with(zip="DEF"),
    "cty JWT": _header_with(cty="JWT"),
    "an unknown header": _header_with(x="y"),
    "alg twice": lambda forge: forge.signed(header=twice(forge.header, "alg", "none")),
    "kid twice": lambda forge: forge.signed(header=twice(forge.header, "kid", "x")),
    "header in UTF-16": lambda forge: forge.signed(header=json.dumps(forge.header).encode("utf-16")),
    **{
        f"header {text.decode()}": _header(text)
        for text in (b"null", b"[]", b"{}", b"1", b'"at+jwt"', b"{", b"nonsense")
    },
}

_SIGNATURES: Mapping[str, Forgery] = {
    "signature missing": lambda forge: f"{forge.parts[0]}.{forge.parts[1]}.",
    "signature without its last character": lambda forge: forge.valid[:-1],
    "signature without its last byte": lambda forge: forge.with_signature(lambda old: old[:-1]),
    "signature cut in half": lambda forge: forge.with_signature(lambda old: old[: len(old) // 2]),
    "signature of one byte": lambda forge: forge.with_signature(lambda old: old[:1]),
    "signature with a byte more": lambda forge: forge.with_signature(lambda old: old + b"\0"),
    "signature twice": lambda forge: forge.with_signature(lambda old: old * 2),
    "signature of zeros": lambda forge: forge.with_signature(lambda old: bytes(len(old))),
    "signature with one bit turned": lambda forge: forge.with_signature(lambda old: bytes([old[0] ^ 1]) + old[1:]),
    "signature greater by the order of the group": lambda forge: forge.with_signature(order_added),
    "signature in another spelling": lambda forge: respelt(forge.valid),
    **{
        f"signature followed by {json.dumps(junk)}": _appended(junk)
        for junk in ("=", "==", "====", "!", "A", "AAAA", "\n", " ", "\0", "%3D", "é", ".")
    },
    "signature with a line break inside": lambda forge: f"{forge.valid[:-5]}\n{forge.valid[-5:]}",
    "signature of the payload alone": lambda forge: (
        f"{forge.parts[0]}.{forge.parts[1]}.{forge.sealed(forge.parts[1]).rpartition('.')[2]}"
    ),
    "payload of another token": _payload_of_another,
    "role elevated under the old signature": _elevated,
    "payload in another spelling": _payload_with_spare_bits,
    "payload padded": lambda forge: forge.sealed(f"{forge.parts[0]}.{forge.parts[1]}="),
    "payload followed by junk": lambda forge: forge.sealed(f"{forge.parts[0]}.{forge.parts[1]}!"),
}

_CLAIMS: Mapping[str, Forgery] = {
    **{f"{name} missing": _without(name) for name in CLAIMS},
    **{
        f"{name} {kind}": _claims_with(**{name: value})
        for name in CLAIMS
        for kind, value in ABSURD.items()
        if (name, kind) != ("jti", "a number as text")
    },
    "iss of another shop": _claims_with(iss="https://forger.example"),
    "iss with a slash more": lambda forge: forge.claims_with(iss=f"{forge.issuer}/"),
    "iss in a list": lambda forge: forge.claims_with(iss=[forge.issuer]),
    "aud of another service": _claims_with(aud="another"),
    "aud in a list": lambda forge: forge.claims_with(aud=[forge.audience]),
    "aud in a list with another": lambda forge: forge.claims_with(aud=["another", forge.audience]),
    "sub in braces": lambda forge: forge.claims_with(sub=f"{{{forge.user_id}}}"),
    "sub in capitals": _claims_with(sub="ABCDEFAB-CDEF-4ABC-8DEF-ABCDEFABCDEF"),
    "sub without hyphens": lambda forge: forge.claims_with(sub=forge.user_id.hex),
    "sub as a URN": lambda forge: forge.claims_with(sub=forge.user_id.urn),
    "sub with a line break": lambda forge: forge.claims_with(sub=f"{forge.user_id}\n"),
    "sub in full-width digits": _claims_with(sub="\uff11" * 8 + "-1111-4111-8111-111111111111"),
    "sub no UUID": _claims_with(sub="admin@shop.example"),
    "sub an injection": _claims_with(sub="' OR 1=1 --"),
    "sid in braces": lambda forge: forge.claims_with(sid=f"{{{forge.session_id}}}"),
    "sid without hyphens": lambda forge: forge.claims_with(sid=forge.session_id.hex),
    "jti of 1,000 characters": _claims_with(jti="a" * 1_000),
    **{
        f"role {role}": _claims_with(role=role)
        for role in ("owner", "ADMIN", "Admin", "admin ", "customer,admin", "UserRole.ADMIN", "*")
    },
    "role in a list": _claims_with(role=["admin"]),
    "exp a second ago": _time(-1 - LIFETIME, -1),
    "exp a year ago": _time(-YEAR - LIFETIME, -YEAR),
    "exp in a year": _time(0, YEAR),
    "exp in 11 minutes": _time(0, 11 * MINUTE),
    "a life of 11 minutes, nearly over": _time(-10 * MINUTE, MINUTE),
    "exp before iat": _time(0, -1),
    "exp with iat": _time(0, 0),
    "iat and exp as truth values": _claims_with(iat=False, exp=True),
    "iat in two minutes": _time(2 * MINUTE, 2 * MINUTE + LIFETIME),
    "iat in a year": _time(YEAR, YEAR + LIFETIME),
    "iat and exp before 1970": _claims_with(iat=-LIFETIME - 1, exp=-1),
    "iat and exp beyond every calendar": _claims_with(iat=10**300, exp=10**300 + LIFETIME),
    "exp beyond every calendar": _claims_with(exp=10**300),
    "iat far before every calendar": _claims_with(iat=-(10**300), exp=-(10**300) + LIFETIME),
    "exp a whole number as a fraction": lambda forge: forge.claims_with(exp=float(forge.seconds + MINUTE)),
    "exp as text": lambda forge: forge.claims_with(exp=str(forge.seconds + MINUTE)),
    "iat a whole number as a fraction": lambda forge: forge.claims_with(iat=float(forge.seconds)),
    **{
        f"{name} {text}": _claim_as_json(name, text)
        for name in ("exp", "iat")
        for text in ("NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1E3")
    },
    "exp a number of 1,000 digits": _claim_as_json("exp", "9" * 1_000),
    "a claim more": _claims_with(x="y"),
    "not yet valid": lambda forge: forge.claims_with(nbf=forge.seconds + MINUTE),
    "an identity token's claims": _claims_with(nonce="n", at_hash="h", auth_time=1),
    "a scope more": _claims_with(scope="admin"),
    **{
        f"{name} twice": _claim_twice(name, value)
        for name, value in {"role": "admin", "sub": "11111111-1111-4111-8111-111111111111", "exp": 2**40}.items()
    },
}

_SHAPES: Mapping[str, Forgery] = {
    **{
        f"payload {text.decode()[:20]}": _payload(text)
        for text in (b"null", b"[]", b"{}", b"1", b"true", b'"text"', b"{", b"nonsense", b"NaN", b"[" * 1_400)
    },
    "payload in a list": lambda forge: forge.signed(claims=json.dumps([forge.claims]).encode()),
    "payload inside another object": lambda forge: forge.signed(claims={"claims": forge.claims}),
    "payload JSON in a JSON string": lambda forge: forge.signed(claims=json.dumps(json.dumps(forge.claims)).encode()),
    "payload a token": lambda forge: forge.signed(claims=forge.valid.encode()),
    "payload in UTF-16": lambda forge: forge.signed(claims=json.dumps(forge.claims).encode("utf-16")),
    "payload with a byte order mark": lambda forge: forge.signed(claims=b"\xef\xbb\xbf" + as_json(forge.claims)),
    "payload with bytes that are no UTF-8": _payload(b'{"iss":"\xff\xfe"}'),
    "payload with something behind it": lambda forge: forge.signed(claims=as_json(forge.claims) + b"{}"),
    "payload empty": lambda forge: forge.sealed(f"{forge.parts[0]}."),
    "nothing": lambda _: "",
    **{f"only {text}": _always(text) for text in (".", "..", "...", "null", "undefined", "Bearer", "[object Object]")},
    "header empty": lambda forge: f".{forge.parts[1]}.{forge.parts[2]}",
    "two segments": lambda forge: ".".join(forge.parts[:2]),
    "four segments": lambda forge: f"{forge.valid}.{forge.parts[2]}",
    "four segments with an empty one in front": lambda forge: f".{forge.valid}",
    "five segments, as if encrypted": lambda forge: (
        f"{segment(as_json({**forge.header, 'alg': 'dir', 'enc': 'A256GCM'}))}..AAAA.{forge.parts[1]}.AAAA"
    ),
    "the JSON serialisation": lambda forge: json.dumps(
        dict(zip(("protected", "payload", "signature"), forge.parts, strict=True))
    ),
    "two tokens": lambda forge: f"{forge.valid},{forge.valid}",
    "the scheme twice": lambda forge: f"Bearer {forge.valid}",
    "quoted": lambda forge: f'"{forge.valid}"',
    "percent-encoded": lambda forge: forge.valid.replace(".", "%2E"),
    "standard base64": lambda forge: f"{padded(forge.parts[0])}.{padded(forge.parts[1])}.{padded(forge.parts[2])}=",
    "a space in front": lambda forge: f" {forge.valid}",
    "a tab in front": lambda forge: f"\t{forge.valid}",
    "a line break in front": lambda forge: f"\r\n{forge.valid}",
    "a NUL in front": lambda forge: f"\0{forge.valid}",
    "spaces around the dots": lambda forge: " . ".join(forge.parts),
    "full-width dots": lambda forge: forge.valid.replace(".", "\uff0e"),
    "a Cyrillic letter": lambda forge: forge.valid.replace("e", "\u0435", 1),
    "half a surrogate pair": lambda forge: f"{forge.valid}\ud800",
    "10 kB of one letter": lambda _: "A" * 10_240,
    "10 kB of dots": lambda _: "." * 10_240,
    "10 kB, signed": lambda forge: forge.claims_with(x="y" * 10_240),
    "too long by spaces alone": lambda forge: forge.signed(claims=as_json(forge.claims) + b" " * LONGEST_TOKEN),
    "a refresh token": lambda _: new_secret(),
    "an id": lambda forge: str(forge.session_id),
}

FORGERIES: Mapping[str, Forgery] = {**_ALGORITHMS, **_HEADERS, **_SIGNATURES, **_CLAIMS, **_SHAPES}

TOO_OLD = frozenset({"exp a second ago", "exp a year ago"})
"""Ours in every respect, and no longer valid: these may be told to refresh, all others are told nothing."""
