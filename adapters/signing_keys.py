"""The keys that sign access tokens: secrets for HS256, or PEM files with Ed25519 keys for EdDSA."""

import base64
import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

SHORTEST_SECRET = 32
"""Bytes: RFC 7518, 3.2 asks for as many as the hash of HS256 has."""
LONGEST_FILE = 16_384
"""Bytes; an Ed25519 key in PEM has about 120, an RSA key of 16,384 bits 12,700."""
DERIVED_BYTES = 32
SECRET_FILE = "jwt-secret"  # noqa: S105  (its name)
"""In the home of a shop that was given no secret."""

_KID_LABEL = b"souk access token key id\0"
_KID_LENGTH = 16
_SALT = b"souk derived key"
_NEW_KEY = "make one with `openssl genpkey -algorithm ed25519`"


class BadKey(Exception):
    """Its message is a sentence that names the file, or the folder, and never what is in it."""


class KeyNotKept(BadKey):
    """Nothing is wrong with what was set: a folder is, or its disk."""


@dataclass(frozen=True, slots=True)
class Key:
    """`signing` is None for a key that only verifies; a secret does both."""

    kid: str
    verifying: bytes | Ed25519PublicKey = field(repr=False)
    signing: bytes | Ed25519PrivateKey | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys of one algorithm. The first one signs, all verify: a new key goes in front of the one it replaces."""

    algorithm: Literal["HS256", "EdDSA"]
    keys: tuple[Key, ...]

    @classmethod
    def of_secrets(cls, given: Sequence[str]) -> "KeyRing":
        """HS256 with secrets of SHORTEST_SECRET bytes or more.

        Raises:
            BadKey: there is none, or one is too short or is a key in PEM.
        """
        if not given:
            raise BadKey("There is no secret to sign access tokens with: set JWT_SECRET.")
        return cls("HS256", _once(_of_secret(secret.encode("utf-8", "surrogatepass")) for secret in given))

    @classmethod
    def of_files(cls, files: Sequence[Path]) -> "KeyRing":
        """EdDSA with the Ed25519 keys of PEM files, the first private, the others either.

        Raises:
            BadKey: there is none, or one cannot be read or used.
        """
        keys = [_of_file(file) for file in files]
        if not keys:
            raise BadKey("There is no key file to sign access tokens with: set JWT_PRIVATE_KEY.")
        if keys[0].signing is None:
            raise BadKey(f"The file {files[0]} holds a public key: the first one must be private, because it signs.")
        return cls("EdDSA", _once(keys))

    def derive(self, label: str) -> bytes:
        """DERIVED_BYTES for another use, which tell nothing about the signing key; the same each time for a label."""
        return self.derivations(label)[0]

    def derivations(self, label: str) -> Sequence[bytes]:
        """What `derive` gives for each key that can sign: to read what was written before keys were rotated."""
        return [_derived(key.signing, label) for key in self.keys if key.signing is not None]


def kept_secret(home: Path) -> str:
    """The secret of a shop that was given none, made by whoever needs it first and kept in `home` for its owner alone.

    Raises:
        KeyNotKept: the folder does not let it be read, or kept.
        BadKey: the file holds something else.
    """
    file = home / SECRET_FILE
    try:
        if not file.exists():
            home.mkdir(parents=True, exist_ok=True)
            _keep(file, secrets.token_hex(SHORTEST_SECRET))
        secret = file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError as refused:
        raise KeyNotKept(
            f"The folder {home} cannot keep the secret that signs access tokens ({refused.strerror}): "
            "make it writable, point SOUK_HOME at another one, or set JWT_SECRET."
        ) from refused
    if len(secret.encode()) < SHORTEST_SECRET:
        raise BadKey(f"The file {file} holds no secret of {SHORTEST_SECRET} bytes: delete it, and another one is made.")
    return secret


def _keep(file: Path, secret: str) -> None:
    """A link appears whole and never replaces another: of processes that start together, the first one wins."""
    descriptor, scratch = tempfile.mkstemp(prefix=f"{file.name}.", dir=file.parent)  # readable by its owner alone
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(f"{secret}\n")
            opened.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            file.hardlink_to(scratch)
    finally:
        Path(scratch).unlink()


def _once(keys: Iterable[Key]) -> tuple[Key, ...]:
    """A key that is given again, perhaps as its public half, adds nothing."""
    first: dict[str, Key] = {}
    for key in keys:
        first.setdefault(key.kid, key)
    return tuple(first.values())


def _of_secret(secret: bytes) -> Key:
    if secret.lstrip().startswith((b"-----BEGIN", b"ssh-")):
        raise BadKey("A secret of JWT_SECRET is a key: name its file in JWT_PRIVATE_KEY instead.")
    if len(secret) < SHORTEST_SECRET:
        raise BadKey(f"A secret of JWT_SECRET has {len(secret)} bytes: it needs {SHORTEST_SECRET} or more.")
    return Key(hashlib.sha256(_KID_LABEL + secret).hexdigest()[:_KID_LENGTH], verifying=secret, signing=secret)


def _of_file(file: Path) -> Key:
    key = _loaded(file, _content(file))
    if isinstance(key, Ed25519PrivateKey):
        public = key.public_key()
        return Key(_thumbprint(public), verifying=public, signing=key)
    if isinstance(key, Ed25519PublicKey):
        return Key(_thumbprint(key), verifying=key, signing=None)
    kind = type(key).__name__.removeprefix("_").removesuffix("PrivateKey").removesuffix("PublicKey")
    raise BadKey(f"The file {file} holds a key of another kind ({kind}) than Ed25519: {_NEW_KEY}.")


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(LONGEST_FILE + 1)
    except OSError as refused:
        raise BadKey(f"The key file {file} cannot be read ({refused.strerror}).") from refused
    if len(content) > LONGEST_FILE or b"-----BEGIN " not in content:
        raise BadKey(f"The file {file} holds no key in PEM: {_NEW_KEY}.")
    return content


def _loaded(file: Path, content: bytes) -> object:
    try:
        if b"PRIVATE KEY-----" in content:
            return load_pem_private_key(content, password=None)
        return load_pem_public_key(content)
    except TypeError as encrypted:
        raise BadKey(f"The key in the file {file} is encrypted: keep it without a passphrase.") from encrypted
    except (ValueError, UnsupportedAlgorithm) as unusable:
        raise BadKey(f"The file {file} holds no key in PEM that can be used: {_NEW_KEY}.") from unusable


def _thumbprint(key: Ed25519PublicKey) -> str:
    """As RFC 7638 and RFC 8037 compute it, so that everybody gives the key the same name."""
    x = base64.urlsafe_b64encode(key.public_bytes_raw()).rstrip(b"=").decode()
    members = f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'
    return base64.urlsafe_b64encode(hashlib.sha256(members.encode()).digest()).rstrip(b"=").decode()


def _derived(key: bytes | Ed25519PrivateKey, label: str) -> bytes:
    material = key if isinstance(key, bytes) else key.private_bytes_raw()
    return HKDF(algorithm=SHA256(), length=DERIVED_BYTES, salt=_SALT, info=label.encode()).derive(material)
