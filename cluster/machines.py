"""The machines of a cluster, added up."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

CPU_MAX = Path("/sys/fs/cgroup/cpu.max")


@dataclass(frozen=True)
class Machines:
    """Cores, GPUs, memory in GiB, and Ray's names of the accelerators there are."""

    cpus: float
    gpus: float
    memory_gb: float
    accelerators: frozenset[str] = frozenset()

    def __str__(self) -> str:
        gpus = f", {self.gpus:g} GPUs" if self.gpus else ", no GPU"
        return f"{self.cpus:g} cores{gpus}, {self.memory_gb:.0f} GiB memory"


def this_machine() -> Machines:
    """This machine's cores and memory. GPUs are Ray's to find."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if platform.system() == "Linux" else os.cpu_count() or 1
    return Machines(cpus=float(min(cores, _quota(CPU_MAX))), gpus=0.0, memory_gb=memory)


def _quota(file: Path) -> int:
    """Whole cores that the container may use (cgroup v2: "<quota> <period>" in us), 1 or more."""
    try:
        quota, period = file.read_text().split()
        return max(1, int(quota) // int(period))
    except (OSError, ValueError):  # no such file, or "max": no limit
        return 1 << 16
