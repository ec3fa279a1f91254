"""UUIDs of version 7 (RFC 9562): ordered by time, so that new rows land at the end of every index."""

import secrets
import time
from uuid import UUID

_RANDOM_BITS = 74


def uuid7(milliseconds: int | None = None) -> UUID:
    """A fresh id; `milliseconds` since 1970 stand in its upper 48 bits (now, unless given)."""
    stamp = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    random = secrets.randbits(_RANDOM_BITS)
    return UUID(int=stamp << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & (1 << 62) - 1)
