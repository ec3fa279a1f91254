"""Stores what only the one who asked for it may read again."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class Sealer:
    """Seals with the first of several secrets of 32 bytes and opens with any, so that they can be exchanged.

    Every seal has a key of its own, made of the secret and of a context that is stored nowhere. So neither the
    database nor the secret is enough to open one.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ValueError("a secret is needed to seal with")
        self._keys = keys

    def fingerprint(self, context: bytes) -> bytes:
        """What tells contexts apart without telling anything about them."""
        return _derived(self._keys[0], b"fingerprint", context)

    def knows(self, fingerprint: bytes, context: bytes) -> bool:
        """Whether it is the context's, also when it was made with a former secret."""
        made = (_derived(key, b"fingerprint", context) for key in self._keys)
        return any(hmac.compare_digest(one, fingerprint) for one in made)

    def seal(self, context: bytes, content: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(_derived(self._keys[0], b"seal", context)).encrypt(nonce, content, None)

    def opened(self, context: bytes, sealed: bytes) -> bytes | None:
        """None when it was sealed in another context, or with a secret that is no longer there."""
        nonce, encrypted = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        for key in self._keys:
            try:
                return AESGCM(_derived(key, b"seal", context)).decrypt(nonce, encrypted, None)
            except (InvalidTag, ValueError):  # the latter of what is too short to be a seal
                continue
        return None


def _derived(key: bytes, use: bytes, context: bytes) -> bytes:
    return hmac.digest(key, use + b"\0" + hashlib.sha256(context).digest(), "sha256")
