"""Weights on the hub: the files that are fetched to this node, and those that are not."""

from __future__ import annotations

from pathlib import Path

from stages.shared.weights import fetched_files

WEIGHTS = ("*.json", "*/*.safetensors", "*/*.model", "*/*.txt")
"""Files of a hub repository that are fetched: no pickles, no code, and of the safetensors only
those in the components' folders (beside them some owners keep each size as one large file)."""
HALF_COPIES = ("*.fp16.safetensors", "*.bf16.safetensors", "*.non_ema.safetensors")


def fetched(name: str, revision: str | None, more: tuple[str, ...] = ()) -> Path:
    """The folder of a repository's files in the hub's cache of this node, fetched if they are not
    there; `more` are patterns beside `WEIGHTS`. Raises `FileNotFoundError` with what to do.
    """
    return fetched_files(name, revision, (*WEIGHTS, *more), HALF_COPIES)


def fetched_part(part: str) -> Path:
    """The same of "owner/name@commit", a LoRA's or a component's repository."""
    name, _, commit = part.partition("@")
    return fetched(name, commit, ("*.safetensors",))
