"""The keys of watermarks: the one that comes along, and what may be written down of any."""

from __future__ import annotations

import hashlib

BUILT_IN = "spotmill"
"""The key of campaigns that name none. Anyone may know it, and so find, forge and remove marks."""

LEAST_LENGTH = 16
"""Letters of a key of one's own, at the least."""


def key_id(secret: str) -> str:
    """32 bits that tell one key from another: 8 hex digits. It stands in ledgers and cache keys,
    where the key itself must not."""
    return hashlib.sha256(b"spotmill watermark key id\0" + secret.encode()).hexdigest()[:8]
