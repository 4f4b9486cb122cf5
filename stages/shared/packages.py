"""Packages of the extra [gpu], imported when they are needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def gpu_package(name: str, who: str, why: str) -> Any:
    """Import what only big models need: `who` needs it to do `why`.

    Raises `ImportError` with the command to install it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(
            f"{who} needs {name} to {why}: pip install 'spotmill[gpu]', in a checkout"
            f" pip install -e '.[gpu]' ({error})"
        ) from error
