"""Packages of the extra [gpu], imported when they are needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def package(name: str) -> Any:
    """Import what only video models need. Raises `ImportError` with the command to install it."""
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(
            f"the diffusers engine of image_to_video needs {name} to run a video model:"
            f" pip install 'spotmill[gpu]', in a checkout pip install -e '.[gpu]' ({error})"
        ) from error
