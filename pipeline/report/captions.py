"""Captions of published spots, read so that a page opened from a disk can show them too."""

from __future__ import annotations

import base64
import html
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pipeline import storage

READERS = 8
LARGEST_BYTES = 64_000


@dataclass(frozen=True)
class Captions:
    """A WebVTT file as a data URL, and its words as plain text.

    Browsers refuse to load a captions file into a page that was opened from a disk; a data URL
    works everywhere.
    """

    url: str
    text: str


def read_captions(uris: list[str]) -> dict[str, Captions]:
    """Captions by URI of the WebVTT file; files that are missing or not captions are left out."""
    with ThreadPoolExecutor(READERS) as readers:
        found = readers.map(_read, uris)
    return {uri: captions for uri, captions in zip(uris, found, strict=True) if captions}


def _read(uri: str) -> Captions | None:
    try:
        content = storage.read_bytes(uri)
    except OSError:
        return None
    if not content.lstrip(b"\xef\xbb\xbf").startswith(b"WEBVTT") or len(content) > LARGEST_BYTES:
        return None
    url = "data:text/vtt;base64," + base64.b64encode(content).decode()
    return Captions(url, _words(content.decode("utf-8", "replace")))


def _words(vtt: str) -> str:
    """The text of all cues, without markup."""
    lines: list[str] = []
    for block in re.split(r"\n\s*\n", vtt.replace("\r\n", "\n")):
        _, arrow, rest = block.partition("-->")
        if arrow:
            lines.extend(rest.split("\n")[1:])
    return html.unescape(re.sub(r"<[^>]*>", "", " ".join(line.strip() for line in lines))).strip()
