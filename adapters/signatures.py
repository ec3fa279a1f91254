"""Texts that nobody else can make."""

import base64
import binascii
import hmac
from collections.abc import Sequence

_MAC_BYTES = 16


class HmacSigner:
    """Implements `domain.carts.quotes.Signer`: signs with the first of several secrets and opens with any."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = keys

    def signed(self, content: bytes) -> str:
        return base64.urlsafe_b64encode(_mac(self._keys[0], content) + content).rstrip(b"=").decode()

    def opened(self, text: str) -> bytes | None:
        try:
            whole = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            return None
        mac, content = whole[:_MAC_BYTES], whole[_MAC_BYTES:]
        return content if any(hmac.compare_digest(mac, _mac(key, content)) for key in self._keys) else None


def _mac(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, "sha256")[:_MAC_BYTES]
