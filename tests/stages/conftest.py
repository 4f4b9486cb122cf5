"""Fixtures of the stages' tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from schemas.layout import FORMATS
from stages.image_to_video import ClipRequest
from stages.shared.picture import write_png

SMALL = replace(FORMATS["9x16"], width_px=216, height_px=384)


@pytest.fixture
def asked(tmp_path: Path) -> ClipRequest:
    """A clip of ten frames of a brown box on white."""
    photo = np.full((320, 320, 3), 255, np.uint8)
    photo[60:280, 90:230] = (150, 60, 40)
    write_png(tmp_path / "photo.png", photo)
    return ClipRequest(
        photo=tmp_path / "photo.png", cutout=None, format=SMALL, layout="hero",
        areas=SMALL.shots["hero"], move="push_in", frames=10, accent="#2f8084", seed=11, shot=1,
        texts={"title": "A box"},
    )  # fmt: skip
