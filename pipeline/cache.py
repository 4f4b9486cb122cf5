"""Node-local cache of remote files, named by content, bounded, shared by all workers of a node."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline import storage

DEFAULT_GB = 20.0
"""Or SPOTMILL_CACHE_GB."""
IDLE_S = 60.0
"""A file that was opened so recently is left alone even when the cache is full."""


class NodeCache:
    """Files below `root`/files, the least recently used removed when there are too many.

    Several processes may use one folder: a file comes whole by a rename, and one process at a
    time makes room. Who opens a file gets a hard link to it, so that its removal harms nobody.
    """

    def __init__(self, root: Path, limit_bytes: int | None = None) -> None:
        gigabytes = float(os.environ.get("SPOTMILL_CACHE_GB", DEFAULT_GB))
        self.root = root
        self.limit_bytes = int(gigabytes * 1e9) if limit_bytes is None else limit_bytes
        self._files = root / "files"
        self._added = 0

    def fetch(self, uri: str, name: str, sha256: str) -> Path:
        """The local copy of a remote file, downloaded if it is not here.

        Raises `ValueError` where its content has another digest than `sha256`.
        """
        path = self._files / name[:2] / name
        try:
            os.utime(path)  # used just now; file systems do not note it by themselves
            return path
        except FileNotFoundError:
            pass
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            storage.download(uri, path, sha256=sha256)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            self.make_room(self.size() // 2)
            storage.download(uri, path, sha256=sha256)
        self._added += path.stat().st_size
        if self._added > self.limit_bytes / 20:  # looking costs a walk over all files
            self._added = 0
            self.make_room(self.limit_bytes)
        return path

    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for _, size, _ in self._entries())

    def make_room(self, most_bytes: int) -> None:
        """Remove the least recently used files until the rest takes no more than that."""
        with self._alone() as alone:
            if not alone:
                return  # somebody is at it
            entries = sorted(self._entries())
            total, now = sum(size for _, size, _ in entries), time.time()
            for used, size, path in entries:
                if total <= most_bytes or now - used < IDLE_S:
                    break
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
                total -= size

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        for folder in self._files.glob("*"):
            for entry in os.scandir(folder):
                with contextlib.suppress(FileNotFoundError):
                    stat = entry.stat()
                    yield stat.st_mtime, stat.st_size, Path(entry.path)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        with (self.root / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True
