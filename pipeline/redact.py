"""Redact: what a URL carries beside its place is a secret as often as not, and is in no record."""

from __future__ import annotations

import re

_URL = re.compile(r"(?P<scheme>\b[A-Za-z][A-Za-z0-9+.-]{0,20}://)(?P<rest>[^\s'\"<>`|]+)")
_PARAMETERS = re.compile(
    r"(?i)\b(X-Amz-[A-Za-z-]+|X-Goog-[A-Za-z-]+|Signature|sig|token|access_key|AWSAccessKeyId)"
    r"=[^\s&'\"<>]+"
)


def redacted(text: str) -> str:
    """`text` with the user, query and fragment of every URL in it left out, and signatures that
    stand alone. Presigned links, and services that take a key in the query, are secrets."""
    if "://" not in text and "=" not in text:
        return text
    return _PARAMETERS.sub(r"\1=...", _URL.sub(_bare, text))


def _bare(found: re.Match[str]) -> str:
    rest = found["rest"]
    place = re.split(r"[?#]", rest, maxsplit=1)[0]
    host, slash, path = place.partition("/")
    mark = "?..." if place != rest else ""
    return f"{found['scheme']}{host.rpartition('@')[2]}{slash}{path}{mark}"
