"""Digests of input files: computed once per version of a file, remembered between plans."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import storage
from pipeline.web.files import WebFiles, not_here
from pipeline.web.link import is_web
from schemas.asset import Asset

LISTED_FROM = 50
"""Files asked for one by one before their folder is listed whole: a listing of a million costs
a thousand requests, and so do a thousand files."""

THREADS = 16
"""New files are read by so many: of an object store each takes tens of milliseconds."""

_SCHEMA = pa.schema([("uri", pa.string()), ("version", pa.string()), ("sha256", pa.string())])


class AssetDigests:
    """Versions and digests of files by URI. A version is what a listing tells (ETag, or the time of
    the last write; and the size): only where it has changed is the file read again.
    """

    def __init__(self, output: str | None = None, web: WebFiles | None = None) -> None:
        """With an `output` the digests of earlier plans are read from there, and `save` works.
        Without `web` every link to the web is refused."""
        self.web = web
        self._place = storage.join(output, "plan", "assets.parquet") if output else None
        self._digests: dict[str, tuple[str, str]] | None = None
        self._versions: dict[str, str | None] = {}
        self._folders: dict[str, dict[str, str]] = {}
        self._asked: dict[str, int] = {}
        self._new = False

    def version(self, uri: str) -> str | None:
        """A text that changes when the file does; None where there is no such file.

        What was asked once is not asked again: a plan sees one moment.
        """
        if is_web(uri):
            return self.web.version(uri) if self.web else None
        folder, _, name = uri.rpartition("/")
        if folder in self._folders:
            return self._folders[folder].get(name)
        if uri not in self._versions:
            self._asked[folder] = self._asked.get(folder, 0) + 1
            if self._asked[folder] > LISTED_FROM:
                self._folders[folder] = storage.versions(folder)
                return self._folders[folder].get(name)
            try:
                self._versions[uri] = storage.version(uri)
            except (OSError, ValueError, TypeError, ImportError) as error:
                if storage.is_away(error):  # or every product would lose its picture
                    raise
                self._versions[uri] = None  # no such file, or a name that no file can have
        return self._versions[uri]

    def refresh(self, uris: Collection[str]) -> None:
        """Ask for those that lie on the web, if it is time, many at once."""
        if self.web is not None and (links := [uri for uri in uris if is_web(uri)]):
            self.web.refresh(links)

    def from_web(self, link: str) -> Asset:
        """A file on the web, in the store. Raises `LinkRefused`, with a reason."""
        if self.web is None:
            raise not_here(link)
        return self.web.asset(link)

    def digest(self, uri: str) -> str:
        """sha256 of the file, as hex. Raises what storage does, `FileNotFoundError` for no file."""
        if self._digests is None:
            self._digests = self._load()
        version = self.version(uri)
        known = self._digests.get(uri)
        if version is not None and known is not None and known[0] == version:
            return known[1]
        sha256 = hashlib.sha256(storage.read_bytes(uri)).hexdigest()
        if version is not None:
            self._digests[uri] = (version, sha256)
            self._new = True
        return sha256

    def digests(self, uris: Collection[str]) -> dict[str, str]:
        """Digests of those of the files that can be read; new ones by many threads at once."""
        if self._digests is None:
            self._digests = self._load()
        known = {}
        uris = [uri for uri in uris if not is_web(uri)]
        for uri in uris:
            version, digest = self._digests.get(uri, (None, ""))
            if version is not None and self.version(uri) == version:
                known[uri] = digest
        new = [uri for uri in uris if uri not in known and self.version(uri) is not None]
        if len(new) > 1:
            with ThreadPoolExecutor(THREADS) as threads:
                found = list(threads.map(self._digest_or_none, new))
        else:
            found = [self._digest_or_none(uri) for uri in new]
        return known | {u: digest for u, digest in zip(new, found, strict=True) if digest}

    def _digest_or_none(self, uri: str) -> str | None:
        try:
            return self.digest(uri)
        except Exception:  # who needs it asks for it, and is told
            return None

    def save(self) -> None:
        """Remember the digests, and what lay on the web, for the next plan."""
        if self.web is not None:
            self.web.save()
        if self._place is None or not self._new or self._digests is None:
            return
        columns: list[Any] = [
            list(self._digests),
            [version for version, _ in self._digests.values()],
            [sha256 for _, sha256 in self._digests.values()],
        ]
        buffer = io.BytesIO()
        pq.write_table(pa.table(columns, schema=_SCHEMA), buffer, compression="zstd")
        storage.replace_bytes(buffer.getvalue(), self._place)

    def _load(self) -> dict[str, tuple[str, str]]:
        content = storage.read_bytes_or_none(self._place) if self._place else None
        if content is None:
            return {}
        table = pq.read_table(io.BytesIO(content), partitioning=None)
        columns = (table[name].to_pylist() for name in _SCHEMA.names)
        return {uri: (version, sha256) for uri, version, sha256 in zip(*columns, strict=True)}
