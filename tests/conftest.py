"""Fixtures that all rooms share. Media is small, real and made at test time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from pipeline.media import MediaStore, Workspace  # noqa: E402


@pytest.fixture
def store(tmp_path: Path) -> MediaStore:
    """A media store in an empty output folder."""
    return MediaStore(str(tmp_path / "out"), cache=tmp_path / "cache")


@pytest.fixture
def media(store: MediaStore) -> Workspace:
    """What a stage sees of the store, for one spot."""
    with store.workspace() as workspace:
        yield workspace
