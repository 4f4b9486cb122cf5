"""Packages of the extra [gpu], imported when they are needed."""

from __future__ import annotations

from typing import Any

from stages.shared.packages import gpu_package


def package(name: str) -> Any:
    """Import what only video models need. Raises `ImportError` with the command to install it."""
    return gpu_package(name, "the diffusers engine of image_to_video", "run a video model")
