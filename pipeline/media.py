"""Media store: every file a stage makes, under its own digest, and every stage's columns, by key.

    media/blobs/<aa>/<sha256>.<ext>      a file, named by its content: "media:<sha256>.<ext>"
    media/stages/<stage>/<aa>/<key>.json what a stage wrote for one spot, named by what made it

A stage's key is looked up first: if its columns are there, the stage is skipped. Because a media
URI is the digest of the content, a stage that ran again and made the same file changes nothing
for those behind it; and because URIs name no place, a store may be moved or copied.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline import reviews, storage
from pipeline.cache import NodeCache
from schemas.asset import Asset
from stages.base import Decision, Published

SCHEME = "media:"


class DamagedMedia(RuntimeError):
    """A file's content is not what its name or its asset's digest says."""


class MediaStore:
    """The media below one output URI. Safe to use from several processes and machines at once."""

    def __init__(self, output: str, cache: Path | None = None) -> None:
        """`output` is the campaign's output URI; `cache` a node-local folder for remote files."""
        self.output = storage.absolute(output)
        self.root = storage.join(self.output, "media")
        self.cache = cache or Path(tempfile.gettempdir()) / f"spotmill-cache-{os.getuid()}"
        self._cached = NodeCache(self.cache)
        self._checked: set[str] = set()

    # Files

    def place(self, uri: str) -> str:
        """Full URI of a media URI."""
        name = uri.removeprefix(SCHEME)
        return storage.join(self.root, "blobs", name[:2], name)

    def put(self, path: Path) -> str:
        """Store a local file; returns its media URI. Storing the same content twice is one file."""
        uri = f"{SCHEME}{storage.sha256_file(path)}{path.suffix.lower()}"
        place = self.place(uri)
        if not storage.commit_file(path, place) and storage.size(place) != path.stat().st_size:
            storage.replace_file(path, place)  # what was there is not what its name says
        return uri

    def open(self, source: str | Asset) -> Path:
        """Local, read-only path of a media URI or an asset, its digest checked once per process."""
        if isinstance(source, Asset):
            return self._open_asset(source)
        if not source.startswith(SCHEME):
            raise ValueError(f"{source!r} is not a media URI; wrap outside files in an Asset")
        name = source.removeprefix(SCHEME)
        try:
            path = self._local(self.place(source), name)
            self._check(path, name.partition(".")[0])
        except DamagedMedia as error:
            storage.remove(self.place(source))
            raise DamagedMedia(f"{error}; it was removed, and the next run makes it anew") from None
        return path

    def _open_asset(self, asset: Asset) -> Path:
        suffix = Path(asset.uri.rstrip("/")).suffix.lower()
        if asset.uri.endswith("/"):
            return self._open_folder(asset)
        path = self._local(asset.uri, asset.sha256 + suffix)
        self._check(path, asset.sha256)
        return path

    def _open_folder(self, asset: Asset) -> Path:
        if storage.is_local(asset.uri):
            path = Path(storage.split(asset.uri)[1])
        else:
            path = self.cache / "folders" / asset.sha256
            if not path.exists():
                part = path.with_name(f"{asset.sha256}.{os.getpid()}.part")
                for file in storage.list_files(asset.uri):
                    storage.download(file, part / file.removeprefix(asset.uri).lstrip("/"))
                try:
                    part.rename(path)
                except OSError:  # another process was first
                    shutil.rmtree(part)
        key = f"{path}/"
        if key not in self._checked and digest_folder(str(path)) != asset.sha256:
            raise DamagedMedia(f"{asset.uri} has changed since the run was planned; run again")
        self._checked.add(key)
        return path

    def _local(self, uri: str, name: str) -> Path:
        if storage.is_local(uri):
            path = Path(storage.split(uri)[1])
            if not path.exists():
                raise FileNotFoundError(f"{uri} is not there")
            return path
        sha256 = name.partition(".")[0]
        try:
            return self._cached.fetch(uri, name, sha256)
        except ValueError as error:
            raise DamagedMedia(str(error)) from None

    def _check(self, path: Path, sha256: str) -> None:
        key = f"{path}:{sha256}"
        if key in self._checked:
            return
        found = storage.sha256_file(path)
        if found != sha256:
            raise DamagedMedia(f"{path} should have sha256 {sha256} but has {found}")
        self._checked.add(key)

    # What stages wrote

    def _receipt(self, stage: str, key: str) -> str:
        return storage.join(self.root, "stages", stage, key[:2], f"{key}.json")

    def recall(self, stage: str, key: str) -> dict[str, Any] | None:
        """What the stage wrote under this key, or None if it has not run."""
        content = storage.read_bytes_or_none(self._receipt(stage, key))
        try:
            return None if content is None else json.loads(content)
        except ValueError:  # half a receipt is none
            return None

    def remember(
        self, stage: str, key: str, written: Mapping[str, Any], *, replace: bool = False
    ) -> bool:
        """Record what a stage wrote, after all its files are stored: the commit of its work.

        False if another worker was first; `replace` puts it over a receipt that is no good.
        """
        content = json.dumps(written, sort_keys=True, separators=(",", ":")).encode()
        place = self._receipt(stage, key)
        if replace:
            storage.replace_bytes(content, place)
            return True
        return storage.commit_bytes(content, place)

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        """The `Media` of one stage for one spot; its scratch folder is removed at the end."""
        with tempfile.TemporaryDirectory(prefix="spotmill-") as folder:
            yield Workspace(self, Path(folder))


class Workspace:
    """`stages.base.Media` over a media store and a scratch folder."""

    def __init__(self, store: MediaStore, folder: Path) -> None:
        self._store, self._folder = store, folder

    def open(self, source: str | Asset) -> Path:
        """See `Media.open`."""
        path = self._store.open(source)
        if not path.is_relative_to(self._store.cache / "files"):
            return path
        own = self._folder / f"opened-{path.name}"
        try:
            os.link(path, own)  # the cache may drop it while the stage works
        except FileExistsError:
            return own
        except OSError:  # another file system
            return path
        return own

    def save(self, path: Path) -> str:
        """See `Media.save`."""
        return self._store.put(path)

    def scratch(self, name: str) -> Path:
        """See `Media.scratch`."""
        return self._folder / name

    def publish(self, uri: str, name: str) -> Published:
        """See `Media.publish`. Committing the same content at the same name again is harmless."""
        if ".." in name.split("/") or name.startswith("/"):
            raise ValueError(f"{name!r} would leave the output folder")
        source = self._store.open(uri)
        place = storage.join(self._store.output, name)
        sha256 = storage.sha256_file(source)
        if not storage.commit_file(source, place):
            there = hashlib.sha256(storage.read_bytes(place)).hexdigest()
            if there != sha256:
                raise DamagedMedia(
                    f"{place} holds other content (sha256 {there}) than was made for this name"
                    f" (sha256 {sha256}); remove it and run again"
                )
        return Published(uri=place, sha256=sha256, bytes=source.stat().st_size)

    def decision(self, spot_id: str, covers: str) -> Decision | None:
        """See `Media.decision`."""
        return reviews.decision(self._store.output, spot_id, covers)


def digest_folder(uri: str) -> str:
    """Digest of a folder: of the sorted relative names of its files and their digests."""
    total = hashlib.sha256()
    filesystem, root = storage.split(uri)
    for path in sorted(filesystem.find(root)):
        name = path[len(root.rstrip("/")) + 1 :]
        with filesystem.open(path, "rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(f"{name}\0{content}\n".encode())
    return total.hexdigest()


def asset(uri: str) -> Asset:
    """The asset of a file, or of a folder if `uri` ends in "/". Raises `FileNotFoundError`."""
    if not storage.exists(uri):
        raise FileNotFoundError(f"{uri} is not there")
    if uri.endswith("/"):
        return Asset(uri=uri, sha256=digest_folder(uri))
    return Asset(uri=uri, sha256=hashlib.sha256(storage.read_bytes(uri)).hexdigest())
