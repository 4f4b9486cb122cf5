"""What identifies a spot's content: the number that its watermark carries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def watermark_payload(content: Mapping[str, Any]) -> int:
    """48 bits of the SHA-256 of `content` as canonical JSON, assets by their digest alone."""
    text = json.dumps(_plain(content), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        inner = {str(key): _plain(item) for key, item in value.items()}
        return {"sha256": inner["sha256"]} if inner.get("sha256") else inner
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value
