"""Asset: a file or folder that a campaign brings, known by where it lies and by its content."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Asset:
    """A file (or, where `uri` ends in "/", a folder) and the digest of its content.

    The key of a stage that reads an asset holds only the digest: the same content at another
    place is the same asset. For a folder the digest covers the relative names and the digests
    of all files in it.
    """

    uri: str
    sha256: str
