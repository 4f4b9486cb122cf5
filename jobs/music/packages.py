"""Packages of the extra [gpu], imported when a bed is made."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def package(name: str) -> Any:
    """Import what only generated music needs. Raises `ImportError` with the command to install."""
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(
            f"making a music bed needs {name}: pip install 'spotmill[gpu]', in a checkout"
            f" pip install -e '.[gpu]' ({error})"
        ) from error
