"""The machines of a cluster, added up."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass


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
    return Machines(cpus=float(cores), gpus=0.0, memory_gb=memory)
