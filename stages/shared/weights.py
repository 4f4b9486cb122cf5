"""Weights on the hub: a repository's files, fetched to this node."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stages.shared.packages import gpu_package


def fetched_files(
    name: str, revision: str | None, patterns: Sequence[str], but: Sequence[str] = ()
) -> Path:
    """The folder of a repository's files in the hub's cache of this node, fetched if they are not
    there: those that match `patterns` and none of `but`. Raises `FileNotFoundError` with what to
    do.
    """
    hub = gpu_package("huggingface_hub", "a model of the hub", "be fetched")
    try:
        found = hub.snapshot_download(
            name, revision=revision, allow_patterns=list(patterns), ignore_patterns=list(but)
        )
    except FileNotFoundError as error:  # offline, and not in the cache
        raise FileNotFoundError(
            f"{name}@{revision} is not on this machine and the hub can't be reached; copy it to a"
            f" folder that can be, and name that as the model ({error})"
        ) from error
    return Path(found)
