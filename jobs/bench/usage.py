"""What a stretch of work takes: CPU seconds and memory, with all processes that it starts."""

from __future__ import annotations

import os
import threading
import time
from types import TracebackType

import psutil  # type: ignore[import-untyped]


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
        own = psutil.Process()
        while not self._over.wait(self._every_s):
            held = 0
            for process in [own, *own.children(recursive=True)]:
                try:
                    held += process.memory_info().rss
                except psutil.Error:  # it has just ended
                    continue
            self.peak_mb = max(self.peak_mb, held / 1e6)


def _cpu_s() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system
