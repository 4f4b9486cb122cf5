"""Looks at what a talking-head program is given: a portrait of one face, a voice that is one."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from stages.base import Reject
from stages.shared.picture import read_picture
from stages.shared.sound import read_sound

LEAST_FACE = 1 / 8
"""Of the portrait's shorter side: below it a mouth has too few pixels to be moved."""
_SHORT_PX = 760
"""The shorter side at which faces are looked for: dlib's detector finds them from 80 px on, a
little less than `LEAST_FACE` of it."""
_SCORE = 0.0
"""Confidence from which a face counts, dlib's own default."""
_SILENT_DB, _CLIPPED_SHARE = -50.0, 0.002
"""Level (95th percentile of 20 ms) below which a voice is silent; share of samples at full scale,
in runs of three or more, above which it is clipped."""

FaceBox = tuple[float, float, float, float]
"""x0, y0, x1, y1 in px."""


def find_faces(picture: np.ndarray, upsample: int = 0) -> list[FaceBox]:
    """Faces in a uint8 RGB picture, by dlib's frontal detector."""
    scale = _SHORT_PX / min(picture.shape[:2])
    sized = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    found, _, _ = _detector().run(np.ascontiguousarray(sized), upsample, _SCORE)
    return [
        (f.left() / scale, f.top() / scale, f.right() / scale, f.bottom() / scale) for f in found
    ]


@functools.cache
def _detector() -> Any:
    """It takes a quarter of a second to make, and no harm by being used again."""
    import dlib  # type: ignore[import-untyped]

    return dlib.get_frontal_face_detector()


def check_portrait(path: Path) -> FaceBox:
    """The face of a portrait. Raises `Reject` for no face, several, or a small one."""
    picture = read_picture(path)
    faces = find_faces(picture) or find_faces(picture, upsample=1)
    if not faces:
        raise Reject(
            "portrait_no_face",
            "No face was found in the portrait; take one that looks into the camera.",
        )
    if len(faces) > 1:
        raise Reject(
            "portrait_several_faces",
            f"The portrait shows {len(faces)} faces; crop it to one.",
        )
    x0, y0, x1, y1 = faces[0]
    side, short = min(x1 - x0, y1 - y0), min(picture.shape[:2])
    if side < LEAST_FACE * short:
        raise Reject(
            "portrait_face_too_small",
            f"The portrait's face is {side:.0f} px of {short} px; crop closer, to"
            f" {LEAST_FACE * short:.0f} px at least.",
        )
    return faces[0]


def check_voice(path: Path) -> None:
    """Raises `Reject` for a voice that is silent or clipped: lips would follow what nobody said."""
    samples = read_sound(path, 48_000)
    blocks = samples[: len(samples) // 960 * 960].reshape(-1, 960)
    level = np.sqrt((blocks.astype(np.float64) ** 2).mean(axis=1)) if len(blocks) else np.zeros(1)
    loud_db = 20 * np.log10(max(float(np.percentile(level, 95)), 1e-9))
    if loud_db < _SILENT_DB:
        raise Reject("voice_silent", f"The voice is silent ({loud_db:.0f} dBFS at its loudest).")
    full = np.abs(samples) >= 0.999
    runs = full[2:] & full[1:-1] & full[:-2]
    if runs.mean() > _CLIPPED_SHARE:
        raise Reject(
            "voice_clipped",
            f"The voice is clipped: {runs.mean():.1%} of its samples are stuck at full scale.",
        )
