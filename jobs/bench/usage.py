"""What a stretch of work takes: CPU seconds and memory, with all processes that it starts."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from types import TracebackType


class Usage:
    """`with Usage() as used: ...`: `cpu_s` of this process and its ended children, `wall_s`, and
    `peak_mb`, the most memory held at once by this process and everything below it."""

    def __init__(self, every_s: float = 0.05) -> None:
        self.cpu_s = self.wall_s = self.peak_mb = 0.0
        self._every_s = every_s
        self._over = threading.Event()

    def __enter__(self) -> Usage:
        """Begin."""
        self._begun = time.monotonic(), _cpu_s()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """End, and keep what was used."""
        self.wall_s = time.monotonic() - self._begun[0]
        self.cpu_s = _cpu_s() - self._begun[1]
        self._over.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._over.wait(self._every_s):
            self.peak_mb = max(self.peak_mb, _held_mb())


def _held_mb() -> float:
    """Memory of this process and of all below it, as /proc tells (Linux; 0 elsewhere)."""
    parents, pages = {}, {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        parents[int(entry.name)], pages[int(entry.name)] = int(fields[1]), int(fields[21])
    own = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in own} - own:
        own |= more
    return sum(pages.get(pid, 0) for pid in own) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _cpu_s() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system
