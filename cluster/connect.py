"""Connecting to Ray: the cluster of the job we are in, a named one, or one on this machine."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cluster.machines import Machines, this_machine

ROOT = Path(__file__).resolve().parent.parent


def connect(address: str | None = None) -> Machines:
    """Join `address` (or RAY_ADDRESS, set inside `ray job submit`), else start Ray here.

    A local Ray listens on loopback only and is never another's that happens to run. Returns the
    cluster's machines.
    """
    address = address or os.environ.get("RAY_ADDRESS")
    if not address:
        # Without it every one of Ray's servers listens on all interfaces.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        # Ray Data's pools make it print an alarm about arguments for every actor (ray#53727).
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    import ray

    if not ray.is_initialized():
        if not address:
            _on_loopback_even_if_imported_before()
        with _stderr_without("Set ray log level from environment variable"):
            ray.init(**(_join(address) if address else _start_here()))
    return cluster_machines()


def _on_loopback_even_if_imported_before() -> None:
    """Ray reads the variable once, when it is imported; this is what it keeps of it."""
    from ray._private import ray_constants

    if os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] == "0":
        ray_constants.ENABLE_RAY_CLUSTER = False


@contextmanager
def _stderr_without(line: str) -> Iterator[None]:
    """Keep back lines of native code that say nothing to anybody; all others come after."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            caught.seek(0)
            for one in caught:
                if line.encode() not in one:
                    os.write(2, one)


def cluster_machines() -> Machines:
    """What the connected cluster has in all."""
    import ray

    found = ray.cluster_resources()
    accelerators = (
        name.partition(":")[2] for name in found if name.startswith("accelerator_type:")
    )
    return Machines(
        cpus=float(found.get("CPU", 0)),
        gpus=float(found.get("GPU", 0)),
        memory_gb=float(found.get("memory", 0)) / 2**30,
        accelerators=frozenset(accelerators),
    )


def _join(address: str) -> dict[str, Any]:
    return {"address": address, "logging_level": logging.ERROR, "log_to_driver": False}


def _start_here() -> dict[str, Any]:
    machine = this_machine()
    return {
        "address": "local",
        "num_cpus": int(machine.cpus),
        "include_dashboard": False,
        "logging_level": logging.ERROR,
        "log_to_driver": False,
        # Rows are small; media never enter the object store.
        "object_store_memory": 256 * 2**20,
        "runtime_env": {"env_vars": {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}},
    }
